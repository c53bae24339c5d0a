"""How a test signs in to Identity Center: by boto3 for the service, by `browser.py` for the person."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.aws.browser import answer
from tests.aws.client import sts_client
from tests.aws.double import StrictAws
from tests.aws.sign_in import DEVICE
from tests.aws.sso import Instance

__all__ = [
    "CALLBACK",
    "REDIRECT",
    "SCOPE",
    "authorize_url",
    "browser_client",
    "challenge",
    "code_of",
    "code_token",
    "device_client",
    "device_token",
    "oidc_client",
    "portal_client",
]

SCOPE = "sso:account:access"
REDIRECT = "http://127.0.0.1/oauth/callback"
CALLBACK = "http://127.0.0.1:45678/oauth/callback"


def oidc_client(aws: StrictAws) -> Any:
    """Make a boto3 client of SSO OIDC."""
    return sts_client(aws.endpoint_url, ("unused", "unused"), service="sso-oidc")


def portal_client(aws: StrictAws) -> Any:
    """Make a boto3 client of the portal."""
    return sts_client(aws.endpoint_url, ("unused", "unused"), service="sso")


def device_client(aws: StrictAws, **options: Any) -> dict[str, str]:
    """Register a client for devices: its id and secret, as the other calls take them."""
    return _pair(oidc_client(aws).register_client(clientName="me", clientType="public", **options))


def browser_client(aws: StrictAws, instance: Instance, **options: Any) -> dict[str, str]:
    """Register a client for browsers: its id and secret."""
    usual = {
        "scopes": [SCOPE],
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": [REDIRECT],
        "issuerUrl": instance.start_url,
    }
    return _pair(oidc_client(aws).register_client(**{"clientName": "me", "clientType": "public"} | usual | options))


def device_token(aws: StrictAws, instance: Instance, client: dict[str, str] | None = None) -> Any:
    """Sign in with a device code that the person approves: the answer of CreateToken."""
    oidc, client = oidc_client(aws), client or device_client(aws, scopes=[SCOPE])
    started = oidc.start_device_authorization(**client, startUrl=instance.start_url)
    aws.sso.approve(started["userCode"])
    return oidc.create_token(**client, grantType=DEVICE, deviceCode=started["deviceCode"])


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def authorize_url(aws: StrictAws, client: dict[str, str], verifier: str = "v" * 43, **other: str) -> str:
    """Return what the browser is to open."""
    usual = {
        "response_type": "code",
        "client_id": client["clientId"],
        "redirect_uri": CALLBACK,
        "state": "some-state",
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "scopes": SCOPE,
    }
    return f"{aws.endpoint_url}/authorize?{urlencode(usual | other)}"


def code_of(location: str) -> str:
    """Return the code that came back with the browser."""
    return parse_qs(urlsplit(location).query)["code"][0]


def code_token(aws: StrictAws, instance: Instance, client: dict[str, str] | None = None) -> Any:
    """Sign in by the browser: the answer of CreateToken."""
    client, verifier = client or browser_client(aws, instance), secrets.token_urlsafe(48)
    code = code_of(answer(authorize_url(aws, client, verifier)))
    return oidc_client(aws).create_token(
        **client, grantType="authorization_code", code=code, redirectUri=CALLBACK, codeVerifier=verifier
    )


def _pair(answer: dict[str, Any]) -> dict[str, str]:
    return {name: answer[name] for name in ("clientId", "clientSecret")}
