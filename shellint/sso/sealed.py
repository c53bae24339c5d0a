"""Our own tokens of IAM Identity Center, in the sealed store."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from shellint.errors import StoreError, StoreLocked
from shellint.sessions import family
from shellint.sso.values import Token

if TYPE_CHECKING:
    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller
    from shellint.sso.values import SignInPlace

__all__ = ["SealedToken", "forget_sealed"]

KIND = "sso"


class SealedToken:
    """Our token for an instance, in the sealed store; for its endpoints, so that no other one is ever sent it."""

    def __init__(self, place: SignInPlace, caller: Caller) -> None:
        self._store = caller.store
        self._human = caller.human
        instance = place.instance
        shape = [place.oidc.place, place.portal.place, instance.region, instance.start_url, sorted(instance.scopes)]
        self._name = family(instance.name) + hashlib.sha256(json.dumps(shape).encode()).hexdigest()

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

    def ready(self) -> None:
        """Make sure that a token can be kept, by writing once more the one there is. Raises StoreError."""
        if token := self.read():
            self.write(token)

    def drop(self) -> None:
        """Forget it."""
        self._store.delete(KIND, self._name)


def forget_sealed(instance: SsoInstance, caller: Caller) -> bool:
    """Forget every token of an instance, whatever its endpoint and scopes, and tell whether there was one."""
    return bool(caller.store.delete_where(KIND, lambda name: name.startswith(family(instance.name))))
