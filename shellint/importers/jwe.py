"""Opening what a passphrase sealed as a JSON Web Encryption, compact, by the two algorithms that aws-vault uses.

https://www.rfc-editor.org/rfc/rfc7516#section-3.1 and https://www.rfc-editor.org/rfc/rfc7518#section-4.8
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Jwe", "WrongPassphraseError", "open_jwe", "read_jwe"]

_ALGORITHMS = ("PBES2-HS256+A128KW", "A256GCM")
# A thousand times what aws-vault writes takes seconds; more is an attack on who waits.
_MOST_ITERATIONS = 10_000_000


class WrongPassphraseError(ValueError):
    """The passphrase does not open it."""


@dataclass(frozen=True, slots=True)
class Jwe:
    """A token in its parts; only a passphrase tells whether it was changed."""

    protected: bytes
    wrapped_key: bytes
    nonce: bytes
    sealed: bytes
    salt: bytes
    iterations: int


def read_jwe(token: bytes) -> Jwe:
    """Take a token apart, which needs no passphrase. Raises ValueError for anything that is not such a token."""
    protected, *encoded = token.strip().split(b".")
    if len(encoded) != 4:
        raise ValueError("not a JWE in compact form")
    header = _header(protected)
    if (header.get("alg"), header.get("enc")) != _ALGORITHMS or "zip" in header:
        raise ValueError("sealed in another way")
    iterations, salt = header.get("p2c"), header.get("p2s")
    if not (isinstance(iterations, int) and 0 < iterations <= _MOST_ITERATIONS and isinstance(salt, str)):
        raise ValueError("without the numbers that belong to it")
    wrapped_key, nonce, sealed, tag, salted = map(_decoded, (*encoded, salt.encode(errors="replace")))
    return Jwe(protected, wrapped_key, nonce, sealed + tag, _ALGORITHMS[0].encode() + b"\0" + salted, iterations)


def open_jwe(jwe: Jwe, passphrase: bytes) -> bytes:
    """Return the plain text. Raises WrongPassphraseError, and ValueError where the right one finds it changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    try:
        key = aes_key_unwrap(PBKDF2HMAC(SHA256(), 16, jwe.salt, jwe.iterations).derive(passphrase), jwe.wrapped_key)
    except InvalidUnwrap:
        raise WrongPassphraseError("the passphrase does not fit") from None
    try:
        return AESGCM(key).decrypt(jwe.nonce, jwe.sealed, jwe.protected)
    except (InvalidTag, ValueError):
        raise ValueError("it was changed") from None


def _header(protected: bytes) -> dict[str, Any]:
    try:
        header = json.loads(_decoded(protected))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise ValueError("not a JWE in compact form")
    return header


def _decoded(text: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        raise ValueError("not a JWE in compact form") from None
