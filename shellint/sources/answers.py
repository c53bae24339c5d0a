"""What STS answered, as credentials: checked first, because anything may stand between, and a shell takes them over.

A variable of more than 128 KB keeps every program from starting, a control character in one can rewrite a terminal,
and an end that is years away would never be renewed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shellint.credentials import Credentials
from shellint.sources.refusals import clock_offset

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StrangeAnswer", "session_in"]

# https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html; AWS sets no limit to the length of a token.
_SHAPES = {
    "AccessKeyId": re.compile(r"[A-Z0-9]{16,128}"),
    "SecretAccessKey": re.compile(r"[!-~]{1,1024}"),
    "SessionToken": re.compile(r"[!-~]{1,32768}"),
}
# The longest that AWS gives is 36 hours (API_GetSessionToken); the rest is for clocks and the way here.
_LONGEST = 37 * 3600
# The Date header has whole seconds and the answer travelled: a smaller difference says nothing about the clocks.
_CLOCK_NOISE = 5


class StrangeAnswer(ValueError):
    """The answer is not one that STS gives; its text says why, without anything out of the answer."""


def session_in(answer: Mapping[str, Any], now: float) -> Credentials:
    """Return the session in an answer, its end moved onto this machine's clock, which shows `now` (unix seconds).

    Raises StrangeAnswer, and KeyError, TypeError or AttributeError when the answer has another structure.
    """
    given = answer["Credentials"]
    for name, shape in _SHAPES.items():
        if not shape.fullmatch(given[name]):
            raise StrangeAnswer(f"it gave a malformed {name}")
    offset = clock_offset(answer["ResponseMetadata"], now) or 0
    expires = int(given["Expiration"].timestamp() + (offset if abs(offset) > _CLOCK_NOISE else 0))
    if not now < expires <= now + _LONGEST:
        raise StrangeAnswer("it gave a session that has ended already, or would last longer than any of AWS's")
    return Credentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
        expiration=given["Expiration"],
        expires=expires,
        issued=int(now),
    )
