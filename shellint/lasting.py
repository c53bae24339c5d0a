"""How long each session of a plan is to last: what was asked for, where, and what AWS allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shellint.durations import ROLE, SESSION_TOKEN, Limits, parse_duration
from shellint.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shellint.profiles import Profile

__all__ = ["DEFAULT", "DURATION_OPTION", "HOUR", "Lasting"]

HOUR = 3600
DURATION_OPTION = Origin("--duration")
DEFAULT = Origin("default")
# In aws-vault, the default of --duration (https://github.com/ByteNess/aws-vault).
_ASKED = (DURATION_OPTION, Origin("AWS_VAULT_DURATION"))


class Lasting:
    """The durations for `target`, of which `duration` seconds were asked for on the command line.

    A variable may ask for them in its place, as in aws-vault.

    Each method raises ConfigError, or UsageError for --duration, when AWS would not take what was asked for.
    """

    def __init__(self, target: Profile, env: Mapping[str, str], duration: int | None) -> None:
        self._target = target
        self._env = env
        origin = target.origins.get("duration_seconds")
        self._asked = DURATION_OPTION
        if duration is None and origin in _ASKED:
            duration, self._asked = target.duration_seconds, origin
        self._duration = duration

    def role(self, role: Profile) -> tuple[int, Origin]:
        """Return the duration of a role's session; --duration is for the last role of the chain alone."""
        own = (role.duration_seconds, role.origins.get("duration_seconds", Origin("")))
        return self._first(ROLE, HOUR, role is self._target, "AWS_ASSUME_ROLE_TTL", own)

    def device(self) -> tuple[int, Origin]:
        """Return the duration of the session that serves the roles of an MFA device."""
        return self._first(SESSION_TOKEN, 8 * HOUR, False, "AWS_CHAINED_SESSION_TOKEN_TTL")

    def key(self, *, asked: bool = True) -> tuple[int, Origin]:
        """Return the duration of the session of a key's own profile; not `asked` where a role comes on top of it."""
        return self._first(SESSION_TOKEN, HOUR, asked, "AWS_SESSION_TOKEN_TTL")

    def federation(self) -> tuple[int, Origin]:
        """Return the duration of the session with which a key opens the console."""
        return self._first(SESSION_TOKEN, HOUR, True, "AWS_FEDERATION_TOKEN_TTL")

    def ignored(self, decides: str) -> list[str]:
        """Return what to say when a duration was asked for and something else `decides`."""
        if self._duration is None:
            return []
        return [f"how long {self._target.name} lasts is decided by {decides}, not by {self._asked}"]

    def _first(
        self, limits: Limits, default: int, asked: bool, variable: str, *more: tuple[int | None, Origin]
    ) -> tuple[int, Origin]:
        candidates: list[tuple[int | str | None, Origin]] = [
            (self._duration if asked else None, self._asked),
            (self._env.get(variable) or None, Origin(variable)),
            *more,
        ]
        for value, origin in candidates:
            if value is not None:
                return limits.check(parse_duration(value, origin) if isinstance(value, str) else value, origin), origin
        return default, DEFAULT
