"""Signing in to IAM Identity Center with a code that a person types anywhere: RFC 8628.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from shellint.errors import AwsRefused, NeedsHuman, NetworkError, ShellintError
from shellint.sso.oidc import DEVICE, Oidc
from shellint.sso.registration import with_registration
from shellint.sso.values import DeviceCode, Registration, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["sign_in_by_code"]

# What is no answer yet, and by how many seconds the interval grows from then on (RFC 8628, section 3.5).
_NOT_YET: Mapping[str, int] = {
    "AuthorizationPendingException": 0,
    "SlowDownException": 5,
    "InternalServerException": 0,
    "ServiceUnavailable": 0,
    "ThrottlingException": 5,
    "TooManyRequestsException": 5,
}
_USUAL = ("AuthorizationPendingException", "SlowDownException")


def sign_in_by_code(
    instance: SsoInstance,
    oidc: Oidc,
    caller: Caller,
    *,
    sleep: Callable[[float], object],
    show: Callable[[DeviceCode], None] = lambda _: None,
) -> Token:
    """Return the token of a sign-in that a person completes with a code, in a browser on any device.

    `show` is told the code too, once. Raises AwsRefused when it is denied, NeedsHuman when nobody does it in the time
    that AWS gives; and as `with_registration`.
    """

    def ask(registration: Registration) -> Token:
        started = oidc.start_device(registration)
        caller.human.say(f"sign in to {instance.name} in a browser, on any device, at {started.page}")
        caller.human.say(f"with the code {started.user_code}")
        if started.direct != started.page:
            caller.human.say(f"(the code is filled in at {started.direct})")
        show(started)
        return _poll(instance, oidc, caller, registration, started, sleep)

    return with_registration(instance, DEVICE, oidc, caller, ask)


def _poll(
    instance: SsoInstance,
    oidc: Oidc,
    caller: Caller,
    registration: Registration,
    started: DeviceCode,
    sleep: Callable[[float], object],
) -> Token:
    interval, until, told = started.interval, caller.now() + started.lasts, False
    while caller.now() < until:
        sleep(interval)
        try:
            return oidc.create_token(registration, DEVICE, deviceCode=started.code)
        except (AwsRefused, NetworkError) as error:
            interval += _grows(error, instance)
            if not told and getattr(error, "code", "") not in _USUAL:
                # The person may be typing the code at this moment: a passing trouble is no reason to throw it away.
                caller.human.say(f"{error.what}; it is tried again")
                told = True
    raise _late(instance)


def _grows(error: ShellintError, instance: SsoInstance) -> int:
    """Return by how much the interval grows after what was no answer. Raises when it was one."""
    code = getattr(error, "code", "")
    if isinstance(error, NetworkError) or code in _NOT_YET:
        return _NOT_YET.get(code, 0)
    if code == "AccessDeniedException":
        raise AwsRefused(f"the sign-in to {instance.name} was denied in the browser", "allow it there", code=code)
    if code == "ExpiredTokenException":
        raise _late(instance)
    raise error


def _late(instance: SsoInstance) -> NeedsHuman:
    return NeedsHuman(
        f"nobody has signed in to {instance.name} with the code while it lasted",
        f"`vault sso login {shlex.quote(instance.name)}` gives a new one",
    )
