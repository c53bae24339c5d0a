"""Get, put and delete secrets in the sealed file; the lock that keeps two writers apart."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from shellint.errors import StoreError, StoreLocked
from shellint.paths import owned_directory, private_directory, sweep_temporary, write_private
from shellint.store.document import Document, damaged, place
from shellint.store.sealing import Argon2, SealError, WrongKeyError, new_data_key, seal, unseal, unwrap, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shellint.store.passphrase import PassphraseSource

__all__ = ["Store", "open_store"]

_COST = Argon2()
_LOCK_SECONDS = 10.0


def open_store(directory: Path, passphrase: PassphraseSource, *, now: Callable[[], float] = time.time) -> Store:
    """Return the store of a data directory. Cheap: nothing is read, made or asked before it is used."""
    return Store(directory, passphrase, now=now)


class Store:
    """Secrets by kind and name, at rest in one sealed file of the effective user.

    Kinds and names are readable in the file; values are not. Reading takes no lock, since a write replaces the whole
    file at once. The passphrase is asked for at most once, when the first value is read or written. Any method raises
    StoreError: a damaged or unreadable file, a directory of another user, a full or read-only disk, a lock that is not
    freed; the file is then what it was. A passphrase that does not fit is StoreLocked.
    """

    def __init__(
        self,
        directory: Path,
        passphrase: PassphraseSource,
        *,
        now: Callable[[], float] = time.time,
        cost: Argon2 = _COST,
        lock_seconds: float = _LOCK_SECONDS,
    ) -> None:
        self.path = directory / "store.json"
        self._passphrase = passphrase
        self._now = now
        self._cost = cost
        self._lock_seconds = lock_seconds
        self._data_keys: dict[str, bytes] = {}

    def exists(self) -> bool:
        """Tell whether there is a store, in whatever state."""
        return owned_directory(self.path.parent) and (self.path.exists() or self.path.is_symlink())

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted; needs no passphrase."""
        document = self._read()
        return sorted(document.items.get(kind, {})) if document else []

    def get(self, kind: str, name: str) -> bytes | None:
        """Return a value; None, and no passphrase asked for, when there is none."""
        document = self._read()
        item = document.item(kind, name) if document else None
        if document is None or item is None:
            return None
        data_key = self._data_key(document)
        try:
            return unseal(data_key, item, place(kind, name, item.get("expires")))
        except SealError:
            raise StoreError(
                f"the {kind} {name!r} in {self.path} is damaged or was changed: it cannot be read, the others can",
                "store it again, or put back a copy of the file",
            ) from None

    def put(self, kind: str, name: str, value: bytes, *, expires: int | None = None) -> None:
        """Store a value, in a new store when there is none; drop the items whose `expires` (unix seconds) is past."""
        private_directory(self.path.parent)
        fresh: Document | None = None
        while True:
            # The lock is taken before anybody is asked, so that a place which cannot be written is told first, but not
            # held while a person thinks. A store that appeared or was replaced meanwhile is the one to open.
            with self._locked():
                base = self._read() or fresh
            if base is None:
                base = fresh = self._new()
            data_key = self._data_key(base)
            with self._locked():
                document = self._read() or fresh
                if document is not None and document.id == base.id:
                    sealed = seal(data_key, value, place(kind, name, expires))
                    self._write(document.with_item(kind, name, {"expires": expires} | sealed))
                    return

    def delete(self, kind: str, name: str) -> bool:
        """Forget a value and tell whether there was one; needs no passphrase."""
        return bool(self.delete_where(kind, name.__eq__))

    def delete_where(self, kind: str, predicate: Callable[[str], bool]) -> list[str]:
        """Forget the values of a kind whose names fit and return these names, sorted; needs no passphrase."""
        if not any(map(predicate, self.names(kind))):
            return []
        with self._locked():
            document = self._read()
            unwanted = sorted(filter(predicate, document.items.get(kind, {}))) if document else []
            if document and unwanted:
                self._write(document.without(lambda of_kind, name, _: of_kind == kind and name in unwanted))
            return unwanted

    def _read(self) -> Document | None:
        if not owned_directory(self.path.parent):
            return None
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}", "make it a file you can read") from None
        return Document.from_bytes(data, self.path)

    def _write(self, document: Document) -> None:
        now = self._now()
        sweep_temporary(self.path)
        write_private(self.path, document.without(lambda _kind, _name, item: _is_past(item, now)).to_bytes())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
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

    def _new(self) -> Document:
        passphrase = self._passphrase.new(self.path)
        data_key = new_data_key()
        empty = Document(id=os.urandom(16).hex(), kind="file", wraps=(), items={})
        self._data_keys[empty.id] = data_key
        return replace(empty, wraps=(wrap(data_key, passphrase, empty.about, self._cost),))

    def _data_key(self, document: Document) -> bytes:
        if document.id not in self._data_keys:
            self._data_keys[document.id] = self._unwrapped(document)
        return self._data_keys[document.id]

    def _unwrapped(self, document: Document) -> bytes:
        wraps = [wrapped for wrapped in document.wraps if wrapped.get("kind") == "passphrase"]
        if not wraps:
            raise StoreLocked(
                f"{self.path} is not opened by a passphrase but by its {document.kind}", "update shellint"
            )
        for passphrase in self._passphrase.attempts(self.path):
            for wrapped in wraps:
                try:
                    return unwrap(wrapped, passphrase, document.about)
                except WrongKeyError:
                    continue
                except SealError:
                    raise damaged(self.path) from None
        raise StoreLocked(
            f"the passphrase from {self._passphrase.origin} does not open {self.path}",
            "nothing was changed; without its passphrase nobody can read the store",
        )


def _is_past(item: dict[str, object], now: float) -> bool:
    expires = item.get("expires")
    return isinstance(expires, int) and expires <= now
