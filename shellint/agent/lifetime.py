"""How long the agent keeps what opens the stores, and how long it stays. Times are seconds of any one clock."""

from __future__ import annotations

__all__ = ["IDLE", "KEYS_KEPT", "Lifetime"]

IDLE = 1800.0
"""Seconds without a command and without a shell that holds something, after which there is nothing to be here for."""
KEYS_KEPT = 43_200.0
"""Seconds after which what opens the stores is forgotten, whatever is held."""


class Lifetime:
    """When a command came last, and when everything was forgotten last."""

    def __init__(self, now: float) -> None:
        self._asked = self._forgot = now

    def asked(self, now: float) -> None:
        """Note a command."""
        self._asked = now

    def is_unused(self, now: float, *, held: bool) -> bool:
        """Tell whether nobody needs the agent; `held`: a shell holds something."""
        return not held and now - self._asked >= IDLE

    def is_stale(self, now: float) -> bool:
        """Tell whether what opens the stores has been kept as long as it may be; true once, then it counts anew."""
        if now - self._forgot < KEYS_KEPT:
            return False
        self._forgot = now
        return True

    def wait(self, now: float, *, held: bool) -> float:
        """Return for how many seconds none of this changes by itself."""
        due = [self._forgot + KEYS_KEPT] if held else [self._forgot + KEYS_KEPT, self._asked + IDLE]
        return min(max(0.0, when - now) for when in due)
