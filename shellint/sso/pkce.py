"""Signing in to IAM Identity Center in a browser on this machine: an authorization code with PKCE, as the AWS CLI does.

RFC 7636 and RFC 8252. The browser is started with a one-time address of the loopback, so that nothing of the sign-in
ever stands in the arguments of a process.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import shlex
from typing import TYPE_CHECKING

from shellint.browser import open_url
from shellint.durations import format_duration
from shellint.errors import AwsRefused, NeedsHuman
from shellint.sources.refusals import one_line
from shellint.sso.loopback import Loopback
from shellint.sso.oidc import BROWSER, Oidc
from shellint.sso.registration import forget_registration, with_registration
from shellint.sso.values import Registration, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["NoBrowser", "sign_in_by_browser"]


class NoBrowser(Exception):
    """The command that opens pages failed."""


def sign_in_by_browser(
    instance: SsoInstance,
    oidc: Oidc,
    caller: Caller,
    command: Sequence[str] | None,
    *,
    seconds: float,
    must_open: bool = False,
) -> Token:
    """Return the token of a sign-in that a person completes in the browser within `seconds`.

    Raises AwsRefused when it is denied, NeedsHuman when nobody does; NoBrowser, where it `must_open`, when the browser
    does not; and as `with_registration`.
    """

    def ask(registration: Registration) -> Token:
        verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        with Loopback(state) as server:
            page = oidc.authorize_url(registration, server.redirect_uri, state, challenge)
            opened = command is not None and open_url(server.one_time(page), caller.env, command)
            if must_open and not opened:
                raise NoBrowser
            where = "in the browser that opens, or at" if opened else "in a browser on this machine, at"
            caller.human.say(f"sign in to {instance.name} {where} {server.one_time(page)}")

            def redeem(given: Mapping[str, str]) -> Token:
                proof = {"code": _code(given, instance), "redirectUri": server.redirect_uri, "codeVerifier": verifier}
                return oidc.create_token(registration, BROWSER, **proof)

            return server.receive(seconds, redeem)

    try:
        return with_registration(instance, BROWSER, oidc, caller, ask)
    except (TimeoutError, KeyboardInterrupt) as ended:
        # A page that complains of the registration never comes back: the next try is to have a new one.
        forget_registration(instance, BROWSER, oidc, caller)
        if isinstance(ended, KeyboardInterrupt):
            raise
    raise NeedsHuman(
        f"nobody has signed in to {instance.name} in the browser for {format_duration(int(seconds))}",
        f"`vault sso login {shlex.quote(instance.name)}` starts again; with --no-browser it takes a code",
    )


def _code(given: Mapping[str, str], instance: SsoInstance) -> str:
    """Return the code that the browser brought. Raises AwsRefused when it brought an error."""
    if "error" not in given:
        return given["code"]
    error = one_line(given["error"])
    if error == "access_denied":
        what = f"the sign-in to {instance.name} was denied in the browser"
        raise AwsRefused(what, "allow it there", code="AccessDeniedException")
    said = one_line(given.get("error_description", "")) or "without a word why"
    raise AwsRefused(
        f"{instance.name} refused the sign-in ({error}: {said})",
        "check sso_start_url, sso_region and sso_registration_scopes in the config",
        code=error,
    )
