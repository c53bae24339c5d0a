"""The store's file on the disk: read without a lock, replaced as a whole under one that keeps two writers apart."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from typing import IO, TYPE_CHECKING

from shellint.errors import StoreError
from shellint.paths import owned_directory, sweep_temporary, write_private
from shellint.store.document import Document
from shellint.store.lock import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["SealedFile"]


class SealedFile:
    """The file of one store. Any method raises StoreError; the file is then what it was."""

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], float],
        lock_seconds: float,
        documents: dict[Path, tuple[tuple[int, ...], Document]],
    ) -> None:
        self.path = path
        self._documents = documents
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
            with _opened(self.path) as file:
                found = os.fstat(file.fileno())
                # Each write is a new file, so this is the content of a state that was read before.
                state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
                known, document = self._documents.get(self.path, (None, None))
                if document is None or known != state:
                    document = Document.from_bytes(file.read(), self.path)
                    self._documents[self.path] = (state, document)
                return document
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}", "make it a file you can read") from None

    def write(self, document: Document) -> None:
        """Replace its content, without the items whose time is past; only for the holder of the lock."""
        now = self._now()
        sweep_temporary(self.path)
        write_private(self.path, document.without(lambda _kind, _name, item: _is_past(item, now)).to_bytes())

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, for which its directory must be there."""
        path = self.path.with_suffix(".lock")
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(hold(path, self._lock_seconds))
            except TimeoutError:
                raise StoreError(
                    f"another process has held {path} for {self._lock_seconds:g} s",
                    "wait for it, or end it, and try again",
                ) from None
            # A file of the same size may have got the same number within a tick of the file system's clock: what is
            # written back is what was read, not what is remembered.
            self._documents.pop(self.path, None)
            yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that the effective user alone can have written; a link of his to one will do."""
    # Without O_NONBLOCK a FIFO in the file's place would keep every command waiting for a writer.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{path} is no ordinary file", "move it away")
        if sys.platform != "win32":
            if found.st_uid != os.geteuid():
                raise StoreError(f"{path} belongs to another user", "move it away, or make it your own")
            if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise StoreError(f"other users may write in {path}", f"chmod 600 {path}")
        yield file


def _is_past(item: Mapping[str, object], now: float) -> bool:
    expires = item.get("expires")
    return isinstance(expires, int) and expires <= now
