"""Which session is which: the name under which the store keeps the outcome of a step.

Two requests get the same session only if AWS would have made the same one for both. So the name is a digest of all
that shapes it: the key it starts from, the partition or endpoint that made it, and every step on the way with every
field, except those listed here (aws-vault kept serving the old session when a role, a tag or a duration had changed).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shellint.partitions import partition_of_region
from shellint.steps import SessionToken

if TYPE_CHECKING:
    from shellint.plan import Plan
    from shellint.steps import Step
    from shellint.store import Store

__all__ = ["forget_key", "session_names"]

# How a profile is called, how its code is got and who chose the duration leave no trace in the session.
_SHAPELESS = {"profile", "mfa_process", "explicit"}


def session_names(plan: Plan, access_key_id: str) -> tuple[str, ...]:
    """Return the name of the session that each step after the first makes, when the first gives `access_key_id`.

    The region is not in it: a session is good in all regions of its partition.
    """
    path: list[Any] = [{"key": access_key_id, "sts": plan.sts.url or partition_of_region(plan.sts.region)}]
    names = []
    for step in plan.steps[1:]:
        path.append(_shape(step))
        names.append(_family(access_key_id) + _digest(path))
    return tuple(names)


def forget_key(store: Store, access_key_id: str) -> int:
    """Forget every session made from a key, of whatever profile, and return how many there were."""
    return len(store.delete_where("session", lambda name: name.startswith(_family(access_key_id))))


def _family(access_key_id: str) -> str:
    """Return what the names of all sessions of one key begin with."""
    return _digest([access_key_id])[:16] + "-"


def _shape(step: Step) -> dict[str, Any]:
    shape = {name: value for name, value in asdict(step).items() if name not in _SHAPELESS}
    if isinstance(step, SessionToken) and step.mfa_serial is not None and not step.explicit:
        # The session of an MFA device serves every role and the key's own profile, however long each would have made
        # it: that is what makes one code enough for the day.
        del shape["duration"]
    return {"step": type(step).__name__} | shape


def _digest(path: list[Any]) -> str:
    return hashlib.sha256(json.dumps(path, sort_keys=True).encode()).hexdigest()
