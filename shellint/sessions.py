"""Which session is which: the name under which the store keeps the outcome of a step.

Two requests get the same session only if AWS would have made the same one for both. So the name is a digest of all
that shapes it: the key it starts from, or what gives it its credentials; the partition or endpoint that made it; and
every step on the way with every field, except those listed here (aws-vault kept serving the old session when a role, a
tag or a duration had changed).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shellint.providers import Sso
from shellint.steps import Provided, SessionToken

if TYPE_CHECKING:
    from shellint.plan import Plan
    from shellint.providers import SsoInstance
    from shellint.steps import Step
    from shellint.store import Store

__all__ = ["family", "forget_key", "forget_sign_in", "forget_sign_in_of", "session_names"]

# How a profile is called, how its code is got and who chose the duration leave no trace in the session.
_SHAPELESS = {"profile", "mfa_process", "explicit"}


def session_names(plan: Plan, access_key_id: str | None) -> tuple[str, ...]:
    """Return the name of the session that each step makes, in the order of the steps.

    `access_key_id` is that of the credentials the first step gives, where they are not kept themselves: a stored key,
    or what the machine has. None where the first step makes a session that is kept, like the others.
    The region is not in it: a session is good in all regions of its partition.
    """
    root = plan.steps[0]
    path: list[Any] = [{"sts": plan.sts.place, "sso": plan.sso.place if plan.sso else None}]
    beginning = family(access_key_id or _origin(root))
    if access_key_id is not None:
        path.append({"key": access_key_id})
    names = []
    for step in plan.steps:
        if step is not root or access_key_id is None:
            path.append(_shape(step))
        names.append(beginning + _digest(path))
    return tuple(names)


def forget_key(store: Store, access_key_id: str) -> int:
    """Forget every session made from a key, of whatever profile, and return how many there were."""
    return _forget(store, family(access_key_id))


def forget_sign_in(store: Store, instance: SsoInstance) -> int:
    """Forget every session that goes back to a sign-in to `instance`, and return how many there were."""
    return _forget(store, family(instance.name))


def forget_sign_in_of(store: Store, token: str) -> int:
    """Forget every session that goes back to the same sign-in as the token which is kept under the name `token`."""
    return _forget(store, token.partition("-")[0] + "-")


def _forget(store: Store, beginning: str) -> int:
    return len(store.delete_where("session", lambda name: name.startswith(beginning)))


def family(origin: Any) -> str:
    """Return what the names of all sessions of one origin begin with; of a sign-in, those of its tokens too."""
    return _digest([origin])[:16] + "-"


def _origin(root: Step) -> Any:
    """Return what all sessions have in common that go back to the same sign-in, or else to the same root."""
    if isinstance(root, Provided) and isinstance(root.provider, Sso):
        return root.provider.instance.name
    return _shape(root)


def _shape(step: Step) -> dict[str, Any]:
    shape = {name: value for name, value in asdict(step).items() if name not in _SHAPELESS}
    if isinstance(step, Provided):
        shape["provider"] = [type(step.provider).__name__, shape["provider"]]
    if isinstance(step, SessionToken) and step.mfa_serial is not None and not step.explicit:
        # The session of an MFA device serves every role and the key's own profile, however long each would have made
        # it: that is what makes one code enough for the day.
        del shape["duration"]
    return {"step": type(step).__name__} | shape


def _digest(path: list[Any]) -> str:
    return hashlib.sha256(json.dumps(path, sort_keys=True).encode()).hexdigest()
