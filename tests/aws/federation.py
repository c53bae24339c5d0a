"""The federation endpoint: temporary credentials in, a way into the console out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import html
import json
import re
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from tests.aws.directory import Directory
from tests.aws.exchange import Exchange, query_of
from tests.aws.identity import Session
from tests.aws.messages import Answer, AwsError, RawRequest, json_answer

__all__ = ["PATH", "FederationDoor"]

PATH = "/federation"
TOKEN_SECONDS = 15 * 60
_CONSOLES = r"(.+\.)?(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com|amazonaws-eusc\.eu)"
_FORM = "application/x-www-form-urlencoded"


class FederationDoor:
    """Gives sign-in tokens for sessions that exist, and takes each once."""

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._clock = clock
        self._tokens: dict[str, tuple[Session, float]] = {}

    def read(self, request: RawRequest) -> Exchange:
        """Take the parameters of URL and form together."""
        content_type = (request.header("content-type") or "").partition(";")[0]
        form = request.body.decode("utf-8", "replace") if content_type == _FORM else ""
        parameters = query_of(request) | dict(parse_qsl(form, keep_blank_values=True))
        return Exchange(request, parameters.get("Action", ""), parameters)

    def act(self, exchange: Exchange) -> Answer:
        """Answer; raises AwsError."""
        action = self._actions.get(exchange.action)
        if action is None or exchange.request.method not in ("GET", "POST"):
            raise AwsError(400, "BadRequest", "Unknown Action")
        return action(self, exchange)

    def refuse(self, exchange: Exchange, error: AwsError) -> Answer:
        """Say no in a page, as for a person."""
        text = f"<html><head><title>Error</title></head><body><p>{html.escape(error.message)}</p></body></html>"
        return Answer(error.status, text.encode(), content_type="text/html; charset=utf-8")

    def _signin_token(self, exchange: Exchange) -> Answer:
        session = self._session(exchange)
        if duration := exchange.parameters.get("SessionDuration"):
            if not re.fullmatch(r"\d+", duration, re.ASCII) or not 900 <= int(duration) <= 43200:
                raise AwsError(400, "BadRequest", "SessionDuration must be 900 to 43200")
            if session.federated or session.chained:
                raise AwsError(400, "BadRequest", "SessionDuration is for roles assumed with long-term credentials")
        token = secrets.token_urlsafe(300)
        self._tokens[token] = session, self._clock() + TOKEN_SECONDS
        return json_answer(200, {"SigninToken": token})

    def _login(self, exchange: Exchange) -> Answer:
        """Open the console: here, a page that says who got in and where to."""
        session, end = self._tokens.pop(exchange.parameters.get("SigninToken", ""), (None, 0.0))
        if session is None or self._clock() >= end:
            raise AwsError(400, "BadRequest", "The sign-in token is invalid or expired")
        exchange.caller = session
        destination = exchange.parameters.get("Destination", "")
        parts = urlsplit(destination)
        if parts.scheme != "https" or not re.fullmatch(_CONSOLES, parts.hostname or ""):
            raise AwsError(400, "BadRequest", "Destination is no address of the console")
        text = f"<html><body><p>{html.escape(session.arn)}</p><p>{html.escape(destination)}</p></body></html>"
        return Answer(200, text.encode(), content_type="text/html; charset=utf-8")

    def _session(self, exchange: Exchange) -> Session:
        """Return the session that is given as JSON; one of GetSessionToken opens no console."""
        try:
            given = json.loads(exchange.parameters.get("Session", ""))
        except ValueError:
            given = None
        if not isinstance(given, dict) or set(given) != {"sessionId", "sessionKey", "sessionToken"}:
            raise AwsError(400, "BadRequest", "Session is no JSON of sessionId, sessionKey and sessionToken")
        exchange.access_key_id = str(given["sessionId"])
        session = self._directory.sessions.get(exchange.access_key_id)
        if (
            session is None
            or (session.secret, session.token) != (given["sessionKey"], given["sessionToken"])
            or self._clock() >= session.expires
            or session.user is not None
        ):
            raise AwsError(400, "BadRequest", "The credentials are invalid or expired")
        exchange.caller = session
        return session

    _actions: Mapping[str, Callable[[FederationDoor, Exchange], Answer]] = {
        "getSigninToken": _signin_token,
        "login": _login,
    }
