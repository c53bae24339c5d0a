"""What STS or another program gave, as credentials: checked first, because a shell takes them over.

A variable of more than 128 KB keeps every program from starting, a control character in one can rewrite a terminal,
and an end that is years away would never be renewed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shellint.credentials import Credentials, LongTermKey
from shellint.sources.refusals import clock_offset

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StrangeAnswer", "credentials_in", "role_session_in", "session_in"]

# https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html; AWS sets no limit to the length of a token.
_SHAPES = {
    "AccessKeyId": re.compile(r"[A-Z0-9]{16,128}"),
    "SecretAccessKey": re.compile(r"[!-~]{1,1024}"),
    "SessionToken": re.compile(r"[!-~]{1,32768}"),
}
_BAD_END = "it gave a session that has ended already, or would last longer than any of AWS's"
# The longest that AWS gives is 36 hours (API_GetSessionToken); the rest is for clocks and the way here.
_LONGEST = 37 * 3600
# The Date header has whole seconds and the answer travelled: a smaller difference says nothing about the clocks.
_CLOCK_NOISE = 5


class StrangeAnswer(ValueError):
    """What came is no credentials, or none that AWS gives; its text says why, without anything out of the answer."""


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
        raise StrangeAnswer(_BAD_END)
    return Credentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
        expiration=given["Expiration"],
        expires=expires,
        issued=int(now),
    )


def role_session_in(answer: Mapping[str, Any], now: float) -> Credentials:
    """Return as `session_in` the session in an answer of the SSO portal, whose ends are in milliseconds.

    https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_RoleCredentials.html. Raises as `session_in`,
    and OverflowError for an end that no calendar has.
    """
    given = answer["roleCredentials"]
    end = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=given["expiration"] // 1000)
    named = {name: given[name[0].lower() + name[1:]] for name in _SHAPES}
    return session_in({**answer, "Credentials": named | {"Expiration": end}}, now)


def credentials_in(given: Mapping[str, Any], now: float) -> LongTermKey | Credentials:
    """Return what another program gave under AWS's names: AccessKeyId, SecretAccessKey, SessionToken, Expiration.

    Without a SessionToken they are a long-term key, without an Expiration (ISO 8601, with a zone) they have no end that
    anybody knows. The end is one on this machine's clock, which shows `now` (unix seconds). Raises StrangeAnswer.
    """
    names = tuple(_SHAPES) if given.get("SessionToken") not in (None, "") else ("AccessKeyId", "SecretAccessKey")
    for name in names:
        value = given.get(name)
        if value is None:
            raise StrangeAnswer(f"it gave no {name}")
        if not isinstance(value, str) or not _SHAPES[name].fullmatch(value):
            raise StrangeAnswer(f"it gave a malformed {name}")
    end = _end(given.get("Expiration"))
    expires = None if end is None else int(end.timestamp())
    if expires is not None and not now < expires <= now + _LONGEST:
        raise StrangeAnswer(_BAD_END)
    if "SessionToken" not in names:
        return LongTermKey(given["AccessKeyId"], given["SecretAccessKey"])
    return Credentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
        expiration=end,
        expires=expires,
        issued=int(now),
    )


def _end(text: Any) -> datetime | None:
    if text in (None, ""):
        return None
    try:
        end = datetime.fromisoformat(text)
        if end.tzinfo is not None:
            return end.astimezone(UTC).replace(microsecond=0)
    except (ValueError, TypeError, OverflowError):
        pass
    raise StrangeAnswer("it gave a malformed Expiration")
