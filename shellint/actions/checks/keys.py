"""Where long-term keys are: in the store, which has to open, and where they should not be."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from shellint.actions.checks.finding import Finding
from shellint.actions.store import opens_unasked
from shellint.errors import StoreError
from shellint.importers.aws_credentials import key_files, read_keys
from shellint.importers.aws_vault_file import key_names, keyring_directory
from shellint.importers.aws_vault_secret_service import collection_name, has_collection
from shellint.importers.scrub import backups_of
from shellint.request import Request
from shellint.rotation import KIND
from shellint.terminal import NoHuman

__all__ = ["check_aws_vault", "check_plain_keys", "check_rotations", "check_store"]


def check_store(request: Request) -> Iterator[Finding]:
    """Tell whether the store opens, without asking anybody."""
    found = request.store.describe()
    if found is None:
        yield Finding("ok", "there is none yet; `vault add PROFILE` or `vault import` makes one")
        return
    opens, why = opens_unasked(request)
    where = f"{request.store.path}, guarded by {f'the {found.keychain}' if found.keychain else 'a passphrase'}"
    if opens is False:
        yield Finding("wrong", f"{where}, does not open: {why.removeprefix('no: ')}", "see: vault store status")
    else:
        yield Finding("ok", f"{where}, opens {why}".rstrip())


def check_rotations(request: Request) -> Iterator[Finding]:
    """Tell of rotations that were broken off."""
    for name in request.store.names(KIND):
        yield Finding(
            "wrong", f"the rotation of the key of {name} is not finished", f"`vault rotate {shlex.quote(name)}`"
        )


def check_plain_keys(request: Request) -> Iterator[Finding]:
    """Tell of long-term keys in plain text."""
    for file in key_files(request.paths):
        if names := list(dict.fromkeys(each.profile for each in read_keys(file).keys)):
            text = f"{file.path} has the keys of {_shortened(names)} in plain text"
            yield Finding("wrong", text, "`vault import --scrub` stores them and takes them out")
        for backup, _ in backups_of(file):
            yield Finding("wrong", f"{backup} still has keys in plain text", "delete it when all is well")


def check_aws_vault(request: Request) -> Iterator[Finding]:
    """Tell of keys that aws-vault has and the store has not."""
    todo = "`vault import --from aws-vault` stores them here too"
    directory = keyring_directory(request.env)
    missing = sorted(set(key_names(directory)) - set(request.store.names("key")))
    if missing:
        yield Finding("advice", f"aws-vault has the keys of {_shortened(missing)} in {directory}", todo)
    try:
        if has_collection(request.env, NoHuman()):
            name = collection_name(request.env)
            yield Finding("advice", f"aws-vault has a collection {name} in the Secret Service", todo)
    except StoreError as error:
        yield Finding("skipped", f"whether aws-vault has keys on this desktop is not known: {error.what}")


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
