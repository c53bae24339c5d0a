"""What an action of the query protocol is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from tests.aws.directory import Directory
from tests.aws.identity import Caller, Session
from tests.aws.messages import Element

__all__ = ["Action", "Call", "credentials", "instant"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who asks, with what; `expiry` turns the seconds asked for into the unix time of the end."""

    asker: Caller | None
    parameters: Mapping[str, str]
    directory: Directory
    expiry: Callable[[int], int]

    @property
    def caller(self) -> Caller:
        """Who asks, in a call that was signed."""
        assert self.asker is not None
        return self.asker

    def duration(self, default: int) -> int:
        """Return DurationSeconds."""
        return int(self.parameters.get("DurationSeconds", default))


Action: TypeAlias = "Callable[[Call], Element | None]"


def credentials(session: Session) -> Element:
    """Return a session as STS gives it."""
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": instant(session.expires),
    }


def instant(time: float) -> str:
    """Write a moment (unix seconds) as AWS does in XML."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
