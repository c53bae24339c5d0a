"""A long-term key out of the store."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from shellint.credentials import LongTermKey
from shellint.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from shellint.plan import Plan
    from shellint.sources.roots import Caller
    from shellint.steps import StoredKey

__all__ = ["credentials"]


def credentials(step: StoredKey, _: Plan, caller: Caller) -> LongTermKey:
    """Return the key. Raises ConfigError when there is none, StoreError when it cannot be read."""
    add = f"`vault add {shlex.quote(step.profile)}`"
    stored = caller.store.get("key", step.profile)
    if stored is None:
        raise ConfigError(f"no key is stored for {step.profile}", f"{add} stores one")
    try:
        return LongTermKey.from_bytes(stored)
    except (ValueError, TypeError):
        raise StoreError(f"the key stored for {step.profile} cannot be read", f"{add} stores it anew") from None
