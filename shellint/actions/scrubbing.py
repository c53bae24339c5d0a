"""What `import --scrub` does once the keys are stored: out of the files with them, and away with what is a copy.

Each is a sequence of lines, said as it happens: what was done before a failure is done, and has to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from shellint.errors import ConfigError, Interrupted, NeedsHuman
from shellint.importers.aws_credentials import KeyFile, read_keys
from shellint.importers.haul import Found, Haul
from shellint.importers.scrub import backups_of, scrub, secret_lines
from shellint.rc_file import obstacle
from shellint.terminal import Human

__all__ = ["IsStored", "delete_spent", "scrub_files"]

IsStored: TypeAlias = Callable[[Found], bool]
_LINES = 8


def scrub_files(
    files: Sequence[tuple[KeyFile, Collection[Found]]], human: Human, is_stored: IsStored, *, yes: bool
) -> Iterator[str]:
    """Take the keys out of the files, and offer to delete each copy, also those that former runs left.

    A file that fails keeps its keys, and does not keep the others from being scrubbed. A copy is offered when all its
    keys are stored or still in a file, and never with `yes`: it is there for the case that something is amiss, which
    only a person can tell. Raises ConfigError at the end.
    """
    failures = []
    for file, keys in files:
        try:
            if scrub(file, keys):
                yield f"their keys are out of {file.path}: programs that took them from it get them by `vault use` now"
            if numbers := secret_lines(file.path):
                yield f"{file.path} still has secret keys in plain text: {_lines(numbers)}"
        except ConfigError as error:
            failures.append(error)
            yield f"nothing was taken out of {file.path}"
    lying = {(each.profile, each.key) for file, _ in files for each in _keys_in(file)}
    backups = dict(backup for file, _ in files for backup in backups_of(file))  # both may be one file
    for backup, haul in backups.items():
        only = [each.profile for each in haul.keys if (each.profile, each.key) not in lying and not is_stored(each)]
        if only:
            yield f"{backup} has keys in plain text that are nowhere else: {', '.join(dict.fromkeys(only))}"
        elif not yes and _may_go(human, backup):
            yield from _delete(backup, failures)
        else:
            yield f"{backup} still has them in plain text: delete it when all is well"
    if failures:
        raise failures[0]


def delete_spent(path: Path, haul: Haul, human: Human, is_stored: IsStored, *, yes: bool) -> Iterator[str]:
    """Delete a file that had nothing but the keys of `haul`, when all are stored and the person agrees, or `yes`.

    Raises ConfigError when it cannot be deleted, NeedsHuman when nobody is there to agree.
    """
    still = f"{path} still has keys in plain text"
    reason = "is a link" if path.is_symlink() else obstacle(path)
    failures: list[ConfigError] = []
    if haul.left or not all(map(is_stored, haul.keys)):
        yield f"{still}, and is not deleted: not all that it has is stored"
    elif reason:
        yield f"{still}, and is not deleted: it {reason}"
    else:
        try:
            agreed = yes or human.confirm(_question(path))
        except NeedsHuman as error:
            yield still
            raise NeedsHuman(error.what, "--yes answers it") from None
        except Interrupted:
            agreed = False
        yield from _delete(path, failures) if agreed else [f"{still}: delete it when all is well"]
    if failures:
        raise failures[0]


def _delete(path: Path, failures: list[ConfigError]) -> Iterator[str]:
    try:
        path.unlink(missing_ok=True)
        yield f"{path} is deleted"
    except OSError as error:
        failures.append(ConfigError(f"cannot delete {path}: {error.strerror}", "delete it by hand"))
        yield f"{path} still has keys in plain text"


def _may_go(human: Human, backup: Path) -> bool:
    try:
        return human.confirm(_question(backup))
    except (NeedsHuman, Interrupted):
        return False  # it can wait, and all else is done


def _question(path: Path) -> str:
    return f"Delete {path}, which still has the keys in plain text?"


def _keys_in(file: KeyFile) -> tuple[Found, ...]:
    try:
        return read_keys(file).keys
    except ConfigError:
        return ()


def _lines(numbers: list[int]) -> str:
    more = f" and {len(numbers) - _LINES} more" if len(numbers) > _LINES else ""
    return f"line{'s'[: len(numbers) > 1]} {', '.join(map(str, numbers[:_LINES]))}{more}"
