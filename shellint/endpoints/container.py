"""The endpoint of a container: `GET /` with the token gives the session, `GET /role-arn/<arn>` that of a role from it.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html; the second is AWS Vault's.
"""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from shellint.endpoints.documents import refusal, session_of, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from shellint.credentials import Credentials
    from shellint.endpoints.server import Answer, Asked

__all__ = ["container"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ROLE = re.compile(r"/role-arn/(arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512})", re.ASCII)


def container(
    get: Callable[[str | None], Credentials], token: str, now: Callable[[], float]
) -> Callable[[Asked], Answer]:
    """Return what answers requests with the sessions that `get` gives: the profile's for None, else that of a role."""

    def answer(asked: Asked) -> Answer:
        given = asked.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
            return refusal(HTTPStatus.FORBIDDEN, "the Authorization header has not the token of this server")
        role = _ROLE.fullmatch(asked.path)
        if asked.path != "/" and role is None:
            return refusal(HTTPStatus.NOT_FOUND, "this is neither / nor /role-arn/ with the ARN of a role behind it")
        if asked.method != "GET":
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED)
        return told(lambda: session_of(get(role[1] if role else None), now()))

    return answer
