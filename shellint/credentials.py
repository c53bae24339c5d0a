"""The values everything else passes around: long-term keys and the sessions made from them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf

__all__ = ["Credentials", "LongTermKey"]


@dataclass(frozen=True, slots=True)
class LongTermKey:
    """An IAM access key. It never reaches an environment; it is only ever exchanged at STS."""

    access_key_id: str
    secret_access_key: str = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the form in which the store keeps it."""
        return json.dumps([self.access_key_id, self.secret_access_key]).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> LongTermKey:
        """Undo `to_bytes`."""
        access_key_id, secret_access_key = json.loads(data)
        return cls(access_key_id, secret_access_key)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session as AWS gave it.

    `expiration` is AWS's own time (UTC, whole seconds). `expires` is the same moment in unix seconds on the clock of
    this machine, corrected by the Date header of the answer; `issued` is when the answer came, on the same clock. Both
    ends are None for credentials of another program that named none.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime | None
    expires: int | None
    issued: int

    @property
    def expiration_text(self) -> str | None:
        """`YYYY-MM-DDTHH:MM:SSZ`: botocore refuses a time without a zone."""
        return self.expiration.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self.expiration else None

    def left(self, now: float) -> float:
        """Return the seconds that are left at `now` (unix seconds), infinity when there is no end."""
        return inf if self.expires is None else self.expires - now

    def to_bytes(self) -> bytes:
        """Return the form in which the store keeps it."""
        return json.dumps(
            {
                "access_key_id": self.access_key_id,
                "secret_access_key": self.secret_access_key,
                "session_token": self.session_token,
                "expiration": self.expiration_text,
                "expires": self.expires,
                "issued": self.issued,
            }
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Credentials:
        """Undo `to_bytes`."""
        fields = json.loads(data)
        fields["expiration"] = datetime.fromisoformat(fields["expiration"]) if fields["expiration"] else None
        return cls(**fields)
