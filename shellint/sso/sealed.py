"""Our own tokens of IAM Identity Center, in the sealed store."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from shellint.errors import StoreError, StoreLocked
from shellint.sso.values import Token

if TYPE_CHECKING:
    from shellint.endpoint import Endpoint
    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["SealedToken", "family", "forget_sealed"]

KIND = "sso"


class SealedToken:
    """Our token for an instance, in the sealed store; for its endpoint, so that no other one is ever sent it."""

    def __init__(self, instance: SsoInstance, oidc: Endpoint, caller: Caller) -> None:
        self._store = caller.store
        self._human = caller.human
        shape = [oidc.place, instance.region, instance.start_url, sorted(instance.scopes)]
        self._name = f"{family(instance)}{_digest(shape)}"

    def read(self) -> Token | None:
        """Return the token; an unreadable one is none."""
        try:
            data = self._store.get(KIND, self._name)
            return Token.from_bytes(data) if data else None
        except StoreLocked:
            raise
        except StoreError as damaged:
            self._human.say(damaged.what)
            return None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, token: Token) -> None:
        """Keep a token in place of the one there was."""
        self._store.put(KIND, self._name, token.to_bytes(), expires=token.kept_until)

    def drop(self) -> None:
        """Forget it."""
        self._store.delete(KIND, self._name)


def forget_sealed(instance: SsoInstance, caller: Caller) -> bool:
    """Forget every token of an instance, whatever its endpoint and scopes, and tell whether there was one."""
    return bool(caller.store.delete_where(KIND, lambda name: name.startswith(family(instance))))


def family(instance: SsoInstance) -> str:
    """Return what the names of all tokens of an instance begin with."""
    return _digest(instance.name)[:16] + "-"


def _digest(shape: object) -> str:
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()
