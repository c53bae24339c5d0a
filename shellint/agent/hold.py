"""What one shell holds, and when something is due for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shellint.agent.shells import Shell
from shellint.lease import Lease, held

__all__ = ["NEVER", "Hold", "beat_of", "own_lease", "renew_at"]

# Seconds before a shell would renew at its prompt.
AHEAD = 60.0
NEVER = float("inf")


@dataclass(slots=True)
class Hold:
    """What one shell holds.

    In unix seconds: `expires` is the end that the shell knows, `ends` that of the session it could have by now,
    `renew` when to get a longer one, which is `early` seconds before the end, or half of the session where that is
    less; `beat` when what its prompt says has changed. `step` is the last back-off.
    """

    lease: Lease
    shell: Shell
    kind: str
    directory: str
    since: float
    expires: float
    ends: float
    early: float
    renew: float
    beat: float
    env: Mapping[str, str] = field(repr=False)
    step: float = 0.0
    renewing: bool = False


def own_lease(env: Mapping[str, str], pid: int) -> Lease | None:
    """Return what the shell `pid` itself loaded."""
    lease = held(env)
    return lease if lease and lease.owner == pid and re.fullmatch("[0-9a-f]+", lease.id) else None


def renew_at(expires: float, now: float, early: float) -> float:
    """Return when to renew what ends then (unix seconds): when the hooks do, or a little before them."""
    left = max(0.0, expires - now)
    return NEVER if expires == NEVER else expires - min(early, left / 2) - min(AHEAD, left / 10)


def beat_of(each: Hold, now: float) -> float:
    """Return when the prompt of a shell changes that has no clock to count down by: each minute, 10 s in the last."""
    left = each.expires - now
    if each.kind != "fish" or each.expires == NEVER or left <= 0:
        return NEVER
    return now + (left % 60 + 1 if left > 60 else 10)
