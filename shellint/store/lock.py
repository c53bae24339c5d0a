"""A lock among processes and threads: a file that one at a time holds, and that the system frees when it ends."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING

from shellint.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from pathlib import Path

__all__ = ["hold", "sweep_locks", "turn"]

# Files that one sweep looks at, so that its cost does not grow with what has come together.
_SWEPT = 1000

_turns: weakref.WeakValueDictionary[Hashable, threading.Lock] = weakref.WeakValueDictionary()
_turning = threading.Lock()


@contextlib.contextmanager
def hold(
    path: Path, seconds: float, *, notice: Callable[[], object] | None = None, after: float = 0.0
) -> Iterator[None]:
    """Hold the lock file `path`, in a directory that is there; `notice` is called once `after` seconds have passed.

    Raises TimeoutError when it is not free for `seconds` (beyond `after`), and StoreError at once when the file cannot
    be written, or be locked at all.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600)

    def acquire(limit: float) -> bool:
        try:
            lock.acquire(timeout=limit)
        except Timeout:
            return False
        return True

    tell = functools.cache(notice) if notice else None
    # filelock looks again and again: of the threads of one process that want the same file, one at a time does.
    mine = turn(path)
    _wait(lambda limit: mine.acquire(timeout=limit), seconds, tell, after)
    try:
        try:
            _check(path)
            _wait(acquire, seconds, tell, after)
        except TimeoutError:
            raise
        except OSError as error:
            raise StoreError(
                f"cannot write in {path.parent}: {error.strerror}",
                "make it writable, or set SHELLINT_FILE_DIR to a directory that is",
            ) from None
        try:
            yield
        finally:
            lock.release()
    finally:
        mine.release()


def turn(name: Hashable) -> threading.Lock:
    """Return the lock that all threads of this process share under that name, for as long as one of them has it."""
    with _turning:
        return _turns.setdefault(name, threading.Lock())


def _wait(acquire: Callable[[float], bool], seconds: float, notice: Callable[[], object] | None, after: float) -> None:
    if acquire(after if notice else seconds):
        return
    if notice:
        notice()
        if acquire(seconds):
            return
    raise TimeoutError


def sweep_locks(directory: Path, *, older: float) -> None:
    """Remove the lock files that were made more than `older` seconds ago and that nobody holds.

    Whoever opened one just before finds, once it has the lock, that the file has no name any more (its link count is
    0), and filelock begins again with a new one. Raises nothing: it is no one's errand.
    """
    if sys.platform == "win32":
        return
    end = time.time() - older
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in itertools.islice(entries, _SWEPT):
            with contextlib.suppress(OSError):
                if entry.name.endswith(".lock") and entry.stat(follow_symlinks=False).st_mtime < end:
                    _remove_free(directory / entry.name)


def _remove_free(path: Path) -> None:
    """Remove a lock file while holding it. Raises OSError when another process does."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another sweep may have been quicker, and the name may be that of a new file, which somebody holds.
        if os.path.samestat(os.fstat(descriptor), path.lstat()):
            path.unlink()
    finally:
        os.close(descriptor)


def _check(path: Path) -> None:
    """Raise StoreError where flock does not work, as on some network file systems.

    filelock would wait its whole time there: some versions take any failure for a lock that is held, others look only
    whether the file exists, which after the first use it always does.
    """
    if sys.platform == "win32":
        return
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        pass  # held by another process: it works
    except OSError as error:
        raise StoreError(
            f"cannot lock {path}: {error.strerror}",
            "set SHELLINT_FILE_DIR to a directory on a file system that knows locks",
        ) from None
    finally:
        os.close(descriptor)
