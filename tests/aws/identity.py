"""Who exists: users with keys and MFA devices, roles with their trust, sessions.

Identifiers have the shape of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from tests.aws.totp import Mfa

__all__ = ["TRUST_ACTIONS", "AccessKey", "Caller", "Directory", "KeyPair", "Role", "Session", "User"]

KEYS_PER_USER = 2  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
TRUST_ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


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


@dataclass(slots=True, eq=False)
class AccessKey:
    """A user's long-term key."""

    access_key_id: str
    secret: str = field(repr=False)
    user: User
    active: bool = True
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
    """Temporary credentials: of a user (GetSessionToken) or of a role. `expires` is in unix seconds."""

    arn: str
    user_id: str
    account: str
    expires: int
    user: User | None = None
    role: Role | None = None
    mfa: bool = False
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
    user_id: str = field(default_factory=lambda: _identifier("AIDA", 17))
    mfas: list[Mfa] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """The user's ARN."""
        return f"arn:aws:iam::{self.account}:user/{self.name}"

    def add_key(self) -> KeyPair:
        """Make a key; raises ValueError at the third, as IAM's quota would."""
        if sum(key.user is self for key in self.directory.keys.values()) >= KEYS_PER_USER:
            raise ValueError(f"{self.name} has {KEYS_PER_USER} access keys already")
        key = AccessKey(_identifier("AKIA", 16), _secret(), self)
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

    `trusted`: ARNs of users, roles and role sessions, `arn:aws:iam::ACCOUNT:root`, a bare account id, or `*`.
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


class Directory:
    """Everything that exists, in every account; `clock` gives unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.keys: dict[str, AccessKey] = {}
        self.roles: dict[str, Role] = {}
        self.sessions: dict[str, Session] = {}

    def find(self, access_key_id: str) -> Caller | None:
        """Return the holder of a key, long-term or temporary."""
        return self.keys.get(access_key_id) or self.sessions.get(access_key_id)

    def new_user(self, name: str, account: str) -> User:
        """Make a user."""
        return User(name, account, self)

    def add_role(self, role: Role) -> Role:
        """Keep a role."""
        self.roles[role.arn] = role
        return role

    def session_of_user(self, user: User, *, expires: int, mfa: bool) -> Session:
        """Make temporary credentials for a user: they are the user's own, under the user's ARN."""
        return self._keep(
            Session(arn=user.arn, user_id=user.user_id, account=user.account, expires=expires, user=user, mfa=mfa)
        )

    def session_of_role(
        self, role: Role, name: str, *, expires: int, transitive_tags: Mapping[str, str], source_identity: str | None
    ) -> Session:
        """Make temporary credentials for a role.

        They carry no MFA, even when MFA was given to get them
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html).
        """
        return self._keep(
            Session(
                arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name.rsplit('/', 1)[-1]}/{name}",
                user_id=f"{role.role_id}:{name}",
                account=role.account,
                expires=expires,
                role=role,
                transitive_tags=transitive_tags,
                source_identity=source_identity,
            )
        )

    def _keep(self, session: Session) -> Session:
        self.sessions[session.access_key_id] = session
        return session
