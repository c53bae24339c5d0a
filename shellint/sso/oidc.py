"""SSO OIDC, as one client of an IAM Identity Center: registering, device codes, tokens.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_Operations.html
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from shellint.endpoint import is_loopback
from shellint.sources.answers import StrangeAnswer
from shellint.sources.client import aws_client
from shellint.sso.values import DeviceCode, Registration, Token, is_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shellint.endpoint import Endpoint
    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["BROWSER", "DEVICE", "REFRESH", "Oidc"]

BROWSER = "authorization_code"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH = "refresh_token"
# Of the redirects to a loopback AWS takes this path alone, with any port: what the AWS CLI registers.
_REDIRECT = "http://127.0.0.1/oauth/callback"
# Seconds: https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-user-session.html, 90 days at most.
_LONGEST = 90 * 86400


class Oidc:
    """SSO OIDC at `endpoint`. Its methods raise as `Client.call`."""

    def __init__(self, instance: SsoInstance, endpoint: Endpoint, caller: Caller, profile: str = "") -> None:
        self.place = endpoint.place
        self._instance = instance
        self._now = caller.now
        client = partial(
            aws_client,
            "sso-oidc",
            endpoint,
            None,
            caller.env,
            profile=profile or instance.name,
            owner=instance.name,
            now=caller.now,
            notice=caller.human.say,
        )
        self._client = client()
        # A code and a refresh token are taken once: sent again, they would end the sign-in. To the answer a prompt can
        # wait only so long; nor can it leave earlier, with a token gone and the next one not here.
        once = partial(client, once=True)
        self._once = once() if caller.programs else once(connect_timeout=1.0, read_timeout=3.0)

    def register(self, *grants: str) -> Registration:
        """Register a client that may use `grants`."""
        parameters: dict[str, Any] = {
            "clientName": "shellint",
            "clientType": "public",
            "scopes": list(self._instance.scopes),
            "grantTypes": list(grants),
        }
        if BROWSER in grants:
            parameters |= {"redirectUris": [_REDIRECT], "issuerUrl": self._instance.start_url}
        return self._client.read("register_client", parameters, _registration)

    def authorize_url(self, registration: Registration, redirect_uri: str, state: str, challenge: str) -> str:
        """Return the page that sends the browser back to `redirect_uri` with a code (RFC 6749 4.1.1, RFC 7636 4.3)."""
        asked = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge_method": "S256",
            "code_challenge": challenge,
            "scopes": " ".join(self._instance.scopes),
        }
        return f"{self._client.url.rstrip('/')}/authorize?{urlencode(asked)}"

    def start_device(self, registration: Registration) -> DeviceCode:
        """Get a code for a person to type somewhere else."""
        asked = {
            "clientId": registration.client_id,
            "clientSecret": registration.secret,
            "startUrl": self._instance.start_url,
        }
        return self._client.read("start_device_authorization", asked, _device_code)

    def create_token(self, registration: Registration, grant: str, **proof: str) -> Token:
        """Get a token for the `proof` that `grant` takes, in boto3's spelling: `deviceCode`, `refreshToken`, ….

        It is sent once, even where AWS asks to try again.
        """
        asked = {"clientId": registration.client_id, "clientSecret": registration.secret, "grantType": grant, **proof}
        return self._once.read("create_token", asked, lambda answer: self._token(answer, registration))

    def _token(self, answer: Mapping[str, Any], registration: Registration) -> Token:
        refresh = answer.get("refreshToken")
        return Token(
            access=_opaque(answer, "accessToken"),
            expires=int(self._now()) + _seconds(answer, "expiresIn", _LONGEST),
            refresh=_opaque(answer, "refreshToken") if refresh is not None else None,
            registration=registration,
        )


def _registration(answer: Mapping[str, Any]) -> Registration:
    # AWS's clock may differ from this machine's: by too little to matter in the 90 days of a registration.
    expires = _seconds(answer, "clientSecretExpiresAt", 1 << 40)
    return Registration(_opaque(answer, "clientId"), _opaque(answer, "clientSecret"), expires)


def _device_code(answer: Mapping[str, Any]) -> DeviceCode:
    page = _page(answer, "verificationUri")
    return DeviceCode(
        code=_opaque(answer, "deviceCode"),
        user_code=_opaque(answer, "userCode"),
        page=page,
        direct=_page(answer, "verificationUriComplete") if answer.get("verificationUriComplete") else page,
        # RFC 8628, section 3.2: five where nothing is said.
        interval=_seconds(answer, "interval", 3600) if "interval" in answer else 5,
        lasts=_seconds(answer, "expiresIn", 86400),
    )


def _opaque(answer: Mapping[str, Any], name: str) -> str:
    value = answer[name]
    if not is_token(value):
        raise StrangeAnswer(f"it gave a malformed {name}")
    return str(value)


def _seconds(answer: Mapping[str, Any], name: str, most: int) -> int:
    value = answer[name]
    if not isinstance(value, int) or not 0 < value <= most:
        raise StrangeAnswer(f"it gave an {name} that is no time")
    return value


def _page(answer: Mapping[str, Any], name: str) -> str:
    url = _opaque(answer, name)
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme != "http" or not is_loopback(url)):
        raise StrangeAnswer(f"it gave a {name} that is no page to sign in at")
    return url
