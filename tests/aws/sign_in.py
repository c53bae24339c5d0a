"""Who is signed in to Identity Center, by which client, and the codes and tokens that say so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["DEVICE", "PORTAL_SCOPE", "AuthorizationCode", "Client", "DeviceGrant", "SignIn", "SignIns"]

PORTAL_SCOPE = "sso:account:access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_USER_CODE = "BCDFGHJKLMNPQRSTVWXZ"


def _opaque(prefix: str, octets: int) -> str:
    return prefix + base64.urlsafe_b64encode(secrets.token_bytes(octets)).decode().rstrip("=")


def _user_code() -> str:
    code = "".join(secrets.choice(_USER_CODE) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


@dataclass(slots=True, eq=False, kw_only=True)
class Client:
    """A registered client; `expires` in unix seconds."""

    scopes: tuple[str, ...]
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    issuer_url: str | None
    issued: int
    expires: int
    client_id: str = field(default_factory=lambda: _opaque("", 16))
    secret: str = field(default_factory=lambda: _opaque("eyJ", 600), repr=False)

    @property
    def refreshable(self) -> bool:
        """Whether its tokens come with a refresh token.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html: a scope must have been asked for.
        """
        return "refresh_token" in self.grant_types and PORTAL_SCOPE in self.scopes


@dataclass(slots=True, eq=False)
class SignIn:
    """A person's sign-in by a client, from which all tokens of one family come; `ends` in unix seconds."""

    client: Client
    start_url: str
    ends: int
    revoked: bool = False


@dataclass(slots=True, eq=False)
class AccessToken:
    """What the portal takes."""

    sign_in: SignIn
    expires: int


@dataclass(slots=True, eq=False)
class RefreshToken:
    """What gives the next access token, once."""

    sign_in: SignIn
    used: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class DeviceGrant:
    """A device that waits; `answer` is the person's, None until there is one."""

    client: Client
    start_url: str
    expires: int
    interval: int
    asked: float | None = None
    answer: bool | None = None
    used: bool = False
    device_code: str = field(default_factory=lambda: _opaque("", 120), repr=False)
    user_code: str = field(default_factory=_user_code)


@dataclass(slots=True, eq=False, kw_only=True)
class AuthorizationCode:
    """A request of a browser, and the code once the person has allowed it."""

    client: Client
    redirect_uri: str
    state: str
    challenge: str
    expires: int
    sign_in: SignIn | None = None
    code: str = field(default_factory=lambda: _opaque("", 48), repr=False)

    def proves(self, verifier: str) -> bool:
        """Whether this is the verifier of the challenge (RFC 7636, S256)."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        return hmac.compare_digest(digest, self.challenge)


class SignIns:
    """All of them, and the switches, to be set at any time, in seconds.

    `interval` and `device_seconds`: how often a device may ask, and how long. `code_seconds`, `access_seconds`,
    `session_seconds`, `client_seconds`: how long an authorization code, an access token that comes with a refresh
    token, a whole sign-in, and a client's registration last.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.interval = 5
        self.device_seconds = 600
        self.code_seconds = 60
        self.access_seconds = 3600
        self.session_seconds = 8 * 3600
        self.client_seconds = 90 * 86400
        self.slow_downs = 0
        self.clients: dict[str, Client] = {}
        self.devices: dict[str, DeviceGrant] = {}
        self.requests: dict[str, AuthorizationCode] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}

    def ends_in(self, seconds: int) -> int:
        """Return the unix time that many seconds from now."""
        return int(self.clock()) + seconds

    def begin(self, client: Client, start_url: str) -> SignIn:
        """Sign the person in."""
        return SignIn(client, start_url, self.ends_in(self.session_seconds))

    def tokens(self, sign_in: SignIn) -> dict[str, object]:
        """Give the tokens of a sign-in, as CreateToken answers."""
        left = sign_in.ends - int(self.clock())
        seconds = min(self.access_seconds, left) if sign_in.client.refreshable else left
        access, refresh = _opaque("aoa", 300), _opaque("aor", 300) if sign_in.client.refreshable else None
        self.access_tokens[access] = AccessToken(sign_in, self.ends_in(seconds))
        if refresh:
            self.refresh_tokens[refresh] = RefreshToken(sign_in)
        return {
            "accessToken": access,
            "tokenType": "Bearer",
            "expiresIn": seconds,
            "refreshToken": refresh,
            "idToken": None,
        }

    def signed_in(self, access_token: str) -> SignIn | None:
        """Return the sign-in of a token that counts for the portal."""
        token = self.access_tokens.get(access_token)
        if token is None or token.sign_in.revoked or self.clock() >= min(token.expires, token.sign_in.ends):
            return None
        scopes = token.sign_in.client.scopes
        return token.sign_in if not scopes or PORTAL_SCOPE in scopes else None
