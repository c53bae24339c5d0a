"""`login`: a session, then a token of the federation endpoint, then the console in a browser.

The address that opens the console is a secret for 15 minutes. A browser gets it from a one-time address of the
loopback; only who asks for it (`--print`) sees it.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from shellint.actions.grant import grant, wish_for
from shellint.actions.held import HeldCredentials, identity_of, meant
from shellint.actions.planning import look_up, plan_from
from shellint.browser import browser_command, installed_command, open_url
from shellint.console import Console, console_of, destination, login_url, logout_url
from shellint.credentials import Credentials
from shellint.durations import format_duration
from shellint.endpoint import Endpoint, bearer_endpoint
from shellint.errors import ShellintError, UsageError
from shellint.lasting import HOUR, Lasting
from shellint.lease import Wish
from shellint.partitions import partition_of_arn, partition_of_region
from shellint.plan import Plan
from shellint.profiles import Profile
from shellint.request import Reply, Request
from shellint.sources.federation import sign_in_token
from shellint.sources.federation_token import get_federation_token
from shellint.sources.sts import sts_client
from shellint.sso.loopback import Loopback
from shellint.steps import AssumeRole, FederationToken, Provided, SessionToken, StoredKey

__all__ = ["login"]

# Seconds for a browser to come for the address: time enough to start one, and less than the address is good.
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class _Entrance:
    """A session that the console takes, and where; `seconds` is how long it is to stay open, None as the session."""

    owner: str
    session: Credentials
    console: Console
    region: str | None
    endpoint: Endpoint
    seconds: int | None = None
    notes: tuple[str, ...] = ()


def login(
    request: Request,
    wish: Wish | None,
    *,
    region: str | None = None,
    path: str | None = None,
    printed: bool = False,
    browser: str | None = None,
    logout: bool = False,
    force: bool = False,
    mfa_token: str | None = None,
) -> Reply:
    """Open the console with what `wish` comes to, or with what this shell holds; `region` is then where.

    `printed` prints the address instead; `browser` is the command that opens it; `logout` signs the browser out first.
    Raises ShellintError when there is no browser, or none that comes for the address.
    """
    who = meant(request, wish, "login", region)
    # Before anybody is asked for an MFA code.
    command = None if printed else _browser(request, browser)
    if isinstance(who, HeldCredentials):
        entrance = _of_shell(request, who)
    else:
        entrance = _of_profile(request, wish_for(request, who), path, force=force, mfa_token=mfa_token)
    page = destination(entrance.console, entrance.region, path)
    token = sign_in_token(
        entrance.endpoint,
        entrance.console.sign_in,
        entrance.session,
        request.env,
        owner=entrance.owner,
        seconds=entrance.seconds,
    )
    url = login_url(entrance.console, token, page)
    if logout:
        url = logout_url(entrance.console, url)
    if command is None:
        warning = "the address is a secret: for 15 minutes it lets in whoever has it"
        return Reply(out=f"{url}\n", notes=(*entrance.notes, warning))
    for note in entrance.notes:
        request.human.say(note)
    _open(request, entrance, url, command)
    return Reply()


def _browser(request: Request, named: str | None) -> Sequence[str]:
    """Return the command that opens pages."""
    found = installed_command(named, request.env) if named is not None else browser_command(request.env)
    if found is None and named is not None:
        raise UsageError(f"--browser names no command that is installed: {named}", "name one, %s in it for the address")
    if found is None:
        raise ShellintError(
            "no browser can be opened from here", "--print prints the address instead; --browser or BROWSER names one"
        )
    return found


def _of_shell(request: Request, holding: HeldCredentials) -> _Entrance:
    identity = identity_of(request, holding)
    console = console_of(partition_of_arn(identity.arn) or "aws")
    session = holding.credentials
    if not isinstance(session, Credentials):
        seconds, _ = Lasting(holding.profile, request.env, None).federation()
        sts = sts_client(holding.sts, session, request.env, profile=holding.owner, owner=holding.owner, now=request.now)
        session = get_federation_token(sts, FederationToken(holding.owner, seconds))
    elif identity.is_user:
        name = shlex.quote(holding.owner) if holding.owner == holding.profile.name else "PROFILE"
        raise ShellintError(
            f"this shell holds a session of {identity.arn}, and the console takes no user's own session",
            f"`vault login {name}` opens it with the stored key, or name a profile with a role",
        )
    endpoint, notes = _federation_endpoint(holding.profile, holding.sts.region)
    region = _region_in(console, holding.profile.region)
    return _Entrance(holding.owner, session, console, region, endpoint, notes=notes)


def _of_profile(request: Request, wish: Wish, path: str | None, *, force: bool, mfa_token: str | None) -> _Entrance:
    setup = look_up(request, wish)
    profile = setup.profile(wish.profile)
    plan = plan_from(request, wish, setup, profile)
    console = console_of(partition_of_region(plan.sso.region if plan.sso and not plan.region else plan.sts.region))
    region = _region_in(console, plan.region)
    destination(console, region, path)  # a path that is none is said before anybody is asked
    endpoint, notes = _federation_endpoint(profile, plan.sts.region)
    plan, seconds = _for_console(plan, Lasting(profile, setup.env, wish.duration), wish.duration)
    granted = grant(request, wish, plan, force=force, mfa_token=mfa_token)
    return _Entrance(wish.profile, granted.credentials, console, region, endpoint, seconds, (*granted.notes, *notes))


def _for_console(plan: Plan, lasting: Lasting, wanted: int | None) -> tuple[Plan, int | None]:
    """Return the plan for a session that the console takes, and how long the console is to stay open (seconds).

    A user's own session is none of them: the key asks for one of a federated user. A role that is assumed with the key
    itself may have a console that stays open longer than the role's sessions, so these need not last as long; of any
    other session the console ends with it.
    """
    root, last = plan.steps[0], plan.steps[-1]
    if isinstance(last, SessionToken):
        return replace(plan, steps=(*plan.steps[:-1], FederationToken(last.profile, lasting.federation()[0]))), None
    if isinstance(last, Provided) and last.exchange is not None:
        exchange = FederationToken(last.profile, lasting.federation()[0])
        return replace(plan, steps=(replace(last, exchange=exchange),)), None
    direct = isinstance(last, AssumeRole) and len(plan.steps) == 2 and isinstance(root, StoredKey)
    if wanted is None or not isinstance(last, AssumeRole) or not direct:
        return plan, None
    return replace(plan, steps=(root, replace(last, duration=min(wanted, HOUR)))), wanted


def _federation_endpoint(profile: Profile, region: str) -> tuple[Endpoint, tuple[str, ...]]:
    """Return where the token is asked for, and notes on it; the console itself is always the partition's."""
    endpoint = bearer_endpoint(profile, "signin", region, "sent a session")
    origin = profile.origins.get("endpoint_url_signin")
    return endpoint, (f"the sign-in token is asked for at {endpoint.url} ({origin})",) if endpoint.url else ()


def _region_in(console: Console, region: str | None) -> str | None:
    """Return the region if it is one of the console's partition, where alone it has a host."""
    return region if region and console_of(partition_of_region(region)) == console else None


def _open(request: Request, entrance: _Entrance, url: str, command: Sequence[str]) -> None:
    """Lead the browser to the console. Raises ShellintError when it does not start, or does not come."""
    left = entrance.seconds or entrance.session.left(request.now())
    lasts = f" for {format_duration(int(left) // 60 * 60)}" if isfinite(left) else ""
    instead = "`vault login --print` prints the address instead; --browser or BROWSER names another browser"
    with Loopback(secrets.token_urlsafe(32)) as server:
        if not open_url(server.one_time(url), request.env, command):
            raise ShellintError(f"the browser did not start ({command[0]})", instead)
        request.human.say(
            f"the console of {entrance.owner}{lasts}, in the browser that opens, or at {server.one_time(url)}"
        )
        if not server.lead(PATIENCE):
            raise ShellintError(f"no browser has come for the console in {format_duration(int(PATIENCE))}", instead)
