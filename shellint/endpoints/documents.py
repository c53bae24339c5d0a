"""What the endpoints say, in AWS's words: a session, or why there is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from shellint.endpoints.server import Answer
from shellint.errors import AwsRefused, NetworkError, ShellintError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shellint.credentials import Credentials

__all__ = ["instant", "json_answer", "refusal", "session_of", "told"]

# An SDK takes no session without an end. Of one that names none it shall ask again after so many seconds.
_ENDLESS = 3600


def session_of(credentials: Credentials, now: float) -> dict[str, str]:
    """Return a session under AWS's names; `now` is unix seconds.

    Its end is told on the clock of this machine, because that is what an SDK compares it with.
    """
    end = credentials.expires if credentials.expires is not None else int(now) + _ENDLESS
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "Token": credentials.session_token,
        "Expiration": instant(end),
    }


def told(get: Callable[[], dict[str, str]]) -> Answer:
    """Return the document that `get` gives, or why it gives none.

    That is for the SDK to show: botocore shows the whole body, the one for Go both fields. 5xx is what an SDK tries
    again, 4xx is final.
    """
    try:
        return json_answer(get())
    except ShellintError as refused:
        error = refused
    status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, NetworkError) else HTTPStatus.FORBIDDEN
    code = error.code if isinstance(error, AwsRefused) else type(error).__name__
    return _problem(status, code, "; ".join(filter(None, (error.what, error.todo))))


def refusal(status: int, message: str = "") -> Answer:
    """Return the answer to a request that is no good one."""
    known = HTTPStatus(status)
    return _problem(known, known.phrase.replace(" ", ""), message or known.phrase)


def json_answer(document: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a document as an answer."""
    return Answer(status, json.dumps(document).encode())


def instant(seconds: float) -> str:
    """Return unix seconds as AWS writes them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _problem(status: HTTPStatus, code: str, message: str) -> Answer:
    return json_answer({"code": code, "message": message}, status)
