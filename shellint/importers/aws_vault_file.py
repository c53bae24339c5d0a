"""aws-vault's `file` keyring: a directory with one file for each item, sealed with a passphrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from shellint.config_file import read_limited
from shellint.errors import ConfigError, StoreLocked
from shellint.importers.aws_vault_item import is_key, key_of
from shellint.importers.haul import Found, Haul, haul_of
from shellint.importers.jwe import Jwe, WrongPassphraseError, open_jwe, read_jwe
from shellint.origin import Origin
from shellint.paths import from_home, home_directory
from shellint.terminal import Human, answered_by

__all__ = ["key_names", "keyring_directory", "read_directory"]

_VARIABLE = "AWS_VAULT_FILE_PASSPHRASE"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    file: Path
    jwe: Jwe


def keyring_directory(env: Mapping[str, str]) -> Path:
    """Return where the files are, as aws-vault has it."""
    return from_home(env.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys/", home_directory(env))


def key_names(directory: Path) -> list[str]:
    """Return the names of the profiles whose long-term keys are in a directory; needs no passphrase."""
    return [thing.name for thing in _things(directory) if isinstance(thing, _Item)]


def read_directory(directory: Path, env: Mapping[str, str], human: Human) -> Haul:
    """Return the keys in a directory; the passphrase is AWS_VAULT_FILE_PASSPHRASE, else it is asked for.

    aws-vault compares no item's passphrase with another's, so there may be several: what the one that opens something
    does not open is left, and so is a file that is no item. Raises StoreLocked when it opens nothing.
    """
    things = list(_things(directory))
    items = [thing for thing in things if isinstance(thing, _Item)]
    left = tuple(thing for thing in things if isinstance(thing, str))
    if not items:
        return Haul(left=left)
    for passphrase in _passphrases(directory, env, human):
        opened = [_opened(item, passphrase) for item in items]
        if any(opened):
            others = (item.file for item, each in zip(items, opened, strict=True) if each is None)
            left += tuple(f"{file} is left there: another passphrase opens it" for file in others)
            return haul_of([each for each in opened if each is not None]) + Haul(left=left)
    raise StoreLocked(
        f"the passphrase does not open what aws-vault keeps in {directory}", "try again with the right one"
    )


def _things(directory: Path) -> Iterator[_Item | str]:
    """Return the items that are long-term keys, and for any file that is no item the line that says so."""
    try:
        files = sorted(file for file in directory.iterdir() if file.is_file())
    except OSError:
        return
    for file in files:
        if is_key(name := unquote(file.name)):
            try:
                yield _Item(name, file, read_jwe(read_limited(file)))
            except ConfigError as error:
                yield f"{file} is left there: {error.what}"
            except ValueError as error:
                yield f"{file} is left there: it is none of aws-vault's: {error}"


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


def _opened(item: _Item, passphrase: bytes) -> Found | str | None:
    """Return what is in a file; None when the passphrase is not the one of this file."""
    try:
        return key_of(item.name, open_jwe(item.jwe, passphrase), Origin(str(item.file)))
    except WrongPassphraseError:
        return None
    except ValueError as error:
        return f"{item.file} is left there: {error}"
