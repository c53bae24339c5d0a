"""aws-vault's `secret-service` keyring: a collection of its own on the Linux desktop."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from shellint.errors import NeedsHuman
from shellint.importers.aws_vault_item import is_key, key_of
from shellint.importers.haul import Haul, haul_of
from shellint.origin import Origin
from shellint.store.keychain import bounded
from shellint.terminal import Human, NoHuman

__all__ = ["collection_name", "has_collection", "read_collection"]

_BUS = "DBUS_SESSION_BUS_ADDRESS"
_NAME = "Secret Service"
_COLLECTIONS = "/org/freedesktop/secrets/collection/"
# For a look that nobody asked for, in seconds; no question can come of it.
_GLANCE = 3.0

_T = TypeVar("_T")


def collection_name(env: Mapping[str, str]) -> str:
    """Return what the collection is called, as aws-vault has it."""
    return env.get("AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME") or "awsvault"


def has_collection(env: Mapping[str, str], human: Human) -> bool:
    """Tell whether the collection is there, without opening it. Raises StoreError when the desktop does not answer."""
    return _on_the_bus(env, human, lambda collection: collection is not None, seconds=_GLANCE) or False


def read_collection(env: Mapping[str, str], human: Human) -> Haul:
    """Return the keys of the collection; unlocking it asks the person on the desktop.

    Raises StoreLocked when it stays locked, StoreError, and NeedsHuman when it is locked and nobody may be asked.
    """

    def read(collection: Any) -> Haul:
        if collection is None:
            return Haul()
        if collection.is_locked():
            _unlock(collection, human)
        items = {item.get_label(): item for item in collection.get_all_items()}
        place = Origin(f"the collection {collection_name(env)} of the {_NAME}")
        return haul_of([key_of(name, item.get_secret(), place) for name, item in sorted(items.items()) if is_key(name)])

    return _on_the_bus(env, human, read) or Haul()


def _on_the_bus(
    env: Mapping[str, str], human: Human, call: Callable[[Any], _T], *, seconds: float | None = None
) -> _T | None:
    """Call with the collection, or None, on the bus of the caller; without a bus return None."""
    if sys.platform != "linux" or not env.get(_BUS):
        return None

    def connected() -> _T:
        import secretstorage
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]
        from secretstorage.util import add_match_rules

        try:
            connection = open_dbus_connection(env[_BUS])
        except OSError:
            raise RuntimeError(f"nothing answers at {_BUS} ({env[_BUS]})") from None
        with contextlib.closing(connection):
            add_match_rules(connection)
            wanted = _COLLECTIONS + collection_name(env)
            there = secretstorage.get_all_collections(connection)
            return call(next((each for each in there if _decoded(each.collection_path) == wanted), None))

    return bounded(connected, _NAME, human, **({} if seconds is None else {"seconds": seconds}))


def _unlock(collection: Any, human: Human) -> None:
    from keyring.errors import KeyringLocked

    if isinstance(human, NoHuman):
        raise NeedsHuman(
            "aws-vault's collection in the Secret Service is locked, and only a person can unlock it",
            "unlock it, then try again",
        )
    collection.unlock()
    if collection.is_locked():
        raise KeyringLocked


def _decoded(path: str) -> str:
    # A letter that D-Bus does not have in a path stands there as `_` and two digits.
    return re.sub("_([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), path)
