"""The steps that lead to credentials, as plain values: what a plan is made of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AssumeRole", "SessionToken", "Step", "StoredKey"]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The long-term key stored under the name of `profile`."""

    profile: str


@dataclass(frozen=True, slots=True)
class SessionToken:
    """GetSessionToken with the key; `duration` in seconds, `explicit` when a person asked for just that."""

    profile: str
    mfa_serial: str | None
    mfa_process: str | None
    duration: int
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class AssumeRole:
    """AssumeRole with what the step before gave; `duration` in seconds, MFA only straight from a key."""

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


Step = StoredKey | SessionToken | AssumeRole
