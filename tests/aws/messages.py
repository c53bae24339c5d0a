"""What goes over the wire: the request as it came, the answer in XML or JSON, and AWS's way of saying no."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.sax.saxutils import escape

__all__ = ["Answer", "AwsError", "Element", "RawRequest", "error_answer", "json_answer", "result_answer"]

Element: TypeAlias = "str | Mapping[str, Element] | Sequence[Mapping[str, Element]]"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request before anything was made of it; `path` and `query` are as sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, its name in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `headers` are those beside the content's type and length and the request's id."""

    status: int
    body: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    content_type: str = "text/xml"
    headers: tuple[tuple[str, str], ...] = ()


class AwsError(Exception):
    """AWS says no: HTTP status, its own code, its own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def result_answer(action: str, result: Element | None, namespace: str) -> Answer:
    """Wrap a result, if there is one, as the query protocol does.

    https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
    """
    request_id = str(uuid.uuid4())
    wrapped: dict[str, Element] = {} if result is None else {f"{action}Result": result}
    content = {**wrapped, "ResponseMetadata": {"RequestId": request_id}}
    return _answer(200, f"{action}Response", content, request_id, namespace)


def error_answer(error: AwsError, namespace: str) -> Answer:
    """Wrap a refusal in XML; the fault is the sender's below 500."""
    request_id = str(uuid.uuid4())
    fault = "Sender" if error.status < 500 else "Receiver"
    details = {"Type": fault, "Code": error.code, "Message": error.message}
    content: Element = {"Error": details, "RequestId": request_id}
    return _answer(error.status, "ErrorResponse", content, request_id, namespace)


def json_answer(status: int, document: object, *, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Send a document, or nothing when it is None, as the REST services do."""
    body = b"" if document is None else json.dumps(document).encode()
    return Answer(status, body, content_type="application/json", headers=headers)


def _answer(status: int, root: str, content: Element, request_id: str, namespace: str) -> Answer:
    text = f'<{root} xmlns="{namespace}">{_xml(content)}</{root}>'
    return Answer(status, text.encode(), request_id)


def _xml(element: Element) -> str:
    if isinstance(element, str):
        return escape(element)
    if isinstance(element, Mapping):
        return "".join(f"<{name}>{_xml(child)}</{name}>" for name, child in element.items())
    return "".join(f"<member>{_xml(child)}</member>" for child in element)
