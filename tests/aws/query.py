"""The door of the query protocol: STS and IAM (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tests.aws import iam, signature, sts, web_identity
from tests.aws.call import Action, Call
from tests.aws.directory import Directory
from tests.aws.exchange import Exchange, query_of
from tests.aws.identity import AccessKey, Caller, LastUsed, Session
from tests.aws.messages import Answer, AwsError, RawRequest, error_answer, result_answer
from tests.aws.shapes import validate

__all__ = ["QueryDoor"]


@dataclass(frozen=True, slots=True)
class _Service:
    """A service: its name in a credential scope, the version of its API, and its actions."""

    name: str
    version: str
    actions: Mapping[str, Action]

    @property
    def namespace(self) -> str:
        return f"https://{self.name}.amazonaws.com/doc/{self.version}/"


_UNSIGNED: Mapping[str, Action] = {"AssumeRoleWithWebIdentity": web_identity.assume_role_with_web_identity}
_STS = _Service("sts", "2011-06-15", {**sts.ACTIONS, **_UNSIGNED})
_IAM = _Service("iam", "2010-05-08", iam.ACTIONS)
_INVALID_TOKEN = "The security token included in the request is invalid."


class QueryDoor:
    """Verifies who asks, checks the parameters' shape, and calls the action."""

    def __init__(self, directory: Directory, clock: Callable[[], float], expiry: Callable[[str, int], int]) -> None:
        self._directory = directory
        self._clock = clock
        self._expiry = expiry

    def read(self, request: RawRequest) -> Exchange:
        """Take the parameters of URL and form together."""
        form = request.body.decode("utf-8", "replace") if request.method == "POST" else ""
        parameters = query_of(request) | dict(parse_qsl(form, keep_blank_values=True))
        return Exchange(request, parameters.get("Action", ""), parameters)

    def act(self, exchange: Exchange) -> Answer:
        """Answer; raises AwsError."""
        service = _service_of(exchange)
        if exchange.action not in _UNSIGNED:
            exchange.caller = self._authenticate(exchange, service)
        action = service.actions.get(exchange.action)
        if action is None or exchange.parameters.get("Version") != service.version:
            version = exchange.parameters.get("Version", "NO_VERSION_SPECIFIED")
            raise AwsError(400, "InvalidAction", f"Could not find operation {exchange.action} for version {version}")
        validate(exchange.action, exchange.parameters)
        call = Call(
            exchange.caller,
            exchange.parameters,
            self._directory,
            lambda asked: self._expiry(exchange.action, asked),
        )
        return result_answer(exchange.action, action(call), service.namespace)

    def refuse(self, exchange: Exchange, error: AwsError) -> Answer:
        """Say no in XML."""
        return error_answer(error, _service_of(exchange).namespace)

    def _authenticate(self, exchange: Exchange, service: _Service) -> Caller:
        """Find out who asks, by signature; every doubt about a key or a token is the same refusal."""
        exchange.authorization = authorization = signature.parse(exchange.request)
        signature.check_time(authorization, self._clock())
        signature.check_scope(authorization, service.name)
        caller = self._directory.find(authorization.access_key_id)
        token = exchange.request.header("x-amz-security-token") or ""
        match caller:
            case AccessKey(active=True, unknown_for=0) if not token:
                pass
            case Session(token=genuine) if hmac.compare_digest(genuine.encode(), token.encode()):
                pass
            case AccessKey(active=True):
                caller.unknown_for = max(0, caller.unknown_for - 1)
                raise AwsError(403, "InvalidClientTokenId", _INVALID_TOKEN)
            case _:
                raise AwsError(403, "InvalidClientTokenId", _INVALID_TOKEN)
        signature.verify(exchange.request, authorization, caller.secret)
        if isinstance(caller, Session) and self._clock() >= caller.expires:
            raise AwsError(403, "ExpiredToken", "The security token included in the request is expired")
        if service is _IAM and isinstance(caller, Session) and not (caller.role or caller.mfa):
            # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html: no IAM without MFA; and
            # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html: none at all.
            raise AwsError(403, "InvalidClientTokenId", _INVALID_TOKEN)
        if isinstance(caller, AccessKey):
            caller.last_used = LastUsed(self._clock(), service.name, authorization.region)
        return caller


def _service_of(exchange: Exchange) -> _Service:
    return _IAM if exchange.action in _IAM.actions else _STS
