"""What aws-vault keeps, in any of its keyrings: items by name, of which some are long-term keys.

https://github.com/99designs/aws-vault, `vault/credentialkeyring.go` and `vault/sessionkeyring.go`.
"""

from __future__ import annotations

import base64
import json
import re

from shellint.importers.haul import Found, judged
from shellint.origin import Origin, shown

__all__ = ["is_key", "key_of"]

# Sessions in the form of today and in the three of former versions; sign-ins to Identity Center.
_OTHERS = re.compile(r"[^,]+,[^,]+,[^,]*,\d+|session:[^ ]+:[^ ]*:[^:]+|.+? session \(\d+\)|oidc:.*", re.DOTALL)


def is_key(name: str) -> bool:
    """Tell whether an item is a long-term key; the others are sessions, which end by themselves."""
    return not _OTHERS.fullmatch(name)


def key_of(name: str, item: bytes, place: Origin) -> Found | str:
    """Return the key that an item of that name is, or the line that says why it cannot be stored."""
    try:
        data = json.loads(base64.b64decode(json.loads(item)["Data"], validate=True))
        key_id, secret, token = (str(data.get(key) or "") for key in ("AccessKeyID", "SecretAccessKey", "SessionToken"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return f"{place}: the item {shown(name)} is left there: it is none of aws-vault's"
    return judged(name, key_id, secret, token, place)
