"""Get, put and delete secrets: in the sealed file and, where there is one, the keychain."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.errors import StoreError
from shellint.memory import Memory
from shellint.paths import private_directory
from shellint.store.document import MOST_WRAPS, Document, place
from shellint.store.guard import Fresh, Guard
from shellint.store.keychain import Keychains
from shellint.store.keychain_items import belongs_in_keychain, empty, erase, fill, is_in_keychain, look_up
from shellint.store.sealed_file import SealedFile
from shellint.store.sealing import Argon2, SealError, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shellint.store.passphrase import PassphraseSource

__all__ = ["Description", "Store", "open_store"]

_COST = Argon2()
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Description:
    """What can be said of a store without opening it: kind, keychain, what opens it, how many items of each kind."""

    kind: str
    keychain: str | None
    opened_by: tuple[str, ...]
    counts: Mapping[str, int]


def open_store(
    directory: Path,
    passphrase: PassphraseSource,
    *,
    now: Callable[[], float] = time.time,
    memory: Memory | None = None,
) -> Store:
    """Return the store of a data directory. Cheap: nothing is read, made or asked before it is used."""
    return Store(directory, passphrase, now=now, memory=memory)


class Store:
    """Secrets by kind and name, at rest with the effective user.

    All are in one sealed file, but for long-term keys in a store that a keychain guards: of these the file has the
    name alone. Kinds and names are readable in the file; values are not. Reading takes no lock, since a write replaces
    the whole file at once. The passphrase is asked for at most once, when the first value is read or written. Any
    method raises StoreError: a damaged or unreadable file, a directory of another user, a full or read-only disk, a
    lock that is not freed; the file is then what it was. A passphrase that does not fit, and a keychain that is locked,
    silent or elsewhere, is StoreLocked.
    """

    def __init__(
        self,
        directory: Path,
        passphrase: PassphraseSource,
        *,
        keychains: Keychains | None = None,
        now: Callable[[], float] = time.time,
        cost: Argon2 = _COST,
        lock_seconds: float = _LOCK_SECONDS,
        memory: Memory | None = None,
    ) -> None:
        self.path = directory / "store.json"
        memory = memory or Memory()
        self._file = SealedFile(self.path, now=now, lock_seconds=lock_seconds, documents=memory.documents)
        self._guard = Guard(self.path, passphrase, keychains or Keychains(passphrase.env, passphrase.human), cost)
        self._data_keys = memory.data_keys

    def exists(self) -> bool:
        """Tell whether there is a store, in whatever state."""
        return self._file.exists()

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted; needs neither passphrase nor keychain."""
        document = self._file.read()
        return sorted(document.items.get(kind, {})) if document else []

    def ends(self, kind: str) -> dict[str, int]:
        """Return when each value of a kind that has an end ends (unix seconds); needs neither passphrase nor keychain.

        Nobody vouches for it before the value is read.
        """
        document = self._file.read()
        found = document.items.get(kind, {}) if document else {}
        return {name: end for name, item in found.items() if isinstance(end := item.get("expires"), int)}

    def get(self, kind: str, name: str) -> bytes | None:
        """Return a value; None, and nothing opened, when there is none."""
        document = self._file.read()
        item = document.item(kind, name) if document else None
        if document is None or item is None:
            return None
        self._guard.agree(document)
        if is_in_keychain(item):
            return self._kept(document, kind, name)
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
        self.put_many(kind, {name: value}, expires=expires)

    def put_many(self, kind: str, values: Mapping[str, bytes], *, expires: int | None = None) -> None:
        """Store values by name as `put` does, in one write of the file: all of them or none."""
        private_directory(self.path.parent)
        fresh: Fresh | None = None
        while True:
            # The lock is taken before anybody is asked, so that a place which cannot be written is told first, but not
            # held while a person thinks. A store that appeared or was replaced meanwhile is the one to open.
            with self._file.locked():
                base = self._file.read()
            if base is None:
                fresh = fresh or self._new()
                base = fresh.document
            self._guard.agree(base)
            if belongs_in_keychain(base, kind):
                self._guard.keychain(base)  # out of reach? then no passphrase helps, and none is asked for
            data_key = self._data_key(base)
            with self._file.locked():
                document = self._file.read()
                if document is None and fresh is not None:
                    document = self._guard.keep(fresh)
                if document is not None and document.id == base.id:
                    self._put(document, data_key, kind, values, expires)
                    return

    def delete(self, kind: str, name: str) -> bool:
        """Forget a value and tell whether there was one; needs no passphrase."""
        return bool(self.delete_where(kind, name.__eq__))

    def delete_where(self, kind: str, predicate: Callable[[str], bool]) -> list[str]:
        """Forget the values of a kind whose names fit and return these names, sorted; needs no passphrase."""
        if not any(map(predicate, self.names(kind))):
            return []
        with self._file.locked():
            document = self._file.read()
            unwanted = sorted(filter(predicate, document.items.get(kind, {}))) if document else []
            if document and unwanted:
                # The name goes last: what is left after a crash can be seen, and deleted again.
                for name in unwanted:
                    if is_in_keychain(document.item(kind, name)):
                        erase(self._guard.keychain(document), document, kind, name)
                self._file.write(document.without(lambda of_kind, name, _: of_kind == kind and name in unwanted))
            return unwanted

    def describe(self) -> Description | None:
        """Return what can be said without opening the store; None when there is none."""
        document = self._file.read()
        if document is None:
            return None
        counts = {kind: len(named) for kind, named in document.items.items()}
        opened_by = tuple(str(wrapped.get("kind")) for wrapped in document.wraps)
        return Description(document.kind, document.keychain, opened_by, counts)

    def open(self) -> None:
        """Open the store as the first get or put would. Raises StoreError when there is none."""
        document = self._existing()
        self._guard.agree(document)
        self._data_key(document)

    def add_passphrase(self) -> None:
        """Let one more passphrase open what is sealed in the file. Raises StoreError when there is no store."""
        base = self._existing()
        data_key = self._data_key(base)
        # Of a store that a passphrase opens, the one that is given by a variable or descriptor is the old one.
        wrapped = self._guard.passphrase_wrap(base, data_key, typed=base.kind == "file")
        with self._file.locked():
            document = self._existing()
            if document.id != base.id:
                raise StoreError(f"{self.path} was replaced meanwhile", "run the same command again")
            if len(document.wraps) >= MOST_WRAPS:
                raise StoreError(f"{self.path} has {MOST_WRAPS} ways to be opened, the most there can be", "use these")
            self._file.write(document.with_wrap(wrapped))

    def _put(
        self, document: Document, data_key: bytes, kind: str, values: Mapping[str, bytes], expires: int | None
    ) -> None:
        """Write values; only for the holder of the lock."""
        if not belongs_in_keychain(document, kind):
            sealed = {name: seal(data_key, value, place(kind, name, expires)) for name, value in values.items()}
            items = {name: {"expires": expires} | item for name, item in sealed.items()}
            self._file.write(document.with_items(kind, items))
            return
        keychain = self._guard.keychain(document)
        items = {name: fill(keychain, document, kind, name, value) for name, value in values.items()}
        self._file.write(document.with_items(kind, items))
        for name in values:
            empty(keychain, document, kind, name)

    def _kept(self, document: Document, kind: str, name: str) -> bytes | None:
        """Return a value that rests in the keychain."""
        keychain = self._guard.keychain(document)
        value = look_up(keychain, document, kind, name)
        # Whoever takes a key has a session to store: a file that cannot be opened must be known before AWS is asked.
        self._data_key(document)
        if value is not None:
            return value
        now = self._file.read()
        if now is None or now.item(kind, name) != document.item(kind, name):
            return self.get(kind, name)  # another process has just replaced or removed it
        raise StoreError(
            f"the {kind} {name!r} is no longer in the {keychain.name}", "store it again, or remove it here too"
        )

    def _existing(self) -> Document:
        document = self._file.read()
        if document is None:
            raise StoreError(f"there is no store in {self.path.parent}", "`vault add PROFILE` makes one")
        return document

    def _new(self) -> Fresh:
        fresh = self._guard.new()
        self._data_keys[fresh.document.id] = fresh.data_key
        return fresh

    def _data_key(self, document: Document) -> bytes:
        known = self._data_keys.get(document.id)
        if known is None:
            with self._guard.turn(document):
                known = self._data_keys.get(document.id) or self._guard.open(document)
                self._data_keys[document.id] = known
        return known
