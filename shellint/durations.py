"""Durations as people write them (`900`, `15m`, `1h30m`, `12h`) and as they are shown; in the program, seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shellint.origin import Origin, shown

__all__ = ["ROLE", "SESSION_TOKEN", "Limits", "format_duration", "parse_duration"]

_DURATION = re.compile(r"(?=[0-9])(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s?)?")


@dataclass(frozen=True, slots=True)
class Limits:
    """The shortest and longest session, in seconds, that AWS grants for one kind of request."""

    shortest: int
    longest: int

    def check(self, seconds: int, origin: Origin) -> int:
        """Return `seconds` when within the limits, else raise the origin's error."""
        if self.shortest <= seconds <= self.longest:
            return seconds
        shortest, longest = format_duration(self.shortest), format_duration(self.longest)
        raise origin.error(
            f"{format_duration(seconds)} is out of range: AWS takes {shortest} to {longest} here",
            f"ask for {shortest} to {longest}",
        )


ROLE = Limits(900, 43_200)
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (a role may set a lower maximum)."""

SESSION_TOKEN = Limits(900, 129_600)
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html, and GetFederationToken has the same."""


def parse_duration(text: str, origin: Origin) -> int:
    """Return the seconds that `text` means; a bare number is seconds.

    Raises UsageError when `origin` is an option, else ConfigError, naming the origin either way: a value that cannot be
    read is never silently replaced by a default.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise origin.error(f"{shown(text)} is not a duration", "write it as 900 (seconds), 15m, 1h30m or 12h")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def format_duration(seconds: int) -> str:
    """Return `seconds` (not negative) as `parse_duration` reads them, without empty parts: `1h30m`, `59m`, `0s`."""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount) or "0s"
