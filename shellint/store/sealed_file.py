"""The store's file on the disk: read without a lock, replaced as a whole under one that keeps two writers apart."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from shellint.errors import StoreError
from shellint.paths import owned_directory, sweep_temporary, write_private
from shellint.store.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["SealedFile"]


class SealedFile:
    """The file of one store. Any method raises StoreError; the file is then what it was."""

    def __init__(self, path: Path, *, now: Callable[[], float], lock_seconds: float) -> None:
        self.path = path
        self._now = now
        self._lock_seconds = lock_seconds

    def exists(self) -> bool:
        """Tell whether it is there, in whatever state."""
        return owned_directory(self.path.parent) and (self.path.exists() or self.path.is_symlink())

    def read(self) -> Document | None:
        """Return its content, None when there is none."""
        if not owned_directory(self.path.parent):
            return None
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}", "make it a file you can read") from None
        return Document.from_bytes(data, self.path)

    def write(self, document: Document) -> None:
        """Replace its content, without the items whose time is past; only for the holder of the lock."""
        now = self._now()
        sweep_temporary(self.path)
        write_private(self.path, document.without(lambda _kind, _name, item: _is_past(item, now)).to_bytes())

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, for which its directory must be there."""
        from filelock import FileLock, Timeout

        path = self.path.with_suffix(".lock")
        lock = FileLock(path, timeout=self._lock_seconds, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise StoreError(
                f"another process has held {path} for {self._lock_seconds:g} s", "wait for it, or end it, and try again"
            ) from None
        except OSError as error:
            raise StoreError(
                f"cannot write in {path.parent}: {error.strerror}",
                "make it writable, or set SHELLINT_FILE_DIR to a directory that is",
            ) from None
        try:
            yield
        finally:
            lock.release()


def _is_past(item: Mapping[str, object], now: float) -> bool:
    expires = item.get("expires")
    return isinstance(expires, int) and expires <= now
