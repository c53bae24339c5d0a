"""The cryptography of the store: a random data key seals each item; a passphrase or a master key wraps the data key.

AES-256-GCM (NIST SP 800-38D) with a fresh random 96-bit nonce each time; Argon2id (RFC 9106) makes the wrapping key
from a passphrase. Everything returned or taken as `Json` is what rests in the file; bytes are base64 there.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from shellint.errors import StoreError

__all__ = [
    "MOST_WORK",
    "Argon2",
    "Json",
    "SealError",
    "WrongKeyError",
    "new_key",
    "seal",
    "unseal",
    "unwrap",
    "work",
    "wrap",
    "wrap_by_master",
]

Json = dict[str, Any]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_SALT_BYTES = 16
# What a header may ask for: a hostile one must not take the machine down.
_MOST = {"iterations": 24, "lanes": 16, "memory_kib": 256 * 1024}
MOST_WORK = 24 * 64 * 1024
"""What may be spent on one passphrase, as `work` counts: eight wraps as they are written, about 2 s."""


class SealError(Exception):
    """Sealed data cannot be opened by anyone, or not by this key."""


class WrongKeyError(SealError):
    """Well-formed, but sealed under another key or for another place, or changed since: nothing tells these apart."""


@dataclass(frozen=True, slots=True)
class Argon2:
    """The cost of guessing a passphrase: passes over the memory, threads, memory in KiB.

    The default is RFC 9106's second recommended option (section 4), about 0.1 s on a small machine.
    """

    iterations: int = 3
    lanes: int = 4
    memory_kib: int = 64 * 1024


def new_key() -> bytes:
    """Return 32 random bytes: a data key, which seals the items of one store, or a master key, which wraps one."""
    return os.urandom(_KEY_BYTES)


def wrap(data_key: bytes, passphrase: bytes, about: Json, cost: Argon2) -> Json:
    """Seal the data key under the passphrase; `about`, what the header says of the store, is authenticated with it."""
    recipe: Json = {"kind": "passphrase", "kdf": "argon2id", **asdict(cost), "salt": _text(os.urandom(_SALT_BYTES))}
    return recipe | seal(_derived(recipe, passphrase), data_key, [about, recipe])


def wrap_by_master(data_key: bytes, master: bytes, about: Json, backend: str) -> Json:
    """Seal the data key under a master key, which `backend`, a keychain, keeps."""
    recipe: Json = {"kind": "keychain", "backend": backend}
    return recipe | seal(master, data_key, [about, recipe])


def work(wrapped: Json) -> int:
    """Return what it costs to try a passphrase on a wrap: passes times KiB. Raises SealError for a malformed one."""
    return _bounded(wrapped, "iterations") * _bounded(wrapped, "memory_kib")


def unwrap(wrapped: Json, secret: bytes, about: Json) -> bytes:
    """Undo `wrap` with the passphrase, `wrap_by_master` with the master key.

    Raises WrongKeyError for a wrong one or a changed header, SealError for a malformed one.
    """
    recipe = {name: value for name, value in wrapped.items() if name not in {"nonce", "sealed"}}
    key = secret if recipe.get("kind") == "keychain" else _derived(recipe, secret)
    return unseal(key, wrapped, [about, recipe])


def seal(key: bytes, value: bytes, place: object) -> Json:
    """Encrypt a value for one place: `place` (any JSON) is authenticated, and `unseal` must name the same."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return {"nonce": _text(nonce), "sealed": _text(AESGCM(key).encrypt(nonce, value, _canonical(place)))}


def unseal(key: bytes, sealed: Json, place: object) -> bytes:
    """Undo `seal`. Raises WrongKeyError, or SealError for what is malformed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(_bytes(sealed, "nonce"), _bytes(sealed, "sealed"), _canonical(place))
    except InvalidTag:
        raise WrongKeyError from None
    except ValueError:
        raise SealError from None


def _derived(recipe: Json, passphrase: bytes) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    if recipe.get("kdf") != "argon2id":
        raise SealError
    cost = {name: _bounded(recipe, name) for name in _MOST}
    try:
        return Argon2id(
            salt=_bytes(recipe, "salt"),
            length=_KEY_BYTES,
            iterations=cost["iterations"],
            lanes=cost["lanes"],
            memory_cost=cost["memory_kib"],
        ).derive(passphrase)
    except ValueError:
        raise SealError from None
    except UnsupportedAlgorithm:
        raise StoreError(
            "the cryptography package of this Python cannot do Argon2id (its OpenSSL is older than 3.2)",
            "install the package from PyPI: pip install --upgrade cryptography",
        ) from None


def _bounded(recipe: Json, name: str) -> int:
    value = recipe.get(name)
    if not isinstance(value, int) or not 1 <= value <= _MOST[name]:
        raise SealError
    return value


def _bytes(fields: Json, name: str) -> bytes:
    value = fields.get(name)
    if not isinstance(value, str):
        raise SealError
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise SealError from None


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _canonical(place: object) -> bytes:
    return json.dumps(place, sort_keys=True, separators=(",", ":")).encode()
