"""Who exists: users with keys and MFA devices, roles with their trust, sessions.

Identifiers have the shape of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tests.aws.totp import Mfa

if TYPE_CHECKING:
    from tests.aws.directory import Directory

__all__ = ["KEYS_PER_USER", "TRUST_ACTIONS", "AccessKey", "Caller", "KeyPair", "LastUsed", "Role", "Session", "User"]

KEYS_PER_USER = 2  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
TRUST_ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity")


def _identifier(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(length))


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(30)).decode()  # 40 characters, with + and / among them


def _token() -> str:
    return base64.b64encode(secrets.token_bytes(280)).decode()


class KeyPair(NamedTuple):
    """A key as its owner receives it, once."""

    access_key_id: str
    secret_access_key: str


class LastUsed(NamedTuple):
    """When (unix seconds) and for what a key was used last."""

    time: float
    service: str
    region: str


@dataclass(slots=True, eq=False)
class AccessKey:
    """A user's long-term key.

    AWS is consistent eventually: the next `unknown_for` requests with it are refused, and the next `unlisted_for` lists
    lack it.
    """

    access_key_id: str
    secret: str = field(repr=False)
    user: User
    created: float
    active: bool = True
    unknown_for: int = 0
    unlisted_for: int = 0
    last_used: LastUsed | None = None
    mfa: bool = False  # a long-term key alone never carries aws:MultiFactorAuthPresent

    @property
    def arn(self) -> str:
        """The ARN of the caller."""
        return self.user.arn

    @property
    def user_id(self) -> str:
        """The unique id that GetCallerIdentity shows."""
        return self.user.user_id

    @property
    def account(self) -> str:
        """The account that owns the caller."""
        return self.user.account


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Session:
    """Temporary credentials: of a user (GetSessionToken), a role, or a `federated` user. `expires` in unix seconds.

    `chained`: a role assumed with temporary credentials.
    """

    arn: str
    user_id: str
    account: str
    expires: int
    user: User | None = None
    role: Role | None = None
    mfa: bool = False
    chained: bool = False
    federated: bool = False
    transitive_tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str | None = None
    access_key_id: str = field(default_factory=lambda: _identifier("ASIA", 16))
    secret: str = field(default_factory=_secret, repr=False)
    token: str = field(default_factory=_token, repr=False)


Caller: TypeAlias = AccessKey | Session


@dataclass(slots=True, eq=False)
class User:
    """An IAM user."""

    name: str
    account: str
    directory: Directory = field(repr=False)
    created: float
    user_id: str = field(default_factory=lambda: _identifier("AIDA", 17))
    mfas: list[Mfa] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """The user's ARN."""
        return f"arn:aws:iam::{self.account}:user/{self.name}"

    @property
    def keys(self) -> list[AccessKey]:
        """The user's keys, the oldest first."""
        return [key for key in tuple(self.directory.keys.values()) if key.user is self]

    def add_key(self) -> KeyPair:
        """Make a key; raises ValueError at the third, as IAM's quota would."""
        if len(self.keys) >= KEYS_PER_USER:
            raise ValueError(f"{self.name} has {KEYS_PER_USER} access keys already")
        key = AccessKey(_identifier("AKIA", 16), _secret(), self, self.directory.clock())
        self.directory.keys[key.access_key_id] = key
        return KeyPair(key.access_key_id, key.secret)

    def deactivate(self, access_key_id: str) -> None:
        """Make a key inactive."""
        self.directory.keys[access_key_id].active = False

    def activate(self, access_key_id: str) -> None:
        """Make a key active again."""
        self.directory.keys[access_key_id].active = True

    def delete_key(self, access_key_id: str) -> None:
        """Delete a key."""
        del self.directory.keys[access_key_id]

    def add_mfa(self, serial: str | None = None) -> Mfa:
        """Give the user a device; its serial is an ARN unless another (a hardware token's) is given."""
        suffix = f"-{len(self.mfas) + 1}" if self.mfas else ""
        mfa = Mfa(serial or f"arn:aws:iam::{self.account}:mfa/{self.name}{suffix}", self.directory.clock)
        self.mfas.append(mfa)
        return mfa


@dataclass(slots=True, eq=False)
class Role:
    """A role and its trust policy.

    `trusted`: ARNs of users, roles, role sessions and identity providers, `arn:aws:iam::ACCOUNT:root`, a bare account
    id, or `*`.
    `actions`: what the policy allows them; tags and a source identity each need their own
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required).
    """

    name: str
    account: str
    trusted: tuple[str, ...]
    max_duration: int = 3600
    require_mfa: bool = False
    external_id: str | None = None
    actions: tuple[str, ...] = TRUST_ACTIONS
    role_id: str = field(default_factory=lambda: _identifier("AROA", 17))

    @property
    def arn(self) -> str:
        """The role's ARN; the name may hold a path (`team/admin`)."""
        return f"arn:aws:iam::{self.account}:role/{self.name}"

    def trusts(self, caller: Caller) -> bool:
        """Whether the Principal element names this caller.

        A role's ARN stands for all its sessions
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
        """
        names = {"*", caller.arn, caller.account, f"arn:aws:iam::{caller.account}:root"}
        if isinstance(caller, Session) and caller.role:
            names.add(caller.role.arn)
        return not names.isdisjoint(self.trusted)
