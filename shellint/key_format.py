"""What a long-term key looks like: for all that a person, a program or a file says is one."""

from __future__ import annotations

import re

from shellint.credentials import LongTermKey
from shellint.errors import UsageError

__all__ = ["check_key_id", "checked_key"]

_KEY_ID = re.compile(r"[A-Z0-9]{16,128}")
_WHERE = "copy it whole from where IAM shows it; `vault import --from csv FILE` takes what IAM offers"
_SECRET = re.compile(r"[A-Za-z0-9/+=]{16,128}")


def checked_key(key_id: str, secret: str) -> LongTermKey:
    """Return the two as a key. Raises UsageError when they cannot be one."""
    check_key_id(key_id)
    if not _SECRET.fullmatch(secret):
        raise UsageError("that is not a secret access key: 40 letters, digits, / or +", _WHERE)
    return LongTermKey(key_id, secret)


def check_key_id(key_id: str) -> None:
    """Raise UsageError for what is not the id of a long-term key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    if key_id.startswith("ASIA"):
        raise UsageError("a key id that begins with ASIA is a temporary one", "store a long-term key (AKIA…)")
    if not _KEY_ID.fullmatch(key_id):
        raise UsageError("that is not an access key id: capital letters and digits, such as AKIA… with 16 more", _WHERE)
