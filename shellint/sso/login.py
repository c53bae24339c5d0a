"""Signing in to IAM Identity Center: in a browser on this machine where one can be opened, else with a code."""

from __future__ import annotations

import secrets
import shlex
import time
from typing import TYPE_CHECKING

from shellint.browser import browser_command, open_url
from shellint.errors import AwsRefused, NeedsHuman
from shellint.sso.device import sign_in_by_code
from shellint.sso.loopback import Loopback
from shellint.sso.oidc import Oidc
from shellint.sso.pkce import NoBrowser, sign_in_by_browser
from shellint.sso.values import DeviceCode, Token
from shellint.terminal import Elsewhere, somebody
from shellint.variables import is_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shellint.endpoint import Endpoint
    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["SECONDS", "sign_in"]

# How long a person has in the browser.
SECONDS = 600.0
# By these AWS says of a registration that it gives no codes to browsers there.
_ONLY_DEVICES = {
    "InvalidClientMetadataException",
    "InvalidRedirectUriException",
    "UnauthorizedClientException",
    "UnsupportedGrantTypeException",
}


def sign_in(
    instance: SsoInstance,
    oidc: Endpoint,
    caller: Caller,
    *,
    browser: bool | None = None,
    command: Sequence[str] | None = None,
    profile: str = "",
    seconds: float = SECONDS,
    sleep: Callable[[float], object] = time.sleep,
) -> Token:
    """Return the token of a new sign-in, which is not kept yet.

    `browser` True is the browser of this machine, False a code for any other, None the first where `command` (or, when
    that is None, the browser that is found here) opens. A person has `seconds` in the browser. Raises NeedsHuman when
    nobody is there or nobody answers, AwsRefused when it is denied, NetworkError, ConfigError, StoreError.
    """
    if not somebody(caller.human):
        raise NeedsHuman(
            f"signing in to {instance.name} takes a person, and none is there",
            f"run `vault sso login {shlex.quote(instance.name)}` in a terminal, without --no-input",
        )
    if isinstance(caller.human, Elsewhere):
        caller.human.come_here()  # the browser is there, and so is the address it comes back to
    client = Oidc(instance, oidc, caller, profile)
    opener = tuple(command or ()) or (None if browser is False or _shown(caller.env) else browser_command(caller.env))
    if browser or opener:
        try:
            return sign_in_by_browser(instance, client, caller, opener, seconds=seconds, must_open=not browser)
        except NoBrowser:
            opener = None
        except AwsRefused as refused:
            if refused.code not in _ONLY_DEVICES:
                raise
    return _by_code(instance, client, caller, opener, sleep)


def _shown(env: Mapping[str, str]) -> bool:
    """Whether the person wants to be shown an address instead of a browser, as in aws-vault."""
    return is_on(env.get("AWS_VAULT_STDOUT"))


def _by_code(
    instance: SsoInstance,
    client: Oidc,
    caller: Caller,
    opener: Sequence[str] | None,
    sleep: Callable[[float], object],
) -> Token:
    if opener is None:
        return sign_in_by_code(instance, client, caller, sleep=sleep)
    with Loopback(secrets.token_urlsafe(32)) as server:

        def show(started: DeviceCode) -> None:
            open_url(server.one_time(started.direct), caller.env, opener)

        return sign_in_by_code(instance, client, caller, sleep=sleep, show=show)
