"""What each step of a plan does, in words, with why it lasts as long as it does and what it asks of a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.durations import format_duration
from shellint.lasting import HOUR
from shellint.providers import Machine, Process, SignIn, Sso
from shellint.sessions import session_names
from shellint.steps import AssumeRole, FederationToken, Provided, SessionToken, Step, StoredKey, WebIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shellint.lasting import Lasting
    from shellint.origin import Origin
    from shellint.plan import Plan
    from shellint.profiles import Profile

__all__ = ["Described", "described"]

_MACHINE = {
    "Environment": "takes the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as it was before any `vault use`",
    "Ec2InstanceMetadata": "asks this machine's instance metadata for the credentials of its role",
    "EcsContainer": "asks the credential endpoint of this container",
}
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
_WITHOUT_MFA = "made without an MFA code: IAM refuses it, and STS all but AssumeRole and GetCallerIdentity"
_KEPT = {
    True: " unless the session that is kept lasts long enough",
    None: " unless its session of today is still kept",
    False: "",
}
# No session with MFA that is kept saves the code of such a role, other than its own.
_OWN = {
    True: ", unless the session that is kept lasts long enough",
    None: ", unless the session of this very role is still kept",
    False: "",
}


@dataclass(frozen=True, slots=True)
class Described:
    """A step in words; `lasts` is how long and why, None where nobody can say before; `remarks` are more of it."""

    step: Step
    words: str
    lasts: str | None = None
    remarks: tuple[str, ...] = ()


def described(
    plan: Plan,
    profile: Profile,
    lasting: Lasting,
    place: Callable[[Origin], str],
    *,
    sessions: Collection[str],
    force: bool = False,
    mfa_token: bool = False,
) -> tuple[Described, ...]:
    """Return the steps of the plan for `profile` in words.

    `place` shows an origin; `sessions` are the names of the sessions that are kept; `force` and `mfa_token` tell
    whether a new session was asked for and a code given.
    """
    chain = {profile.name: profile}
    while profile.source is not None:
        profile = profile.source
        chain[profile.name] = profile
    kept = _kept(plan, sessions)
    if force:
        kept = (*kept[:-1], False)
    steps = []
    for index, step in enumerate(plan.steps):
        is_last = step is plan.steps[-1]
        code = _code(step, given=mfa_token)
        if code is not None:
            mfa_token = False
        remarks = (
            code + _unless(step, kept[index]) if code else "",
            _WITHOUT_MFA if is_last and isinstance(step, SessionToken) and step.mfa_serial is None else "",
            _asks_more(step),
        )
        lasts = _lasts(step, chain, lasting, place, is_last=is_last)
        steps.append(Described(step, _words(step), lasts, tuple(filter(None, remarks))))
    return tuple(steps)


def _kept(plan: Plan, sessions: Collection[str]) -> tuple[bool | None, ...]:
    """Tell of each step whether a session of it is kept; None where its name begins with a key that is sealed."""
    root = plan.steps[0]
    if sessions and isinstance(root, Provided) and root.is_kept:
        return tuple(name in sessions for name in session_names(plan, None))
    return (None if sessions else False,) * len(plan.steps)


def _unless(step: Step, kept: bool | None) -> str:
    if not isinstance(step, AssumeRole):
        return _KEPT[kept]
    return (": a code of its own, because it is to last longer than 1h" if step.duration > HOUR else "") + _OWN[kept]


def _code(step: Step, *, given: bool) -> str | None:
    if not isinstance(step, SessionToken | AssumeRole) or step.mfa_serial is None:
        return None
    if given:
        return f"takes the code of --mfa-token for {step.mfa_serial}"
    if step.mfa_process is not None:
        return f"takes a code for {step.mfa_serial} from mfa_process"
    return f"asks for a code from {step.mfa_serial}"


def _asks_more(step: Step) -> str:
    """Return what a step that is given credentials may ask for beyond them."""
    if not isinstance(step, Provided):
        return ""
    if isinstance(step.provider, Sso):
        return "asks for a sign-in when the last one has ended"
    if step.exchange is None or isinstance(step.provider, SignIn):
        return ""
    code = _code(step.exchange, given=False)
    session = f"a session of {format_duration(step.exchange.duration)}"
    return f"a long-term key would be exchanged for {session}" + (f", which {code}" if code else "")


def _words(step: Step) -> str:
    match step:
        case StoredKey():
            return f"takes the stored key of {step.profile}"
        case SessionToken():
            return f"asks STS for a session of the key of {step.profile} (GetSessionToken)"
        case FederationToken():
            return f"asks STS for a session of the key of {step.profile} (GetFederationToken)"
        case AssumeRole():
            return f"assumes the role {step.role_arn} as {step.session_name}"
        case WebIdentity():
            token = f"in {step.token.file}" if step.token.file else "that web_identity_token_process prints"
            return f"assumes the role {step.role_arn} as {step.session_name} with the token {token}"
        case Provided():
            return _provider_words(step.provider)


def _provider_words(provider: Sso | Process | Machine | SignIn) -> str:
    match provider:
        case Sso():
            role = f"for the role {provider.role_name} in account {provider.account_id}"
            return f"asks IAM Identity Center {role}, with the sign-in to {provider.instance.name}"
        case Process():
            return "runs credential_process, which prints credentials"
        case SignIn():
            return f"takes the sign-in of {provider.session}, which `aws login` keeps"
        case Machine():
            return _MACHINE[provider.source]


def _lasts(
    step: Step, chain: Mapping[str, Profile], lasting: Lasting, place: Callable[[Origin], str], *, is_last: bool
) -> str | None:
    match step:
        case StoredKey():
            return None
        case Provided(provider=Sso()):
            return "as long as its permission set says"
        case Provided():
            return "as long as they say"
        case SessionToken():
            wanted, origin = lasting.key() if is_last else lasting.device()
        case FederationToken():
            wanted, origin = lasting.federation()
        case AssumeRole() | WebIdentity():
            wanted, origin = lasting.role(chain[step.profile])
    why = place(origin)
    if step.duration == wanted:
        return f"{format_duration(wanted)} ({why})"
    return f"{format_duration(step.duration)}, the most for a chained role ({format_duration(wanted)} by {why})"
