"""The door of the REST services that speak JSON (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.aws.exchange import Exchange, query_of
from tests.aws.messages import Answer, AwsError, RawRequest, json_answer

__all__ = ["Operation", "RestCall", "RestDoor"]


@dataclass(frozen=True, slots=True)
class RestCall:
    """What an operation is given: the JSON object that was sent, the query, and the bearer's token, if any."""

    document: Mapping[str, Any]
    query: Mapping[str, str]
    bearer: str | None


Operation: TypeAlias = Callable[[RestCall], object]


@dataclass(frozen=True, slots=True)
class RestDoor:
    """`operations`: (method, path) -> name and function; an error is told in a header and in a body of `error_body`."""

    operations: Mapping[tuple[str, str], tuple[str, Operation]]
    namespace: str
    error_body: Callable[[AwsError], object]

    @property
    def paths(self) -> set[str]:
        """Where it is found."""
        return {path for _, path in self.operations}

    def read(self, request: RawRequest) -> Exchange:
        """Find the operation by method and path."""
        name, _ = self.operations.get((request.method, request.path), ("", None))
        try:
            document = json.loads(request.body) if request.body else {}
        except ValueError:
            document = None
        sent = document if isinstance(document, dict) else {}
        parameters = query_of(request) | {key: _text(value) for key, value in sent.items()}
        return Exchange(request, name, parameters, document=document)

    def act(self, exchange: Exchange) -> Answer:
        """Answer; raises AwsError."""
        request = exchange.request
        if not exchange.action:
            raise AwsError(404, "UnknownOperationException", f"No operation {request.method} {request.path}")
        json_expected = request.method == "POST" and request.body
        if not isinstance(exchange.document, dict) or (
            json_expected and (request.header("content-type") or "").partition(";")[0] != "application/json"
        ):
            raise AwsError(400, "SerializationException", "The body is no JSON object")
        _, operation = self.operations[request.method, request.path]
        bearer = request.header("x-amz-sso_bearer_token")
        return json_answer(200, operation(RestCall(exchange.document, query_of(request), bearer)))

    def refuse(self, exchange: Exchange, error: AwsError) -> Answer:
        """Say no; the header is what an SDK goes by."""
        header = ("x-amzn-ErrorType", f"{error.code}:http://internal.amazon.com/coral/{self.namespace}/")
        return json_answer(error.status, self.error_body(error), headers=(header,))


def _text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return value if isinstance(value, str) else json.dumps(value)
