"""What guards a store: how its data key is made and opened, by a master key in the keychain, a passphrase, or both."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shellint.errors import NeedsHuman, StoreError, StoreLocked
from shellint.store.document import Document, damaged
from shellint.store.lock import turn
from shellint.store.sealing import MOST_WORK, SealError, WrongKeyError, new_key, unwrap, work, wrap, wrap_by_master
from shellint.terminal import NoHuman

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from shellint.store.keychain import Keychain, Keychains
    from shellint.store.passphrase import PassphraseSource
    from shellint.store.sealing import Argon2, Json

__all__ = ["Fresh", "Guard"]


@dataclass(frozen=True, slots=True)
class Fresh:
    """A store that is about to be made: `master` goes to the keychain first, then the document to the disk."""

    document: Document
    data_key: bytes = field(repr=False)
    master: bytes | None = field(default=None, repr=False)


class Guard:
    """Makes and opens the data keys of the store at `path`."""

    def __init__(self, path: Path, passphrase: PassphraseSource, keychains: Keychains, cost: Argon2) -> None:
        self._path = path
        self._passphrase = passphrase
        self._keychains = keychains
        self._cost = cost

    def new(self) -> Fresh:
        """Return a new store, guarded by the keychain where one opens, else by a passphrase; says which, once."""
        human = self._passphrase.human
        keychain = self._keychains.choose()
        data_key, identity = new_key(), os.urandom(16).hex()
        if keychain is None:
            human.say(f"no keychain is used: secrets rest in {self._path}, sealed with a passphrase")
            document = Document(id=identity, kind="file", wraps=(), items={})
            return Fresh(document.with_wrap(self.passphrase_wrap(document, data_key)), data_key)
        human.say(f"long-term keys rest in the {keychain.name}, sessions in {self._path}, sealed with a key kept there")
        master = new_key()
        document = Document(id=identity, kind="keychain", wraps=(), items={})
        wrapped = wrap_by_master(data_key, master, document.about, keychain.name)
        return Fresh(document.with_wrap(wrapped), data_key, master)

    def keep(self, fresh: Fresh) -> Document:
        """Put the master key of a new store where it belongs; only then may its document be written."""
        if fresh.master is not None:
            self.keychain(fresh.document).write(_master_service(fresh.document), fresh.master)
        return fresh.document

    def passphrase_wrap(self, document: Document, data_key: bytes, *, typed: bool = False) -> Json:
        """Return a wrap by a new passphrase; `typed`: by a person, whatever a variable or a descriptor gives."""
        return wrap(data_key, self._passphrase.new(self._path, typed=typed), document.about, self._cost)

    def keychain(self, document: Document) -> Keychain:
        """Return the keychain of a store that has one. Raises StoreLocked when it is not in this session."""
        if document.keychain is None:
            raise damaged(self._path)
        return self._keychains.named(document.keychain)

    def agree(self, document: Document) -> None:
        """Raise StoreError when SHELLINT_BACKEND asks for another kind of store."""
        self._keychains.agree(document.kind)

    def turn(self, document: Document) -> AbstractContextManager[object]:
        """Return what to hold while the store is opened, so that of hundreds at once one does the work.

        Who may be asked for a passphrase waits for nobody, and who may not be asked not for who may.
        """
        if self._passphrase.asks and any(wrapped.get("kind") == "passphrase" for wrapped in document.wraps):
            return nullcontext()
        return turn((document.id, isinstance(self._passphrase.human, NoHuman)))

    def open(self, document: Document) -> bytes:
        """Return the data key. Raises StoreLocked, or StoreError when the file or the keychain is at fault.

        A passphrase is asked for only where no keychain opens the store.
        """
        by_passphrase = [wrapped for wrapped in document.wraps if wrapped.get("kind") == "passphrase"]
        for wrapped in document.wraps:
            if wrapped.get("kind") == "keychain":
                try:
                    return self._by_keychain(document, wrapped)
                except (StoreError, NeedsHuman):
                    if not by_passphrase:
                        raise
        if not by_passphrase:
            raise StoreLocked(
                f"{self._path} is not opened by a passphrase but by its {document.kind}", "update shellint"
            )
        return self._by_passphrase(document, by_passphrase)

    def _by_keychain(self, document: Document, wrapped: Json) -> bytes:
        keychain = self.keychain(document)
        master = keychain.read(_master_service(document))
        try:
            if master is not None:
                return unwrap(wrapped, master, document.about)
            fault = "is no longer in"
        except WrongKeyError:
            fault = "is another one in"
        except SealError:
            raise damaged(self._path) from None
        raise StoreLocked(
            f"the key that opens {self._path} {fault} the {keychain.name}: {document.sealed} values sealed in it "
            "are lost unless it comes back",
            "restore the keychain, or move the file away and store the keys again",
        )

    def _by_passphrase(self, document: Document, wraps: list[Json]) -> bytes:
        for passphrase in self._passphrase.attempts(self._path):
            spent = 0
            for wrapped in wraps:
                try:
                    spent += work(wrapped)
                    if spent > MOST_WORK:
                        raise SealError
                    return unwrap(wrapped, passphrase, document.about)
                except WrongKeyError:
                    continue
                except SealError:
                    raise damaged(self._path) from None
        raise StoreLocked(
            f"the passphrase from {self._passphrase.origin} does not open {self._path}",
            "nothing was changed; without its passphrase nobody can read the store",
        )


def _master_service(document: Document) -> str:
    return f"shellint:master:{document.id}"
