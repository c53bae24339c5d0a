"""The former values of secret variables: sealed in the store while a session is loaded, opened to be put back."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shellint.lease import Saved
from shellint.request import Request

__all__ = ["extend_sealed", "opened", "seal"]

SEALED_FOR = 7 * 86400
"""Seconds that a sealed former value outlives its session, so that a `clear` after a holiday still restores it."""


def opened(request: Request, saved: Saved | None) -> dict[str, str]:
    """Return the former secret values that rest in the store; nothing when they are not there any more.

    Raises StoreError and NeedsHuman when they are there and cannot be opened now, Interrupted when the person gave up.
    """
    if saved is None or not saved.sealed:
        return {}
    data = request.store.get("saved", saved.lease)
    try:
        values = json.loads(data) if data else {}
    except ValueError:
        return {}
    return {name: value for name, value in values.items() if name in saved.sealed and isinstance(value, str)}


def seal(request: Request, lease: str, values: Mapping[str, str], expires: int | None) -> None:
    """Keep former values for the lease of a session that ends at `expires` (unix seconds), for good when at None."""
    until = None if expires is None else expires + SEALED_FOR
    request.store.put("saved", lease, json.dumps(dict(values)).encode(), expires=until)


def extend_sealed(request: Request, saved: Saved, expires: int | None) -> None:
    """Keep the former values of a lease as long as its new session, and longer."""
    values = opened(request, saved)
    if values:
        seal(request, saved.lease, values, expires)
