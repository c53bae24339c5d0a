"""What goes over the wire: the request as it came, the answer in XML, and AWS's way of saying no."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.sax.saxutils import escape

__all__ = ["Answer", "AwsError", "Element", "RawRequest", "error_answer", "result_answer"]

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"

Element: TypeAlias = "str | Mapping[str, Element]"


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
    """What is sent back."""

    status: int
    body: bytes
    request_id: str
    content_type: str = "text/xml"


class AwsError(Exception):
    """AWS says no: HTTP status, its own code, its own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def result_answer(action: str, result: Element) -> Answer:
    """Wrap a result as the query protocol does (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html)."""
    request_id = str(uuid.uuid4())
    return _answer(
        200,
        f"{action}Response",
        {f"{action}Result": result, "ResponseMetadata": {"RequestId": request_id}},
        request_id,
    )


def error_answer(error: AwsError) -> Answer:
    """Wrap a refusal; the fault is the sender's below 500."""
    request_id = str(uuid.uuid4())
    fault = "Sender" if error.status < 500 else "Receiver"
    details = {"Type": fault, "Code": error.code, "Message": error.message}
    return _answer(error.status, "ErrorResponse", {"Error": details, "RequestId": request_id}, request_id)


def _answer(status: int, root: str, content: Element, request_id: str) -> Answer:
    text = f'<{root} xmlns="{NAMESPACE}">{_xml(content)}</{root}>'
    return Answer(status, text.encode(), request_id)


def _xml(element: Element) -> str:
    if isinstance(element, str):
        return escape(element)
    return "".join(f"<{name}>{_xml(child)}</{name}>" for name, child in element.items())
