"""aws-vault's `file` keyring: a directory with one file for each item, sealed with a passphrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from shellint.config_file import read_limited
from shellint.errors import StoreLocked
from shellint.importers.aws_vault_item import is_key, key_of
from shellint.importers.haul import Found, Haul, haul_of
from shellint.importers.jwe import WrongPassphraseError, open_jwe
from shellint.origin import Origin
from shellint.paths import from_home, home_directory
from shellint.terminal import Human, answered_by

__all__ = ["key_names", "keyring_directory", "read_directory"]

_VARIABLE = "AWS_VAULT_FILE_PASSPHRASE"
_TRIES = 3


def keyring_directory(env: Mapping[str, str]) -> Path:
    """Return where the files are, as aws-vault has it."""
    return from_home(env.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys/", home_directory(env))


def key_names(directory: Path) -> dict[str, Path]:
    """Return the files that are long-term keys by the names of their profiles; needs no passphrase."""
    try:
        files = sorted(file for file in directory.iterdir() if file.is_file())
    except OSError:
        return {}
    return {name: file for file in files if is_key(name := unquote(file.name))}


def read_directory(directory: Path, env: Mapping[str, str], human: Human) -> Haul:
    """Return the keys in a directory; the passphrase is AWS_VAULT_FILE_PASSPHRASE, else it is asked for.

    aws-vault compares no item's passphrase with another's, so there may be several: what the one that opens something
    does not open is left. Raises StoreLocked when it opens nothing.
    """
    tokens = {name: (file, read_limited(file)) for name, file in key_names(directory).items()}
    if not tokens:
        return Haul()
    for passphrase in _passphrases(directory, env, human):
        opened = [_opened(name, file, token, passphrase) for name, (file, token) in tokens.items()]
        if any(opened):
            others = (file for each, (file, _) in zip(opened, tokens.values(), strict=True) if each is None)
            left = tuple(f"{file} is left there: another passphrase opens it" for file in others)
            return haul_of([each for each in opened if each is not None]) + Haul(left=left)
    raise StoreLocked(
        f"the passphrase does not open what aws-vault keeps in {directory}", "try again with the right one"
    )


def _passphrases(directory: Path, env: Mapping[str, str], human: Human) -> Iterator[bytes]:
    if _VARIABLE in env:  # empty too: aws-vault takes that for a passphrase
        yield env[_VARIABLE].encode(errors="surrogateescape")
        return
    for attempt in range(_TRIES):
        if attempt:
            human.say("wrong passphrase, once more")
        with answered_by(f"run it in a terminal, or give it in {_VARIABLE}"):
            passphrase = human.ask_secret(f"Passphrase of aws-vault's {directory}")
        yield passphrase.encode(errors="surrogateescape")


def _opened(name: str, file: Path, token: bytes, passphrase: bytes) -> Found | str | None:
    """Return what is in a file; None when the passphrase is not the one of this file."""
    try:
        return key_of(name, open_jwe(token, passphrase), Origin(str(file)))
    except WrongPassphraseError:
        return None
    except ValueError as error:
        return f"{file} is left there: {error}"
