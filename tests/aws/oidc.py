"""SSO OIDC: clients register, devices and browsers sign in, tokens are given and refreshed.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html
https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html
https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tests.aws.messages import AwsError
from tests.aws.rest import RestCall, RestDoor
from tests.aws.sign_in import DEVICE, PORTAL_SCOPE, Client, DeviceGrant
from tests.aws.sso import IdentityCenter

__all__ = ["oidc_door", "oidc_error"]

# https://docs.aws.amazon.com/singlesignon/latest/userguide/customermanagedapps-saml2-oauth2.html
_SCOPES = rf"{PORTAL_SCOPE}|sts:identity_context|openid|aws|(codewhisperer|verified_access|redshift):[\w:]+"
_GRANTS = ("authorization_code", DEVICE, "refresh_token")
_GRANTS_UNLESS_TOLD = (DEVICE, "refresh_token")
_JITTER = 0.1  # seconds by which a device that waited the interval may seem too early


def oidc_door(center: IdentityCenter, base: Callable[[], str]) -> RestDoor:
    """Make the door; `base` gives the URL below which a person finds the pages."""
    oidc = _Oidc(center, base)
    return RestDoor(
        {
            ("POST", "/client/register"): ("RegisterClient", oidc.register),
            ("POST", "/device_authorization"): ("StartDeviceAuthorization", oidc.start_device),
            ("POST", "/token"): ("CreateToken", oidc.create_token),
        },
        "com.amazonaws.sso.oidc",
        _error_body,
    )


def oidc_error(code: str, message: str) -> AwsError:
    """Make a refusal; all are 400 but these two (botocore's sso-oidc/2019-06-10/service-2.json)."""
    return AwsError({"InvalidClientException": 401, "InternalServerException": 500}.get(code, 400), code, message)


class _Oidc:
    def __init__(self, center: IdentityCenter, base: Callable[[], str]) -> None:
        self._center = center
        self._base = base

    def register(self, call: RestCall) -> object:
        _text(call, "clientName")
        if _text(call, "clientType") != "public":
            raise oidc_error("InvalidClientMetadataException", "Client type is not supported")
        scopes, grants = _texts(call, "scopes"), _texts(call, "grantTypes") or _GRANTS_UNLESS_TOLD
        if unknown := [scope for scope in scopes if not re.fullmatch(_SCOPES, scope)]:
            raise oidc_error("InvalidScopeException", f"Invalid scope provided: {unknown[0]}")
        if unknown := [grant for grant in grants if grant not in _GRANTS]:
            raise oidc_error("UnsupportedGrantTypeException", f"Unsupported grant type: {unknown[0]}")
        if {"authorization_code", DEVICE} <= set(grants):
            # AWS fails at the two together: sorah/mairu#18
            raise oidc_error("InternalServerException", "Internal server error")
        redirects, issuer = _texts(call, "redirectUris"), _optional_text(call, "issuerUrl")
        if "authorization_code" in grants:
            _check_browser(redirects, self._center.find(issuer) if issuer else None)
        client = Client(
            scopes=scopes,
            grant_types=grants,
            redirect_uris=redirects,
            issuer_url=issuer,
            issued=self._center.ends_in(0),
            expires=self._center.ends_in(self._center.client_seconds),
        )
        self._center.clients[client.client_id] = client
        return {
            "clientId": client.client_id,
            "clientSecret": client.secret,
            "clientIdIssuedAt": client.issued,
            "clientSecretExpiresAt": client.expires,
            "authorizationEndpoint": None,
            "tokenEndpoint": None,
        }

    def start_device(self, call: RestCall) -> object:
        client = self._client(call, DEVICE)
        start_url = _text(call, "startUrl")
        if self._center.find(start_url) is None:
            raise oidc_error("InvalidRequestException", "Invalid start url provided")
        grant = DeviceGrant(
            client=client,
            start_url=start_url,
            expires=self._center.ends_in(self._center.device_seconds),
            interval=self._center.interval,
        )
        self._center.devices[grant.device_code] = grant
        page = f"{self._base()}/device"
        return {
            "deviceCode": grant.device_code,
            "userCode": grant.user_code,
            "verificationUri": page,
            "verificationUriComplete": f"{page}?user_code={grant.user_code}",
            "expiresIn": self._center.device_seconds,
            "interval": grant.interval,
        }

    def create_token(self, call: RestCall) -> object:
        grant = _text(call, "grantType")
        client = self._client(call, grant if grant in _GRANTS else None)
        redeem = self._redeemers.get(grant)
        if redeem is None:
            raise oidc_error("UnsupportedGrantTypeException", "Unsupported grant type provided")
        return redeem(self, call, client)

    def _client(self, call: RestCall, grant: str | None) -> Client:
        """Return the client that calls, registered for this grant."""
        client, secret = self._center.clients.get(_text(call, "clientId")), _text(call, "clientSecret")
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise oidc_error("InvalidClientException", "Invalid client provided")
        if self._center.clock() >= client.expires:
            raise oidc_error("InvalidClientException", "Client registration has expired")
        if grant and grant not in client.grant_types:
            raise oidc_error("UnauthorizedClientException", "Client is not registered for this grant type")
        return client

    def _device(self, call: RestCall, client: Client) -> object:
        """Look at what the person said (RFC 8628, section 3.5)."""
        grant, now = self._center.devices.get(_text(call, "deviceCode")), self._center.clock()
        if grant is None or grant.client is not client or grant.used:
            raise oidc_error("InvalidGrantException", "Invalid device code provided")
        early = grant.asked is not None and now - grant.asked < grant.interval - _JITTER
        grant.asked = now
        if now >= grant.expires:
            raise oidc_error("ExpiredTokenException", "Device code is expired")
        if early or self._center.slow_downs:
            self._center.slow_downs = max(0, self._center.slow_downs - 1)
            grant.interval += 5
            raise oidc_error("SlowDownException", "Slow down")
        if grant.answer is None:
            raise oidc_error("AuthorizationPendingException", "Authorization is still pending.")
        if not grant.answer:
            raise oidc_error("AccessDeniedException", "Authorization was denied")
        grant.used = True
        return self._center.tokens(self._center.begin(client, grant.start_url))

    def _code(self, call: RestCall, client: Client) -> object:
        """Redeem an authorization code; a second time ends what the first began (RFC 6749, section 4.1.2)."""
        redirect_uri, verifier = _text(call, "redirectUri"), _text(call, "codeVerifier")
        if not re.fullmatch(r"[\w.~-]{43,128}", verifier, re.ASCII):  # RFC 7636, section 4.1
            raise oidc_error("InvalidRequestException", "Invalid code verifier provided")
        code = self._center.codes.get(_text(call, "code"))
        if code is None or code.client is not client:
            raise oidc_error("InvalidGrantException", "Invalid authorization code provided")
        if code.sign_in:
            code.sign_in.revoked = True
            raise oidc_error("InvalidGrantException", "Authorization code was used before")
        if self._center.clock() >= code.expires:
            raise oidc_error("InvalidGrantException", "Authorization code is expired")
        if code.redirect_uri != redirect_uri or not code.proves(verifier):
            raise oidc_error("InvalidGrantException", "Invalid redirect URI or code verifier provided")
        assert client.issuer_url is not None
        code.sign_in = self._center.begin(client, client.issuer_url)
        return self._center.tokens(code.sign_in)

    def _refresh(self, call: RestCall, client: Client) -> object:
        """Exchange a refresh token, once: one that comes again was stolen, and ends the whole sign-in (RFC 9700)."""
        token = self._center.refresh_tokens.get(_text(call, "refreshToken"))
        if token is None or token.sign_in.client is not client:
            raise oidc_error("InvalidGrantException", "Invalid refresh token provided")
        if token.used:
            token.sign_in.revoked = True
        if token.sign_in.revoked or self._center.clock() >= token.sign_in.ends:
            raise oidc_error("InvalidGrantException", "Invalid refresh token provided")
        token.used = True
        return self._center.tokens(token.sign_in)

    _redeemers: Mapping[str, Callable[[_Oidc, RestCall, Client], object]] = {
        DEVICE: _device,
        "authorization_code": _code,
        "refresh_token": _refresh,
    }


def _check_browser(redirects: tuple[str, ...], issuer: object) -> None:
    if issuer is None:
        raise oidc_error("InvalidRequestException", "Invalid issuer URL provided")
    for redirect in redirects or ("",):
        parts = urlsplit(redirect)
        # Of loopback redirects AWS takes this path alone: sorah/mairu#17
        if (parts.scheme, parts.hostname, parts.path) != ("http", "127.0.0.1", "/oauth/callback"):
            raise oidc_error("InvalidRedirectUriException", "Invalid redirect URI provided")


def _optional_text(call: RestCall, name: str) -> str | None:
    value = call.document.get(name)
    if value is not None and not isinstance(value, str):
        raise oidc_error("InvalidRequestException", f"{name} is no string")
    return value


def _text(call: RestCall, name: str) -> str:
    value = _optional_text(call, name)
    if not value:
        raise oidc_error("InvalidRequestException", f"{name} is missing")
    return value


def _texts(call: RestCall, name: str) -> tuple[str, ...]:
    values = call.document.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise oidc_error("InvalidRequestException", f"{name} is no list of strings")
    return tuple(values)


def _error_body(error: AwsError) -> object:
    words = re.sub(r"(?<=.)([A-Z])", r"_\1", error.code.removesuffix("Exception")).lower()
    return {"error": {"internal_server": "server_error"}.get(words, words), "error_description": error.message}
