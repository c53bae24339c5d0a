"""Taking keys out of a file that other programs read too, once they are stored."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from shellint.config_edit import edit_config
from shellint.config_file import read_limited
from shellint.errors import ConfigError
from shellint.importers.aws_credentials import KeyFile, without_keys
from shellint.importers.haul import Found
from shellint.paths import replace_file, sweep_temporary
from shellint.rc_file import obstacle

__all__ = ["backups_of", "check_scrub", "scrub"]

_SUFFIX = ".before-import"


def check_scrub(file: KeyFile, keys: Collection[Found]) -> None:
    """Raise ConfigError where `scrub` would, so that it is known before anything is stored."""
    if reason := obstacle(file.path):
        # Under a second name, say, the keys would stay where they are.
        raise ConfigError(f"{file.path} {reason}, so nothing was taken out of it", "take the keys out by hand")
    without_keys(read_limited(file.path), file, keys)


def scrub(file: KeyFile, keys: Collection[Found]) -> Path | None:
    """Take `keys` out of a file and return where it is kept as it was before (0600); None when there was none in it.

    The copy is on the disk before the file is replaced, and the file is replaced in one step: whatever ends the
    program, each key is in one of them. Raises ConfigError; the file is then what it was.
    """
    kept: list[Path] = []

    def edit(before: bytes) -> bytes:
        # What a killed run was writing, keys and all, is no longer needed by anybody.
        sweep_temporary(file.path)
        after = without_keys(before, file, keys)
        if after != before:
            kept.append(_keep(file.path, before))
        return after

    edit_config(file.path, edit)
    return kept[-1] if kept else None


def backups_of(path: Path) -> list[Path]:
    """Return the copies that are there of a file as it was before keys were taken out of it."""
    return list(itertools.takewhile(os.path.lexists, _names(path)))


def _keep(path: Path, data: bytes) -> Path:
    """Write a copy under a name that is free, or return the one that is the same already."""
    backup = next(each for each in _names(path) if not os.path.lexists(each) or _holds(each, data))
    sweep_temporary(backup)
    if not os.path.lexists(backup):
        replace_file(backup, data)
    return backup


def _holds(file: Path, data: bytes) -> bool:
    return file.is_file() and read_limited(file) == data


def _names(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}{_SUFFIX}")
    for number in itertools.count(2):
        yield path.with_name(f"{path.name}{_SUFFIX}-{number}")
