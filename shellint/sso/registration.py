"""The registrations of this program as a client of IAM Identity Center, kept until AWS forgets them.

AWS asks clients to keep them: https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from shellint.errors import AwsRefused, StoreError, StoreLocked
from shellint.sso.oidc import REFRESH, Oidc
from shellint.sso.values import Registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["forget_registration", "with_registration"]

KIND = "sso-client"
# Seconds. A token can be refreshed only as long as the client that got it is known.
_MARGIN = 86400

_Outcome = TypeVar("_Outcome")


def with_registration(
    instance: SsoInstance, grant: str, oidc: Oidc, caller: Caller, use: Callable[[Registration], _Outcome]
) -> _Outcome:
    """Return what `use` makes of a registration for `grant`.

    When AWS no longer knows the one that was kept, `use` is called again, with a new one. Raises as `use` and
    `Oidc.register`, and StoreError.
    """
    kept = _kept(instance, grant, oidc, caller)
    if kept is not None:
        try:
            return use(kept)
        except AwsRefused as refused:
            if refused.code != "InvalidClientException":
                raise
        forget_registration(instance, grant, oidc, caller)
    made = oidc.register(grant, REFRESH)
    caller.store.put(KIND, _name(instance, grant, oidc), made.to_bytes(), expires=made.expires)
    return use(made)


def forget_registration(instance: SsoInstance, grant: str, oidc: Oidc, caller: Caller) -> None:
    """Forget the registration for `grant`, so that the next sign-in makes a new one."""
    caller.store.delete(KIND, _name(instance, grant, oidc))


def _kept(instance: SsoInstance, grant: str, oidc: Oidc, caller: Caller) -> Registration | None:
    try:
        data = caller.store.get(KIND, _name(instance, grant, oidc))
        kept = Registration.from_bytes(data) if data else None
    except StoreLocked:
        raise
    except (StoreError, ValueError, TypeError):
        return None  # a new one takes its place
    return kept if kept and kept.expires - caller.now() > _MARGIN else None


def _name(instance: SsoInstance, grant: str, oidc: Oidc) -> str:
    """Return the name under which the store has it: a digest of all that was registered, and where."""
    shape = [oidc.place, instance.region, instance.start_url, sorted(instance.scopes), grant]
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()
