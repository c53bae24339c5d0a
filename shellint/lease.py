"""A session in one shell, as that shell's own environment writes it down (`SHELLINT_*`).

A child shell, a tmux pane or a fresh `vault` process reads it without asking anybody. The variables may come from
anywhere, so whatever is malformed counts as not there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TypeGuard

from shellint.variables import SAVED_LIMIT, SHAPING, is_touched

__all__ = ["Lease", "Saved", "Wish", "digest", "held"]


@dataclass(frozen=True, slots=True)
class Wish:
    """All that was asked for and shaped the session: what `refresh` must repeat exactly.

    Durations are seconds. `environment` holds the variables that shape a session and that `use` then unsets or that
    the person may change later (AWS_ROLE_ARN, the TTLs of aws-vault, ...). `no_session`: a stored key is not exchanged
    by GetSessionToken.
    """

    profile: str
    duration: int | None = None
    minimum: int | None = None
    region: str | None = None
    role_arn: str | None = None
    source_profile: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    no_session: bool = False

    def encode(self) -> str:
        """Return the opaque text of SHELLINT_REQUEST."""
        return _encode({name: value for name, value in _values(self).items() if value})

    @classmethod
    def decode(cls, text: str) -> Wish | None:
        """Undo `encode`; None for anything malformed."""
        values = _decode(text)
        if not values.get("profile") or values.keys() - {each.name for each in fields(cls)}:
            return None
        numbers = {name: values.get(name) for name in ("duration", "minimum")}
        texts = {name: values.get(name) for name in ("profile", "region", "role_arn", "source_profile")}
        environment, no_session = values.get("environment", {}), values.get("no_session", False)
        if (
            not all(value is None or type(value) is int for value in numbers.values())
            or not all(value is None or _is_text(value) for value in texts.values())
            or not _is_text_map(environment)
            or environment.keys() - {*SHAPING}
            or not isinstance(no_session, bool)
        ):
            return None
        return cls(**numbers, **texts, environment=environment, no_session=no_session)  # type: ignore[arg-type]  # checked just above


@dataclass(frozen=True, slots=True)
class Saved:
    """What SHELLINT_SAVED says: what was there before the first `use`, and what was put in its place.

    `put` maps each name that was touched to the digest of the value that was put there, None for "unset".
    `was` maps a name to its former value; `sealed` are the names whose former value rests in the store, under
    `lease`; a name in `put` that is in neither was absent.
    """

    lease: str
    put: Mapping[str, str | None]
    was: Mapping[str, str]
    sealed: tuple[str, ...] = ()

    def encode(self) -> str:
        """Return the opaque text of SHELLINT_SAVED."""
        return _encode(_values(self))

    @classmethod
    def decode(cls, text: str) -> Saved | None:
        """Undo `encode`; None for anything malformed or for a name that is not in our table."""
        values = _decode(text) if len(text) <= SAVED_LIMIT else {}
        if values.keys() != {each.name for each in fields(cls)}:
            return None
        lease, put, was, sealed = (values[name] for name in ("lease", "put", "was", "sealed"))
        if (
            not _is_text(lease)
            or not isinstance(put, dict)
            or not all(value is None or isinstance(value, str) for value in put.values())
            or not _is_text_map(was)
            or not isinstance(sealed, list)
            or not all(isinstance(name, str) for name in sealed)
            or not all(map(is_touched, put))
            or not {*was, *sealed} <= put.keys()
        ):
            return None
        return cls(lease, put, was, tuple(sealed))

    def is_ours(self, name: str, env: Mapping[str, str]) -> bool:
        """Whether `name` still holds what we put there."""
        expected = self.put[name]
        return name not in env if expected is None else name in env and digest(self.lease, env[name]) == expected


@dataclass(frozen=True, slots=True)
class Lease:
    """A loaded session. `expires` is in unix seconds on the local clock, None when it never ends.

    `owner` is the pid of the shell that loaded it.
    `is_ours` is False once AWS_ACCESS_KEY_ID is no longer the key that was loaded: the person pasted others, or
    another tool did, and these are not our credentials any more. `lock` is the lock stamp that there was when it was
    loaded, empty for none.
    """

    id: str
    profile: str
    expires: int | None
    owner: int | None
    wish: Wish | None
    saved: Saved | None
    is_ours: bool
    lock: str = ""


def held(env: Mapping[str, str]) -> Lease | None:
    """Read the lease written in `env`, or None when there is none."""
    expires, owner = env.get("SHELLINT_EXPIRES", ""), env.get("SHELLINT_OWNER", "")
    if not env.get("SHELLINT_SESSION") or (expires and not _is_number(expires)):
        return None
    wish = Wish.decode(env.get("SHELLINT_REQUEST", ""))
    return Lease(
        id=env["SHELLINT_SESSION"],
        profile=wish.profile if wish else env.get("AWS_VAULT", ""),
        expires=int(expires) if expires else None,
        owner=int(owner) if _is_number(owner) else None,
        wish=wish,
        saved=Saved.decode(env.get("SHELLINT_SAVED", "")),
        is_ours=bool(env.get("SHELLINT_KEY")) and env.get("AWS_ACCESS_KEY_ID") == env["SHELLINT_KEY"],
        lock=env.get("SHELLINT_LOCK", ""),
    )


def digest(lease: str, value: str) -> str:
    """Return what stands in SHELLINT_SAVED for a value that was put: enough to recognise it, not to read it."""
    return hashlib.sha256(f"{lease}\0{value}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _values(of: Wish | Saved) -> dict[str, object]:
    return {each.name: getattr(of, each.name) for each in fields(of)}  # asdict copies what is in them too


def _encode(values: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode()


def _decode(text: str) -> dict[str, object]:
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _is_text(value: object) -> TypeGuard[str]:
    """Whether an environment could hold it: JSON can also write NUL, and halves of characters."""
    try:
        return isinstance(value, str) and b"\0" not in value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


def _is_text_map(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12
