"""What a person sees in the browser while signing in: one question, with the buttons Allow and Deny.

A browser comes either to `/authorize` (RFC 6749 with PKCE, RFC 7636; loopback redirects by RFC 8252, section 7.3) or
to `/device` (RFC 8628) with a code in the URL or typed in.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.aws.exchange import Exchange, query_of
from tests.aws.messages import Answer, AwsError, RawRequest
from tests.aws.sign_in import AuthorizationCode, Client
from tests.aws.sso import IdentityCenter

__all__ = ["PATHS", "PageDoor"]

PATHS = ("/authorize", "/device")
_HTML = "text/html; charset=utf-8"
_Page: TypeAlias = "Callable[[PageDoor, Mapping[str, str]], Answer]"


class PageDoor:
    """Shows the pages and takes what the person answers."""

    def __init__(self, center: IdentityCenter) -> None:
        self._center = center

    def read(self, request: RawRequest) -> Exchange:
        """Find the page by method and path."""
        form = request.body.decode("utf-8", "replace") if request.method == "POST" else ""
        parameters = query_of(request) | dict(parse_qsl(form, keep_blank_values=True))
        name, _ = self._pages.get((request.method, request.path), ("", None))
        return Exchange(request, name, parameters)

    def act(self, exchange: Exchange) -> Answer:
        """Answer; raises AwsError."""
        page = self._pages.get((exchange.request.method, exchange.request.path))
        if page is None:
            raise AwsError(405, "invalid_request", "There is no such page.")
        return page[1](self, exchange.parameters)

    def refuse(self, exchange: Exchange, error: AwsError) -> Answer:
        """Show what is wrong."""
        return _page(f"<h1>{html.escape(error.code)}</h1><p>{html.escape(error.message)}</p>", error.status)

    def _authorize(self, asked: Mapping[str, str]) -> Answer:
        """Ask the person; never send a browser to an address that the client did not register."""
        client = self._center.clients.get(asked.get("client_id", ""))
        redirect = asked.get("redirect_uri", "")
        if client is None or self._center.clock() >= client.expires:
            raise AwsError(400, "invalid_client", "The client is not registered.")
        if not _matches(redirect, client):
            raise AwsError(400, "invalid_redirect_uri", "The redirect URI is not one that the client registered.")
        if error := _wrong(asked, client):
            return _back(redirect, {"error": error, "state": asked.get("state", "")})
        request = AuthorizationCode(
            client=client,
            redirect_uri=redirect,
            state=asked["state"],
            challenge=asked["code_challenge"],
            expires=0,
        )
        number = secrets.token_urlsafe(16)
        self._center.requests[number] = request
        return _question("/authorize", {"request": number})

    def _authorize_answer(self, given: Mapping[str, str]) -> Answer:
        """Send the browser back, with a code or without."""
        request = self._center.requests.pop(given.get("request", ""), None)
        if request is None:
            raise AwsError(400, "invalid_request", "This request was answered, or never made.")
        if given.get("answer") != "allow":
            return _back(request.redirect_uri, {"error": "access_denied", "state": request.state})
        request.expires = self._center.ends_in(self._center.code_seconds)
        self._center.codes[request.code] = request
        return _back(request.redirect_uri, {"code": request.code, "state": request.state})

    def _device(self, asked: Mapping[str, str]) -> Answer:
        if code := asked.get("user_code"):
            return _question("/device", {"user_code": code})
        return _page(
            '<h1>Authorization requested</h1><form method="get" action="/device">'
            '<label>Code <input name="user_code"></label> <button>Continue</button></form>'
        )

    def _device_answer(self, given: Mapping[str, str]) -> Answer:
        code = given.get("user_code", "").strip().upper()
        if code not in self._center.waiting:
            raise AwsError(400, "invalid_request", "This code is not known.")
        if given.get("answer") != "allow":
            self._center.deny(code)
            return _page("<h1>Request denied</h1><p>You can close this window.</p>")
        self._center.approve(code)
        return _page("<h1>Request approved</h1><p>You can close this window.</p>")

    _pages: Mapping[tuple[str, str], tuple[str, _Page]] = {
        ("GET", "/authorize"): ("Authorize", _authorize),
        ("POST", "/authorize"): ("AuthorizeAnswer", _authorize_answer),
        ("GET", "/device"): ("Device", _device),
        ("POST", "/device"): ("DeviceAnswer", _device_answer),
    }


def _matches(redirect: str, client: Client) -> bool:
    """Compare with what was registered; on the loopback any port will do."""
    without_port = re.sub(r"^(http://127\.0\.0\.1)(:\d+)?(?=/)", r"\1", redirect, flags=re.ASCII)
    return without_port in {re.sub(r"^(http://127\.0\.0\.1):\d+", r"\1", uri) for uri in client.redirect_uris}


def _wrong(asked: Mapping[str, str], client: Client) -> str:
    scopes = asked.get("scopes", "").split()
    checks = {
        "unauthorized_client": "authorization_code" in client.grant_types,
        "unsupported_response_type": asked.get("response_type") == "code",
        "invalid_scope": set(scopes) <= set(client.scopes),
        "invalid_request": bool(asked.get("state"))
        and asked.get("code_challenge_method") == "S256"
        and re.fullmatch(r"[\w-]{43}", asked.get("code_challenge", ""), re.ASCII) is not None,
    }
    return next((error for error, fine in checks.items() if not fine), "")


def _question(action: str, hidden: Mapping[str, str]) -> Answer:
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in hidden.items()
    )
    return _page(
        f'<h1>Allow access to your data?</h1><form method="post" action="{action}">{fields}'
        '<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>'
    )


def _page(content: str, status: int = 200) -> Answer:
    text = f'<!doctype html><html lang="en"><head><title>Sign in</title></head><body>{content}</body></html>'
    return Answer(status, text.encode(), content_type=_HTML)


def _back(redirect: str, parameters: Mapping[str, str]) -> Answer:
    sign = "&" if urlsplit(redirect).query else "?"
    return Answer(302, b"", content_type=_HTML, headers=(("Location", f"{redirect}{sign}{urlencode(parameters)}"),))
