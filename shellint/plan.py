"""What will be done to get credentials for a profile, as data: a chain of steps, computed without network or store.

The rules, and where they come from:

- Credentials of a session are temporary, so a role assumed with them lives one hour at most, like every role above the
  first (https://repost.aws/knowledge-center/iam-role-chaining-limit).
- MFA is asked once, where the session token is made, and that session serves every role of the key and the device.
  Only a single role that asks for more than an hour takes a code of its own, straight from the key
  (https://github.com/99designs/aws-vault/issues/263).
- It is the role profile's mfa_serial that asks for MFA; that of its source alone asks nobody, as in the AWS CLI
  (https://github.com/99designs/aws-vault/issues/438). Where a role asks, its source needs no mfa_serial.
- A role profile starts from its source_profile, else from the key stored under its own name, else from what it says
  itself (a sign-in, a process, …); a profile without a role from its stored key first, as in aws-vault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.durations import format_duration
from shellint.endpoint import Endpoint, bearer_endpoint, sts_endpoint, url_notes
from shellint.keyless import keyless
from shellint.lasting import DEFAULT, HOUR, Lasting
from shellint.providers import Machine, PlainKey, SignIn, Sso, WebIdentityToken
from shellint.steps import AssumeRole, Provided, Root, SessionToken, Step, StoredKey, WebIdentity, session_name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shellint.origin import Origin
    from shellint.profiles import Profile

__all__ = [
    "AssumeRole",
    "Endpoint",
    "Plan",
    "Provided",
    "SessionToken",
    "Step",
    "StoredKey",
    "WebIdentity",
    "make_plan",
]

_Mfa = tuple[str | None, str | None]
"""The serial number of a device, and the process that prints its codes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for `profile`, the first of them a Root; `notes` are lines worth telling the person.

    `sts_origin` is who set the URL of STS, None where botocore finds it.
    `sso` and `oidc` are the endpoints of IAM Identity Center, where the root is a sign-in there; `sign_in` is that of
    the console, where the root is what `aws login` keeps.
    """

    profile: str
    region: str | None
    sts: Endpoint
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    sso: Endpoint | None = None
    oidc: Endpoint | None = None
    sign_in: Endpoint | None = None
    sts_origin: Origin | None = None

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Return what to say once STS was asked at a URL that was set for it."""
        return (f"STS is asked at {self.sts.url} ({self.sts_origin})",) if self.sts_origin else ()

    @property
    def duration(self) -> int | None:
        """How long the session it ends with is asked to last, in seconds; None when AWS is not asked for a length."""
        last = self.steps[-1]
        return None if isinstance(last, StoredKey) else last.duration


def make_plan(
    profile: Profile,
    env: Mapping[str, str],
    *,
    has_key: Callable[[str], bool],
    user: str,
    host: str,
    duration: int | None = None,
    session: bool = True,
    credentials_file: Path | None = None,
) -> Plan:
    """Return the plan for `profile`.

    `has_key` tells whether a key is stored under a name; `user` and `host` make the default session name; `duration` is
    what the command line asked for, in seconds. Without `session` a stored key is not exchanged by GetSessionToken: it
    assumes the first role itself, with the MFA code, and where there is no role it is all there is.
    `credentials_file`, the AWS one, is looked at only to say better what is missing.

    Raises ConfigError when there is nothing to start from or a duration is outside AWS's limits (UsageError for
    --duration).
    """
    hops = _hops(profile, has_key, credentials_file)
    holder = hops[-1]
    roles = [hop for hop in reversed(hops) if hop.role_arn]
    # The innermost role that asks for MFA is the nearest to the user whose device it is.
    asking = next((hop for hop in roles or hops if hop.mfa_serial), None)
    process = next((hop.mfa_process for hop in (asking, *hops) if hop and hop.mfa_process), None) if asking else None
    mfa: _Mfa = (asking.mfa_serial if asking else None, process)
    namer = session_name_of(user, host)
    lasting = Lasting(profile, env, duration)
    # One code is enough: where a role asks for it, what is below it goes without.
    exchange = _session_token(holder.name, (None, None) if roles else mfa, lasting, asked=not roles)
    root = _root(holder, has_key, exchange, env, lasting, namer)
    if isinstance(root, WebIdentity):
        roles = roles[1:]
    key = isinstance(root, StoredKey) or (isinstance(root, Provided) and root.exchange is None)
    notes: list[str] = []
    steps: list[Step] = []
    if not roles and isinstance(root, StoredKey) and not session:
        steps = []
    elif not roles and key:
        steps = [_session_token(holder.name, mfa, lasting)]
    elif not roles:
        notes = _ignored_duration(root, lasting)
    elif key:
        steps, notes = _roles_from_key(roles, holder.name if session else None, mfa, lasting, namer)
    else:
        steps, notes = _chained(roles, asking, mfa, lasting, namer)
    sts, sts_notes = sts_endpoint(profile, (*(role.role_arn for role in roles), holder.role_arn, mfa[0]))
    provider = root.provider if isinstance(root, Provided) else None
    sso = provider if isinstance(provider, Sso) else None
    notes += url_notes(profile, provider)
    return Plan(
        profile=profile.name,
        region=profile.region,
        sts=sts,
        steps=(root, *steps),
        notes=(*profile.notes, *notes, *(sts_notes if key or steps or isinstance(root, WebIdentity) else ())),
        sso=bearer_endpoint(profile, "sso", sso.instance.region) if sso else None,
        oidc=bearer_endpoint(profile, "sso_oidc", sso.instance.region) if sso else None,
        sign_in=bearer_endpoint(profile, "signin", holder.region or sts.region)
        if isinstance(provider, SignIn)
        else None,
        sts_origin=profile.origins.get("endpoint_url_sts") if sts.url else None,
    )


def _hops(profile: Profile, has_key: Callable[[str], bool], credentials_file: Path | None) -> list[Profile]:
    """Return the profiles from `profile` down to the one that everything starts from."""
    hops = [profile]
    while (source := hops[-1].source) and (hops[-1].role_arn or not has_key(hops[-1].name)):
        hops.append(source)
    holder = hops[-1]
    if not has_key(holder.name) and (holder.provider is None or isinstance(holder.provider, PlainKey)):
        raise keyless(profile, holder, credentials_file)
    return hops


def _root(
    holder: Profile,
    has_key: Callable[[str], bool],
    exchange: SessionToken,
    env: Mapping[str, str],
    lasting: Lasting,
    session_name: str,
) -> Root:
    provider = holder.provider
    if has_key(holder.name) or provider is None or isinstance(provider, PlainKey):
        return StoredKey(holder.name)
    if not isinstance(provider, WebIdentityToken):
        known = provider == Machine("Environment") and not env.get("AWS_SESSION_TOKEN")
        return Provided(holder.name, provider, None if known else exchange)
    if holder.role_arn is None:
        token = "web_identity_token_file" if provider.file else "web_identity_token_process"
        raise holder.origins[token].error(
            f"{holder.name} has {token} but no role_arn: a token is for a role", "add role_arn to the profile"
        )
    seconds, _ = lasting.role(holder)
    return WebIdentity(holder.name, provider, holder.role_arn, holder.role_session_name or session_name, seconds)


def _ignored_duration(root: Root, lasting: Lasting) -> list[str]:
    if not isinstance(root, Provided):
        return []
    return lasting.ignored("its permission set" if isinstance(root.provider, Sso) else "what gives its credentials")


def _session_token(profile: str, mfa: _Mfa, lasting: Lasting, *, asked: bool = True) -> SessionToken:
    seconds, origin = lasting.key(asked=asked)
    return SessionToken(profile, *mfa, seconds, explicit=origin != DEFAULT)


def _roles_from_key(
    roles: Sequence[Profile], key: str | None, mfa: _Mfa, lasting: Lasting, session_name: str
) -> tuple[list[Step], list[str]]:
    """Return the steps from the key of `key` through `roles`, innermost first, and notes on the last.

    None for `key`: the key is not exchanged for a session, so the first role takes the code.
    """
    last = roles[-1]
    wanted, origin = lasting.role(last)
    if len(roles) == 1 and not (mfa[0] and key and wanted <= HOUR):
        notes = [
            f"{last.name} is to last {format_duration(wanted)} ({origin}), so it takes an MFA code of its own:"
            " from a session that has one already, AWS gives a role 1h"
        ]
        return [_assume_role(last, wanted, mfa, session_name)], notes if mfa[0] and key else []
    if mfa[0] and key:
        steps, notes = _chained(roles, None, (None, None), lasting, session_name)
        return [SessionToken(key, *mfa, lasting.device()[0]), *steps], notes
    return _chained(roles, roles[0], mfa, lasting, session_name)


def _chained(
    roles: Sequence[Profile], asking: Profile | None, mfa: _Mfa, lasting: Lasting, session_name: str
) -> tuple[list[Step], list[str]]:
    """Return the steps through `roles` from credentials that are temporary, where `asking` takes its own MFA code.

    A role on the way only has to be there when the next is asked for: AWS could refuse it a length nobody wished for.
    """
    steps: list[Step] = []
    for role in roles:
        seconds, _ = lasting.role(role)
        steps.append(_assume_role(role, min(seconds, HOUR), mfa if role is asking else (None, None), session_name))
    last = roles[-1]
    wanted, origin = lasting.role(last)
    if wanted <= HOUR:
        return steps, []
    note = (
        f"{last.name} lasts 1h, not {format_duration(wanted)} ({origin}): it is a chained role, assumed with"
        " temporary credentials, and AWS gives those 1h at most"
    )
    return steps, [note]


def _assume_role(role: Profile, seconds: int, mfa: _Mfa, session_name: str) -> AssumeRole:
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
