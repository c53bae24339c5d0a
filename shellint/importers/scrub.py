"""Taking keys out of a file that other programs read too, once they are stored; and the copies that are left of it."""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from shellint.config_edit import edit_config
from shellint.config_file import read_limited
from shellint.errors import ConfigError
from shellint.importers.aws_credentials import KeyFile, read_keys, without_keys
from shellint.importers.haul import Found, Haul
from shellint.paths import replace_file
from shellint.rc_file import backup_of, obstacle

__all__ = ["backups_of", "check_scrub", "scrub", "secret_lines"]

_SUFFIX = ".before-import"
# Commented out too: it is as good a key as any.
_SECRET = re.compile(rb"aws_secret_access_key\s*[=:]\s*\S", re.IGNORECASE)


def check_scrub(file: KeyFile, keys: Collection[Found]) -> None:
    """Raise ConfigError where `scrub` would, so that it is known before anything is stored."""
    if not (reason := obstacle(file.path)) and not os.access(file.path.parent, os.W_OK):
        reason = "is in a directory that is write-protected"
    if reason:
        # Under a second name, say, the keys would stay where they are.
        raise ConfigError(f"{file.path} {reason}, so nothing was taken out of it", "take the keys out by hand")
    without_keys(read_limited(file.path), file, keys)


def scrub(file: KeyFile, keys: Collection[Found]) -> bool:
    """Take `keys` out of a file, and remove what a killed run was writing; tell whether there was one of them in it.

    What was in it stays beside it (0600, `backups_of`). That is on the disk before the file is replaced, and the file
    is replaced in one step: whatever ends the program, each key is in one of them. Raises ConfigError; the file is then
    what it was.
    """
    if not keys and not _unfinished(file.path):
        return False

    def edit(before: bytes) -> bytes:
        for stale in _unfinished(file.path):
            with contextlib.suppress(OSError):
                stale.unlink()
        after = without_keys(before, file, keys)
        if after != before:
            _keep(file.path, before)
        return after

    return edit_config(file.path, edit)


def backups_of(file: KeyFile) -> list[tuple[Path, Haul]]:
    """Return the copies beside a file that have keys, the oldest first, and what is in each.

    Also the one that stays when a profile is written there (`rc_file.backup_of`). One that cannot be read or
    understood counts, as if it had none: what is in it is not known.
    """
    found = []
    for path in (*_kept(file.path), backup_of(file.path)):
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISREG(path.lstat().st_mode):
                haul = _contents(replace(file, path=path))
                if haul != Haul():
                    found.append((path, haul))
    return found


def secret_lines(path: Path) -> list[int]:
    """Return the lines of a file, counted from 1, that have a secret key, whatever it is worth there."""
    return [number for number, line in enumerate(read_limited(path).splitlines(), 1) if _SECRET.search(line)]


def _contents(file: KeyFile) -> Haul:
    try:
        return read_keys(file)
    except ConfigError as error:
        return Haul(left=(error.what,))


def _kept(path: Path) -> list[Path]:
    """Return what is there of the names that a copy can have: one that was deleted hides none of the others."""
    name = re.compile(re.escape(path.name + _SUFFIX) + r"(?:-(\d{1,9}))?")
    with contextlib.suppress(OSError):
        matches = [match for each in path.parent.iterdir() if (match := name.fullmatch(each.name))]
        return [path.with_name(match[0]) for match in sorted(matches, key=lambda match: int(match[1] or 1))]
    return []


def _keep(path: Path, data: bytes) -> None:
    """Write a copy under a name that is free, unless there is one already."""
    backup = next(each for each in _names(path) if not os.path.lexists(each) or _holds(each, data))
    if os.path.lexists(backup):
        return
    try:
        replace_file(backup, data)
    except OSError as error:
        raise ConfigError(
            f"no copy of {path} can be kept beside it ({error.strerror}), so nothing was taken out of it",
            "free some space, or make its directory writable",
        ) from None


def _holds(file: Path, data: bytes) -> bool:
    with contextlib.suppress(ConfigError):
        return file.is_file() and not file.is_symlink() and read_limited(file) == data
    return False


def _names(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}{_SUFFIX}")
    for number in itertools.count(2):
        yield path.with_name(f"{path.name}{_SUFFIX}-{number}")


def _unfinished(path: Path) -> set[Path]:
    """Return what killed runs were writing: the file, where it really is, and its copies, beside its link."""
    places = (path, Path(os.path.realpath(path)))
    return {stale for each in places for stale in each.parent.glob(f".{glob.escape(each.name)}.*.tmp")}
