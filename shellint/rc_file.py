"""A start-up file of the person's: whether it may be written, and writing it with a copy of what was there before."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from shellint.paths import replace_file

__all__ = ["backup_of", "obstacle", "read", "restore", "write"]


def read(path: Path) -> bytes:
    """Return what is in the file; nothing when there is none. Raises OSError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def obstacle(path: Path) -> str | None:
    """Say why the file is not to be written: its owner, or whatever manages it, did not mean it to be. None: it is.

    Nothing is tried: a rename would replace a write-protected file without a word.
    """
    target = path.resolve()
    try:
        found = target.stat()
    except FileNotFoundError:
        return "is a link to nowhere" if path.is_symlink() else _no_place_for(target)
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    if not stat.S_ISREG(found.st_mode):
        return "is not a file"
    reason = next((reason for holds, reason in _reasons(target, found) if holds), None)
    return f"is a link to {target}, which {reason}" if reason and path.is_symlink() else reason


def write(path: Path, data: bytes, *, former: bytes) -> None:
    """Replace the file in one step, or make it (0644 less the umask); it keeps its mode, and a link stays a link.

    `former`, what was there without our lines, is kept beside a file that was there. Raises OSError.
    """
    target = path.resolve()
    if target.exists():
        mode = stat.S_IMODE(target.stat().st_mode)
        replace_file(backup_of(path), former, mode=mode)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(0o644)
        mode = stat.S_IMODE(target.stat().st_mode)
    replace_file(target, data, mode=mode)


def restore(path: Path, data: bytes) -> None:
    """Write what is left without our lines; a copy that is the same goes, and so does a file that was made for them.

    Raises OSError.
    """
    target, backup = path.resolve(), backup_of(path)
    if not data and not backup.exists():
        target.unlink()
        return
    replace_file(target, data, mode=stat.S_IMODE(target.stat().st_mode))
    if read(backup) == data:
        backup.unlink(missing_ok=True)


def backup_of(path: Path) -> Path:
    """Return where the copy is: a name that no shell reads."""
    return path.with_name(f"{path.name}.before-shellint")


def _reasons(target: Path, found: os.stat_result) -> tuple[tuple[bool, str], ...]:
    return (
        (sys.platform != "win32" and found.st_uid != os.geteuid(), "belongs to another user"),
        (not found.st_mode & stat.S_IWUSR or not os.access(target, os.W_OK), "is write-protected"),
        (not os.access(target.parent, os.W_OK), "is in a directory that is write-protected"),
        (found.st_nlink > 1, "is one file under several names"),
    )


def _no_place_for(target: Path) -> str | None:
    nearest = next(parent for parent in target.parents if parent.exists())
    return None if os.access(nearest, os.W_OK) else f"cannot be made, since {nearest} is write-protected"
