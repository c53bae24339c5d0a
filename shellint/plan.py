"""What will be done to get credentials for a profile, as data: a chain of steps, computed without network or store.

The rules, and where they come from:

- Credentials of a session token are temporary, so a role assumed with them lives one hour at most, like every role
  above the first (https://repost.aws/knowledge-center/iam-role-chaining-limit).
- MFA is asked once, where the session token is made, and that session serves every role of the key and the device.
  Only a single role that asks for more than an hour takes a code of its own, straight from the key
  (https://github.com/99designs/aws-vault/issues/263).
- It is the role profile's mfa_serial that asks for MFA; that of its source alone asks nobody, as in the AWS CLI
  (https://github.com/99designs/aws-vault/issues/438). Where a role asks, its source needs no mfa_serial.
- A role profile starts from its source_profile, else from the key stored under its own name; a profile without a role
  the other way round, as in aws-vault.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.config_file import credentials_sections
from shellint.durations import ROLE, SESSION_TOKEN, Limits, format_duration, parse_duration
from shellint.endpoint import Endpoint, sts_endpoint
from shellint.errors import ConfigError
from shellint.origin import Origin
from shellint.profiles import PROVIDERS
from shellint.steps import AssumeRole, SessionToken, Step, StoredKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shellint.profiles import Profile

__all__ = ["AssumeRole", "Endpoint", "Plan", "SessionToken", "Step", "StoredKey", "make_plan"]

_HOUR = 3600
_DEVICE_SESSION = 8 * _HOUR
_DURATION_OPTION = Origin("--duration")
_DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for `profile`, the first of them a StoredKey; `notes` are lines worth telling the person."""

    profile: str
    region: str | None
    sts: Endpoint
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> int:
        """How long the session it ends with is asked to last, in seconds."""
        last = self.steps[-1]
        return 0 if isinstance(last, StoredKey) else last.duration


def make_plan(
    profile: Profile,
    env: Mapping[str, str],
    *,
    has_key: Callable[[str], bool],
    user: str,
    host: str,
    duration: int | None = None,
    credentials_file: Path | None = None,
) -> Plan:
    """Return the plan for `profile`.

    `has_key` tells whether a key is stored under a name; `user` and `host` make the default session name; `duration` is
    what the command line asked for, in seconds. `credentials_file`, the AWS one, is looked at only to say better what
    is missing.

    Raises ConfigError when there is no key to start from or a duration is outside AWS's limits (UsageError for
    --duration).
    """
    if duration is None and profile.origins.get("duration_seconds") == _DURATION_OPTION:
        duration = profile.duration_seconds
    hops = _hops(profile, has_key, credentials_file)
    roles = [hop for hop in reversed(hops) if hop.role_arn]
    # The innermost role that asks for MFA is the nearest to the user whose device it is.
    asking = next((hop for hop in roles or hops if hop.mfa_serial), None)
    serial = asking.mfa_serial if asking else None
    process = next((hop.mfa_process for hop in (asking, *hops) if hop and hop.mfa_process), None) if asking else None
    if roles:
        steps, notes = _role_steps(roles, hops[-1].name, env, duration, (serial, process), _session_name(user, host))
    else:
        seconds, origin = _lasting(SESSION_TOKEN, _HOUR, *_asked(duration, env, "AWS_SESSION_TOKEN_TTL"))
        steps, notes = [SessionToken(hops[-1].name, serial, process, seconds, explicit=origin != _DEFAULT)], []
    sts, sts_notes = sts_endpoint(profile, (*(role.role_arn for role in roles), serial))
    return Plan(
        profile=profile.name,
        region=profile.region,
        sts=sts,
        steps=(StoredKey(hops[-1].name), *steps),
        notes=(*profile.notes, *notes, *sts_notes),
    )


def _hops(profile: Profile, has_key: Callable[[str], bool], credentials_file: Path | None) -> list[Profile]:
    """Return the profiles from `profile` down to the one whose stored key everything starts from."""
    hops = [profile]
    while (source := hops[-1].source) and (hops[-1].role_arn or not has_key(hops[-1].name)):
        hops.append(source)
    if not has_key(hops[-1].name):
        raise _keyless(profile, hops[-1], credentials_file)
    return hops


def _role_steps(
    roles: Sequence[Profile],
    key: str,
    env: Mapping[str, str],
    duration: int | None,
    mfa: tuple[str | None, str | None],
    session_name: str,
) -> tuple[list[Step], list[str]]:
    """Return the steps from the key stored as `key` through `roles`, innermost first, and notes on the last."""
    steps: list[Step] = []
    notes: list[str] = []
    direct: tuple[str | None, str | None] = (None, None)
    last = roles[-1]
    wanted, origin = _role_duration(last, env, duration)
    if mfa[0] and len(roles) == 1 and wanted > _HOUR:
        direct = mfa
        notes.append(
            f"{last.name} is to last {format_duration(wanted)} ({origin}), so it takes an MFA code of its own:"
            " from a session that has one already, AWS gives a role 1h"
        )
    elif mfa[0]:
        seconds, _ = _lasting(SESSION_TOKEN, _DEVICE_SESSION, *_asked(None, env, "AWS_CHAINED_SESSION_TOKEN_TTL"))
        steps.append(SessionToken(key, *mfa, seconds))
    for role in roles:
        seconds, _ = _role_duration(role, env, duration if role is last else None)
        # What was assumed, or made with a code, before is what makes this role a chained one. One on the way only has
        # to be there when the next is asked for: AWS could refuse it a length that nobody wished for.
        capped = steps or role is not last
        steps.append(_assume_role(role, min(seconds, _HOUR) if capped else seconds, direct, session_name))
    if len(steps) > 1 and wanted > _HOUR:
        notes.append(
            f"{last.name} lasts 1h, not {format_duration(wanted)} ({origin}): it is a chained role, assumed with"
            " temporary credentials, and AWS gives those 1h at most"
        )
    return steps, notes


def _assume_role(role: Profile, seconds: int, mfa: tuple[str | None, str | None], session_name: str) -> AssumeRole:
    return AssumeRole(
        profile=role.name,
        role_arn=role.role_arn or "",
        session_name=role.role_session_name or session_name,
        external_id=role.external_id,
        duration=seconds,
        mfa_serial=mfa[0],
        mfa_process=mfa[1],
        session_tags=role.session_tags,
        transitive_tag_keys=role.transitive_tag_keys,
        source_identity=role.source_identity,
    )


def _role_duration(role: Profile, env: Mapping[str, str], asked: int | None) -> tuple[int, Origin]:
    own = (role.duration_seconds, role.origins.get("duration_seconds", Origin("")))
    return _lasting(ROLE, _HOUR, *_asked(asked, env, "AWS_ASSUME_ROLE_TTL"), own)


def _asked(asked: int | None, env: Mapping[str, str], variable: str) -> list[tuple[int | str | None, Origin]]:
    return [(asked, _DURATION_OPTION), (env.get(variable) or None, Origin(variable))]


def _lasting(limits: Limits, default: int, *candidates: tuple[int | str | None, Origin]) -> tuple[int, Origin]:
    """Return the first duration that is given, in seconds, and where; `default` when there is none."""
    for value, origin in candidates:
        if value is not None:
            return limits.check(parse_duration(value, origin) if isinstance(value, str) else value, origin), origin
    return default, _DEFAULT


def _session_name(user: str, host: str) -> str:
    """Return `user@host` as AWS takes it: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
    return re.sub(r"[^\w+=,.@-]", "-", f"{user or 'user'}@{host}", flags=re.ASCII)[:64]


def _keyless(profile: Profile, holder: Profile, credentials_file: Path | None) -> ConfigError:
    """Return the error that says why `holder`, from which `profile` starts, has no credentials to start from."""
    needs = "" if holder is profile else f"{profile.name} needs the credentials of {holder.name}: "
    add = f"`vault add {shlex.quote(holder.name)}`"
    if holder.provider == "aws_access_key_id":
        place: object = holder.origins["aws_access_key_id"]
    elif credentials_file and holder.name in credentials_sections(credentials_file):
        place = credentials_file
    elif holder.provider:
        return ConfigError(
            f"{needs}{holder.name} gets its credentials from {PROVIDERS[holder.provider]} ({holder.provider},"
            f" {holder.origins[holder.provider]}), which shellint cannot do yet",
            f"{add} stores a key for it, if there is one",
        )
    else:
        return ConfigError(f"{needs}{holder.name} has no key and no source", f"{add} stores a key for it")
    return ConfigError(
        f"{needs}the key of {holder.name} is only in {place}, unencrypted",
        f"{add} stores it (a `vault import` that fetches it from there is to come)",
    )
