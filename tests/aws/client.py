"""How a test asks: by boto3, or by a request signed by hand so that any part of it can be bent."""

from __future__ import annotations

import functools
import http.client
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.aws.double import StrictAws
from tests.aws.identity import Role
from tests.aws.messages import RawRequest
from tests.aws.signature import ALGORITHM, Authorization, signature_of

__all__ = ["Reply", "assume", "outcome", "refusal", "seconds_left", "send", "sign", "sts_client", "with_session"]

REGION = "us-east-1"


@functools.cache
def _session() -> Any:
    import boto3

    return boto3.Session(aws_access_key_id="unused", aws_secret_access_key="unused", region_name=REGION)


def sts_client(endpoint_url: str, key: Any, *, service: str = "sts", **config: Any) -> Any:
    """Make a boto3 client without retries or checks of its own; `key`: (id, secret) or the Credentials of an answer."""
    from botocore.config import Config

    session = isinstance(key, Mapping)
    defaults: dict[str, Any] = {
        "parameter_validation": False,
        "retries": {"total_max_attempts": 1},
        "read_timeout": 5,
        "proxies": {},
    }
    return _session().client(
        service,
        endpoint_url=endpoint_url,
        aws_access_key_id=key["AccessKeyId"] if session else key[0],
        aws_secret_access_key=key["SecretAccessKey"] if session else key[1],
        aws_session_token=key["SessionToken"] if session else None,
        config=Config(**defaults | config),
    )


def refusal(call: Callable[..., object], **parameters: object) -> tuple[int, str, str]:
    """Make a call that must be refused: HTTP status, AWS's code, AWS's message."""
    from botocore.exceptions import ClientError

    try:
        answer = call(**parameters)
    except ClientError as error:
        response = error.response
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]
    raise AssertionError(f"not refused: {answer}")


def outcome(call: Callable[..., Any], **parameters: object) -> tuple[int, str]:
    """Make a call: HTTP status and AWS's code, empty when it succeeded."""
    from botocore.exceptions import ClientError

    try:
        answer = call(**parameters)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], ""


def assume(client: Any, role: Role, **parameters: Any) -> Any:
    """Assume a role under the session name `me@here`."""
    return client.assume_role(**{"RoleArn": role.arn, "RoleSessionName": "me@here"} | parameters)


def with_session(aws: StrictAws, answer: Mapping[str, Any]) -> Any:
    """Make a client that holds the credentials of an answer."""
    return sts_client(aws.endpoint_url, answer["Credentials"])


def seconds_left(answer: Mapping[str, Any]) -> float:
    """Return how long the credentials of an answer last, on the clock of this machine."""
    left: float = answer["Credentials"]["Expiration"].timestamp() - time.time()
    return left


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for a request sent by hand."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self, name: str) -> str:
        """Return the text of the first XML element of this name, empty when there is none."""
        found = next(
            (element for element in ET.fromstring(self.body).iter() if element.tag.endswith(f"}}{name}")), None
        )
        return (found.text if found is not None else None) or ""

    @property
    def outcome(self) -> tuple[int, str]:
        """HTTP status and AWS's code, empty when it succeeded."""
        return self.status, self.text("Code")


def sign(
    endpoint_url: str,
    parameters: Mapping[str, str],
    key: tuple[str, str],
    *,
    token: str | None = None,
    method: str = "POST",
    at: float | None = None,
    scope: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    unsigned: tuple[str, ...] = (),
) -> RawRequest:
    """Build and sign one: `at` in unix seconds (now), `scope` and `headers` over the usual, none of `unsigned`."""
    stamp = datetime.fromtimestamp(time.time() if at is None else at, UTC).strftime("%Y%m%dT%H%M%SZ")
    form = urlencode({"Version": "2011-06-15"} | dict(parameters))
    fields = {"host": urlsplit(endpoint_url).netloc, "x-amz-date": stamp}
    fields |= {"content-type": "application/x-www-form-urlencoded; charset=utf-8"} if method == "POST" else {}
    fields |= {"x-amz-security-token": token} if token else {}
    fields |= dict(headers or {})
    body, query = (form.encode(), "") if method == "POST" else (b"", form)
    request = RawRequest(method, "/", query, tuple(fields.items()), body)
    names = tuple(sorted(name for name in fields if name not in unsigned))
    usual = {"date": stamp[:8], "region": REGION, "service": "sts", "terminator": "aws4_request"}
    parts = usual | dict(scope or {})
    authorization = Authorization(access_key_id=key[0], signed_headers=names, signature="", stamp=stamp, **parts)
    header = (
        f"{ALGORITHM} Credential={key[0]}/{authorization.scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={signature_of(request, authorization, key[1])}"
    )
    return replace(request, headers=(*request.headers, ("authorization", header)))


def send(endpoint_url: str, request: RawRequest) -> Reply:
    """Send a request as it is."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    connection = http.client.HTTPConnection(urlsplit(endpoint_url).netloc, timeout=5)
    try:
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in (*request.headers, ("content-length", str(len(request.body)))):
            connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()
