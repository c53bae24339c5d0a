"""The steps that lead to credentials, as plain values: what a plan is made of.

The first step of a plan is a root (StoredKey, Provided or WebIdentity); each further one makes a session with what the
step before it gave. A duration is in seconds, None where not AWS but what gives the credentials decides it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shellint.providers import Machine, Process, SignIn, Sso, WebIdentityToken

__all__ = [
    "AssumeRole",
    "FederationToken",
    "Provided",
    "Root",
    "SessionToken",
    "Step",
    "StoredKey",
    "WebIdentity",
    "session_name_of",
]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The long-term key stored under the name of `profile`."""

    profile: str


@dataclass(frozen=True, slots=True)
class SessionToken:
    """GetSessionToken with the key; `explicit` when a person asked for just that duration."""

    profile: str
    mfa_serial: str | None
    mfa_process: str | None
    duration: int
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class FederationToken:
    """GetFederationToken with the key: what the console takes in the place of a user's own session."""

    profile: str
    duration: int


@dataclass(frozen=True, slots=True)
class Provided:
    """Credentials that something else gives.

    `exchange` is what becomes of them should they turn out to be a long-term key, one without a token; None where the
    plan knows that they are one, and begins its further steps with it.
    """

    profile: str
    provider: Sso | Process | Machine | SignIn
    exchange: SessionToken | FederationToken | None

    @property
    def duration(self) -> None:
        """Nobody can say before they are there."""
        return None

    @property
    def is_kept(self) -> bool:
        """Whether all that shapes them is known, so that they can be kept.

        What a program prints depends on its directory, its environment and the day; what a machine has, on the machine.
        """
        return isinstance(self.provider, Sso)


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """AssumeRoleWithWebIdentity with a token; needs no credentials."""

    profile: str
    token: WebIdentityToken
    role_arn: str
    session_name: str
    duration: int


@dataclass(frozen=True, slots=True)
class AssumeRole:
    """AssumeRole with what the step before gave."""

    profile: str
    role_arn: str
    session_name: str
    external_id: str | None
    duration: int
    mfa_serial: str | None = None
    mfa_process: str | None = None
    session_tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None


Root = StoredKey | Provided | WebIdentity
Step = StoredKey | Provided | WebIdentity | SessionToken | FederationToken | AssumeRole


def session_name_of(user: str, host: str) -> str:
    """Return the name of a role's session that says who asked, in the characters that AWS takes.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    return re.sub(r"[^\w+=,.@-]", "-", f"{user or 'user'}@{host}", flags=re.ASCII)[:64]
