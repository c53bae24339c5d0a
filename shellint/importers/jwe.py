"""Opening what a passphrase sealed as a JSON Web Encryption, compact, by the two algorithms that aws-vault uses.

https://www.rfc-editor.org/rfc/rfc7516#section-3.1 and https://www.rfc-editor.org/rfc/rfc7518#section-4.8
"""

from __future__ import annotations

import base64
import json

__all__ = ["WrongPassphraseError", "open_jwe"]

_ALGORITHMS = ("PBES2-HS256+A128KW", "A256GCM")
# A thousand times what aws-vault writes takes seconds; more is an attack on who waits.
_MOST_ITERATIONS = 10_000_000


class WrongPassphraseError(ValueError):
    """The passphrase does not open it."""


def open_jwe(token: bytes, passphrase: bytes) -> bytes:
    """Return the plain text. Raises WrongPassphraseError, and ValueError for anything that is not such a token."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    protected, *encoded = token.strip().split(b".")
    if len(encoded) != 4:
        raise ValueError("not a JWE in compact form")
    wrapped_key, nonce, sealed, tag = map(_decoded, encoded)
    header = json.loads(_decoded(protected))
    if not isinstance(header, dict) or (header.get("alg"), header.get("enc")) != _ALGORITHMS or "zip" in header:
        raise ValueError("sealed in another way")
    iterations, salt = header.get("p2c"), header.get("p2s")
    if not (isinstance(iterations, int) and 0 < iterations <= _MOST_ITERATIONS and isinstance(salt, str)):
        raise ValueError("without the numbers that belong to it")
    salted = _ALGORITHMS[0].encode() + b"\0" + _decoded(salt.encode())
    try:
        key = aes_key_unwrap(PBKDF2HMAC(SHA256(), 16, salted, iterations).derive(passphrase), wrapped_key)
    except InvalidUnwrap:
        raise WrongPassphraseError("the passphrase does not fit") from None
    try:
        return AESGCM(key).decrypt(nonce, sealed + tag, protected)
    except InvalidTag:
        raise ValueError("it was changed") from None


def _decoded(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
