"""Long-term keys in the keychain: of each the file has the name, and in which of two slots the value rests.

A new value goes to the other slot, then the file says so, then the old slot is emptied. So a crash leaves the old value
or the new one, never none (the macOS Keychain replaces by deleting first); what it leaves behind is overwritten by the
next put, and deleted with the name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING

from shellint.errors import StoreError

if TYPE_CHECKING:
    from shellint.store.document import Document
    from shellint.store.keychain import Keychain
    from shellint.store.sealing import Json

__all__ = ["belongs_in_keychain", "empty", "erase", "fill", "is_in_keychain", "look_up"]

_KINDS = {"key"}
_WHERE = {"where": "keychain"}


def belongs_in_keychain(document: Document, kind: str) -> bool:
    """Tell whether new values of a kind go to the keychain: few, small and long-lived ones, if the store has one."""
    return document.kind == "keychain" and kind in _KINDS


def is_in_keychain(item: Json | None) -> bool:
    """Tell whether an item of the file stands for a value in the keychain."""
    return item is not None and item.get("where") == _WHERE["where"]


def look_up(keychain: Keychain, document: Document, kind: str, name: str) -> bytes | None:
    """Return the value of an item, None when the keychain has it no longer."""
    return keychain.read(_service(document, kind, name, _slot(document, kind, name)))


def fill(keychain: Keychain, document: Document, kind: str, name: str, value: bytes) -> Json:
    """Put a value into the free slot and return the item that names it; the old one is there until `empty`."""
    slot = 1 - _slot(document, kind, name)
    keychain.write(_service(document, kind, name, slot), value)
    return {"expires": None, **_WHERE, "slot": slot}


def empty(keychain: Keychain, document: Document, kind: str, name: str) -> None:
    """Forget what `document`, as it was before, names; what cannot be forgotten now is when the key is removed."""
    if is_in_keychain(document.item(kind, name)):
        with contextlib.suppress(StoreError):
            keychain.delete(_service(document, kind, name, _slot(document, kind, name)))


def erase(keychain: Keychain, document: Document, kind: str, name: str) -> None:
    """Forget the value, and what a crash may have left beside it."""
    for slot in (0, 1):
        keychain.delete(_service(document, kind, name, slot))


def _slot(document: Document, kind: str, name: str) -> int:
    item = document.item(kind, name) or {}
    return 1 if item.get("slot") == 1 else 0


def _service(document: Document, kind: str, name: str, slot: int) -> str:
    from urllib.parse import quote

    # A service of its own for each, since the Windows backend renames what another user of a service has. The name is
    # for people; the digest tells apart two stores, and names that differ in case alone, which Windows takes for one.
    digest = hashlib.sha256(json.dumps([document.id, kind, name, slot]).encode()).hexdigest()[:16]
    return f"shellint:{kind}:{quote(name, safe=' @.+', errors='surrogateescape')}:{digest}"
