"""An OpenID Connect identity provider that an account trusts, and the tokens it signs (RS256, RFC 7515 and 7519)."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["IdentityProvider", "claims_of", "encode"]


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An issuer at `url` whose tokens for `audience` count in `account`; `clock` gives unix seconds.

    Another one with the same `url` has a key of its own, so it can play the forger.
    """

    url: str
    audience: str
    account: str
    clock: Callable[[], float] = field(default=time.time, repr=False)
    key: Any = field(default_factory=_new_key, repr=False)

    @property
    def arn(self) -> str:
        """What a role's trust policy names."""
        return f"arn:aws:iam::{self.account}:oidc-provider/{self.url.removeprefix('https://')}"

    def token(self, sub: str, *, exp: float | None = None, **claims: object) -> str:
        """Sign a token for `sub` that ends at `exp` (unix seconds; in an hour); further claims replace the usual."""
        now = int(self.clock())
        usual = {"iss": self.url, "aud": self.audience, "sub": sub, "iat": now, "jti": secrets.token_hex(8)}
        payload = usual | {"exp": now + 3600 if exp is None else int(exp)} | claims
        signed = f"{encode({'alg': 'RS256', 'typ': 'JWT', 'kid': '1'})}.{encode(payload)}"
        return f"{signed}.{_base64(self._sign(signed.encode()))}"

    def verifies(self, token: str) -> bool:
        """Whether this provider signed it."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        signed, _, signature = token.rpartition(".")
        if _part(signed.partition(".")[0]).get("alg") != "RS256":
            return False
        try:
            self.key.public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def _sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        signature: bytes = self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return signature


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token claims, unverified; raises ValueError when it is none."""
    header, payload, signature = token.split(".")
    _part(header)
    _bytes(signature)
    return _part(payload)


def encode(part: object) -> str:
    """Write a part of a token."""
    return _base64(json.dumps(part).encode())


def _part(text: str) -> dict[str, Any]:
    part = json.loads(_bytes(text))
    if not isinstance(part, dict):
        raise ValueError("a part of a token is an object")
    return part


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
