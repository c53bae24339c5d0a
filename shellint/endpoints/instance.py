"""The metadata of an instance, as far as credentials go: IMDSv2, where every question needs a token that a PUT gave.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html

The token is no secret, as whoever can connect is given one. It keeps out what can make a program here send a request
but no PUT and no header of its own.
"""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from shellint.endpoints.documents import instant, json_answer, refusal, session_of, told
from shellint.endpoints.server import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.credentials import Credentials
    from shellint.endpoints.server import Asked

__all__ = ["instance"]

_TOKEN = "x-aws-ec2-metadata-token"  # noqa: S105  the name of a header
_TTL = f"{_TOKEN}-ttl-seconds"
_LONGEST = 21_600
_META = "/latest/meta-data"
_NAME = "local-credentials"  # as AWS Vault calls its role


def instance(
    get: Callable[[str | None], Credentials], region: str | None, secret: bytes, now: Callable[[], float]
) -> Callable[[Asked], Answer]:
    """Return what answers requests with the session that `get(None)` gives, to tokens made with `secret`."""

    def credentials() -> Answer:
        said = {"Code": "Success", "LastUpdated": instant(now()), "Type": "AWS-HMAC"}
        return told(lambda: said | session_of(get(None), now()))

    pages: Mapping[str, Callable[[], Answer]] = {
        f"{_META}/iam/security-credentials": lambda: _text(_NAME),
        f"{_META}/iam/security-credentials/{_NAME}": credentials,
        **(_places(region) if region else {}),
    }

    def answer(asked: Asked) -> Answer:
        if asked.path == "/latest/api/token":
            return _token(asked, secret, now()) if asked.method == "PUT" else refusal(HTTPStatus.METHOD_NOT_ALLOWED)
        if not _is_good(asked.headers.get(_TOKEN, ""), secret, now()):
            return refusal(HTTPStatus.UNAUTHORIZED)
        page = pages.get(asked.path.rstrip("/"))
        if page is None:
            return refusal(HTTPStatus.NOT_FOUND)
        return page() if asked.method == "GET" else refusal(HTTPStatus.METHOD_NOT_ALLOWED)

    return answer


def _places(region: str) -> dict[str, Callable[[], Answer]]:
    return {
        f"{_META}/placement/region": lambda: _text(region),
        f"{_META}/placement/availability-zone": lambda: _text(f"{region}a"),
        "/latest/dynamic/instance-identity/document": lambda: json_answer({"region": region}),
    }


def _token(asked: Asked, secret: bytes, now: float) -> Answer:
    """Return a token: the end of its life, signed, so that nothing has to be remembered of it."""
    if "x-forwarded-for" in asked.headers:
        return refusal(HTTPStatus.FORBIDDEN)  # it came through a proxy
    seconds = asked.headers.get(_TTL, "")
    if not re.fullmatch("[0-9]{1,5}", seconds) or not 1 <= int(seconds) <= _LONGEST:
        return refusal(HTTPStatus.BAD_REQUEST)
    end = str(int(now) + int(seconds))
    return _text(f"{end}.{_signature(end, secret)}", {_TTL: seconds})


def _is_good(token: str, secret: bytes, now: float) -> bool:
    end, _, signature = token.partition(".")
    good = hmac.compare_digest(signature.encode(errors="replace"), _signature(end, secret).encode())
    return good and int(end) > now


def _signature(end: str, secret: bytes) -> str:
    return hmac.new(secret, end.encode(errors="replace"), "sha256").hexdigest()


def _text(text: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(HTTPStatus.OK, text.encode(), "text/plain", headers or {})
