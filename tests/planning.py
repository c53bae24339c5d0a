"""Profiles and plans out of a config file in a few lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from shellint.config_file import parse_config
from shellint.errors import ShellintError
from shellint.plan import AssumeRole, Plan, SessionToken, StoredKey, make_plan
from shellint.profiles import Overrides, Profile, resolve

PATH = Path("/home/me/.aws/config")
MFA = "arn:aws:iam::123456789012:mfa/me"
OTHER_MFA = "arn:aws:iam::123456789012:mfa/other"
NOWHERE = Path("/nonexistent")
ROLE = "arn:aws:iam::123456789012:role/Admin"
OTHER_ROLE = "arn:aws:iam::210987654321:role/Other"


def arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


BASE = f"[profile base]\nregion = eu-west-1\nmfa_serial = {MFA}\n"
ONE = f"{BASE}[profile prod]\nrole_arn = {arn('prod')}\nsource_profile = base\n"
TWO = f"{ONE}[profile deep]\nrole_arn = {arn('deep')}\nsource_profile = prod\n"
THREE = f"{TWO}[profile deeper]\nrole_arn = {arn('deeper')}\nsource_profile = deep\n"


def with_mfa(text: str, role: str = "prod", serial: str = MFA) -> str:
    """Give the role profile `role` an mfa_serial."""
    line = f"role_arn = {arn(role)}\n"
    return text.replace(line, f"{line}mfa_serial = {serial}\n")


def plan_of(
    text: str,
    name: str = "prod",
    *,
    env: Mapping[str, str] | None = None,
    keys: tuple[str, ...] = ("base",),
    duration: int | None = None,
    session: bool = True,
    overrides: Overrides | None = None,
    user: str = "ann",
    host: str = "laptop",
    credentials_file: Path = NOWHERE,
) -> Plan:
    profile = resolve(name, parse_config(text.encode(), PATH), env or {}, overrides, known=keys)
    return make_plan(
        profile,
        env or {},
        has_key=lambda key: key in keys,
        user=user,
        host=host,
        duration=duration,
        session=session,
        credentials_file=credentials_file,
    )


def role_step(name: str, duration: int = 3600, mfa_serial: str | None = None) -> AssumeRole:
    return AssumeRole(name, arn(name), "ann@laptop", None, duration, mfa_serial)


def device(duration: int = 28_800, process: str | None = None) -> SessionToken:
    return SessionToken("base", MFA, process, duration)


KEY = StoredKey("base")
BARE = "[profile base]\nregion = eu-west-1\n"


def profile_of(
    text: str, name: str = "prod", env: Mapping[str, str] | None = None, overrides: Overrides | None = None
) -> Profile:
    return resolve(name, parse_config(text.encode(), PATH), env or {}, overrides, known=("keyed",))


def failure(
    text: str, name: str = "prod", env: Mapping[str, str] | None = None, overrides: Overrides | None = None
) -> ShellintError:
    with pytest.raises(ShellintError) as caught:
        profile_of(text, name, env, overrides)
    assert "\n" not in caught.value.what + caught.value.todo
    return caught.value
