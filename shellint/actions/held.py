"""The credentials that a shell holds in its environment, whoever put them there, and where AWS is asked with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shellint.actions.planning import look_up
from shellint.credentials import Credentials, LongTermKey
from shellint.endpoint import Endpoint, sts_endpoint
from shellint.errors import AwsRefused, UsageError
from shellint.lease import Wish, held
from shellint.profiles import Profile
from shellint.request import Request
from shellint.sources.answers import StrangeAnswer, credentials_in
from shellint.sources.sts import Identity, sts_client
from shellint.variables import CREDENTIALS

__all__ = ["HeldCredentials", "identity_of", "meant"]

_KEYS = ("AccessKeyId", "SecretAccessKey", "SessionToken")
_STALE = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"})


@dataclass(frozen=True, slots=True)
class HeldCredentials:
    """What a shell holds: `profile` says where AWS is asked; `owner` is what a person calls it."""

    owner: str
    credentials: LongTermKey | Credentials
    profile: Profile
    sts: Endpoint


def meant(request: Request, wish: Wish | None, command: str, region: str | None = None) -> Wish | HeldCredentials:
    """Return whom `vault COMMAND` is about: the wish, else what the shell holds, else the profile AWS_PROFILE names.

    `region` is where a shell is asked; a wish has its own.
    Raises UsageError when there is nothing, or what is there AWS never gave, and ConfigError for a bad config file.
    """
    if wish is not None:
        return wish
    given = {key: request.env.get(name) for key, name in zip(_KEYS, CREDENTIALS, strict=True)}
    named = request.env.get("AWS_PROFILE")
    if named and not any(given.values()):
        return Wish(named, region=region)
    todo = f"`vault use PROFILE` loads some; or name a profile: vault {command} PROFILE"
    if not given["AccessKeyId"]:
        raise UsageError("there are no AWS credentials in this shell", todo)
    try:
        credentials = credentials_in(given, request.now())
    except StrangeAnswer as strange:
        raise UsageError(f"the AWS credentials in this shell cannot be used: {strange}", todo) from None
    lease = held(request.env)
    loaded = lease.profile if lease and lease.is_ours else None
    name = loaded or named or "default"
    setup = look_up(request, Wish(name, region=region))
    # What the shell has now is what its credentials are for, not what was there before `vault use`.
    profile = replace(setup, env=request.env, known=(*setup.known, name)).profile(name)
    return HeldCredentials(loaded or "this shell", credentials, profile, sts_endpoint(profile, ())[0])


def identity_of(request: Request, holding: HeldCredentials) -> Identity:
    """Return whom AWS takes the shell for. Raises as `Sts.call`."""
    sts = sts_client(
        holding.sts,
        holding.credentials,
        request.env,
        profile=holding.owner,
        owner=holding.owner,
        now=request.now,
    )
    try:
        return sts.identity()
    except AwsRefused as refused:
        if refused.code not in _STALE:
            raise
        failure = AwsRefused(refused.what, "`vault use PROFILE` loads others in their place", code=refused.code)
    raise failure
