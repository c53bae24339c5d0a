"""The sessions that a server hands out: each renewed when it is asked for and not much of it is left."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.errors import ShellintError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shellint.credentials import Credentials

__all__ = ["FRESH", "Sessions"]

FRESH = 960
"""Seconds that are left of what is handed out, where AWS gives as much: below 15 minutes botocore asks at every use."""

# Seconds until AWS is asked again: for a session too short to be ever fresh, and after a failure.
_PAUSE, _RETRY = 60.0, 5.0
_MOST = 64


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What trying gave, a session, a failure or both, and until when it stands (unix seconds)."""

    credentials: Credentials | None
    failure: ShellintError | None
    until: float

    def is_good(self, now: float) -> bool:
        return self.credentials is not None and self.credentials.left(now) > 0

    def session(self, now: float) -> Credentials:
        if self.credentials is not None and (self.is_good(now) or self.failure is None):
            return self.credentials
        raise self.failure or TypeError("neither a session nor a failure")


class Sessions:
    """Sessions by the ARN of a role, the profile's own by None; `obtain` gets one that is fresh, `now` is unix seconds.

    One thread at a time asks AWS. The others are given what is still good, or wait.
    """

    def __init__(self, obtain: Callable[[str | None], Credentials], now: Callable[[], float]) -> None:
        self._obtain = obtain
        self._now = now
        self._outcomes: dict[str | None, _Outcome] = {}
        self._lock = threading.Lock()

    def get(self, role_arn: str | None = None) -> Credentials:
        """Return a session. Raises ShellintError when there is no good one, and none is to be had."""
        last = self._outcomes.get(role_arn)
        if last is not None and self._now() < last.until:
            return last.session(self._now())
        good = last is not None and last.is_good(self._now())
        if last is not None and good and self._lock.locked():
            return last.session(self._now())
        with self._lock:
            last = self._outcomes.get(role_arn)
            if last is None or self._now() >= last.until:
                last = self._try(role_arn, last)
                # In the order of their renewal, so that what nobody asks for any more is the first to go.
                self._outcomes.pop(role_arn, None)
                self._outcomes[role_arn] = last
                while len(self._outcomes) > _MOST:
                    del self._outcomes[next(iter(self._outcomes))]
        return last.session(self._now())

    def _try(self, role_arn: str | None, last: _Outcome | None) -> _Outcome:
        try:
            made = self._obtain(role_arn)
        except ShellintError as failure:
            return _Outcome(last.credentials if last else None, failure, self._now() + _RETRY)
        now = self._now()
        if made.expires is None:
            return _Outcome(made, None, now + FRESH)
        return _Outcome(made, None, min(now + max(made.expires - now - FRESH, _PAUSE), made.expires))
