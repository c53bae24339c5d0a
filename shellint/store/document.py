"""The format of the store's file: JSON, with names readable and everything else sealed.

    {"format": "shellint store", "version": 1, "id": ..., "kind": "keychain",
     "wraps": [{"kind": "keychain", "backend": "Secret Service", ...}, {"kind": "passphrase", ...}],
     "items": {"key": {"prod": {"expires": null, "where": "keychain", "slot": 0}},
               "session": {"...": {"expires": 1700000000, "nonce": ..., "sealed": ...}}}}

`id` names the data key; `kind` says what guards it, "file" (a passphrase) or "keychain", as chosen when the store was
made. Each wrap opens the same data key and is authenticated together with format, version, id and kind; each item
together with its place: kind, name and expiry. A wrap or an item that this version does not know is kept as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shellint.errors import StoreError
from shellint.store.sealing import Json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["MOST_WRAPS", "Document", "damaged", "place"]

MOST_WRAPS = 8
"""Each is one more to try a passphrase on."""

_FORMAT = "shellint store"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A store's file as values; every change is a new Document."""

    id: str
    kind: str
    wraps: tuple[Json, ...]
    items: dict[str, dict[str, Json]]

    @property
    def about(self) -> Json:
        """What every wrap is authenticated with."""
        return {"format": _FORMAT, "version": _VERSION, "id": self.id, "kind": self.kind}

    @property
    def keychain(self) -> str | None:
        """The name of the keychain that opens the store, None for a store without one."""
        names = [wrapped.get("backend") for wrapped in self.wraps if wrapped.get("kind") == "keychain"]
        return names[0] if names and isinstance(names[0], str) else None

    @property
    def sealed(self) -> int:
        """The number of values that are sealed in the file."""
        return sum("sealed" in item for named in self.items.values() for item in named.values())

    def item(self, kind: str, name: str) -> Json | None:
        """Return an item as it rests in the file."""
        return self.items.get(kind, {}).get(name)

    def with_wrap(self, wrapped: Json) -> Document:
        """Return the document with one more wrap."""
        return replace(self, wraps=(*self.wraps, wrapped))

    def with_items(self, kind: str, items: Mapping[str, Json]) -> Document:
        """Return the document with items of a kind added or replaced."""
        return replace(self, items=self.items | {kind: {**self.items.get(kind, {}), **items}})

    def without(self, unwanted: Callable[[str, str, Json], bool]) -> Document:
        """Return the document without the items for which `unwanted(kind, name, item)` holds."""
        kept = {
            kind: {name: item for name, item in named.items() if not unwanted(kind, name, item)}
            for kind, named in self.items.items()
        }
        return replace(self, items={kind: named for kind, named in kept.items() if named})

    def to_bytes(self) -> bytes:
        """Return the file's content."""
        return json.dumps(self.about | {"wraps": self.wraps, "items": self.items}, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, path: Path) -> Document:
        """Undo `to_bytes`. Raises StoreError, which names the file, for another version and for damage."""
        try:
            fields = json.loads(data)
            known = fields["format"] == _FORMAT
            version = fields["version"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise damaged(path) from None
        if not known:
            raise damaged(path)
        if version != _VERSION:
            raise StoreError(f"{path} is of version {version!r}, which this program does not know", "update it")
        document = cls(fields.get("id"), fields.get("kind"), fields.get("wraps"), fields.get("items"))
        if not document._is_well_formed():
            raise damaged(path)
        return replace(document, wraps=tuple(document.wraps))

    def _is_well_formed(self) -> bool:
        # Down to the items' names. What an item holds is checked when it is opened, so that one that is damaged does
        # not take the others with it.
        return (
            isinstance(self.id, str)
            and isinstance(self.kind, str)
            and isinstance(self.wraps, list | tuple)
            and len(self.wraps) <= MOST_WRAPS
            and all(isinstance(wrap, dict) for wrap in self.wraps)
            and isinstance(self.items, dict)
            and all(isinstance(named, dict) for named in self.items.values())
            and all(isinstance(item, dict) for named in self.items.values() for item in named.values())
        )


def place(kind: str, name: str, expires: int | None) -> list[object]:
    """Return what an item is authenticated with, so that no other item can stand in for it or outlive it."""
    return [kind, name, expires]


def damaged(path: Path) -> StoreError:
    """Return the error for a file that cannot be read as a store."""
    return StoreError(
        f"{path} is damaged: not one of the secrets in it can be read",
        "put back a copy of the file, or move it away and store the keys again",
    )
