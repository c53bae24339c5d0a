"""Signature Version 4: against AWS's own examples, and against requests bent in one place each."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from tests.aws import KeyPair, StrictAws
from tests.aws.client import Reply, send, sign
from tests.aws.messages import AwsError, RawRequest
from tests.aws.signature import parse, signature_of, verify

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
IDENTITY = {"Action": "GetCallerIdentity"}

# From the SigV4 test suite and the documentation's own worked example: request, signed headers, service, signature.
EXAMPLES = {
    "get-vanilla": (
        RawRequest("GET", "/", "", (("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")), b""),
        "host;x-amz-date",
        "service",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    "get-vanilla-query-order-key-case": (
        RawRequest(
            "GET",
            "/",
            "Param2=value2&Param1=value1",
            (("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")),
            b"",
        ),
        "host;x-amz-date",
        "service",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "post-vanilla": (
        RawRequest("POST", "/", "", (("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")), b""),
        "host;x-amz-date",
        "service",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    "iam-list-users": (
        RawRequest(
            "GET",
            "/",
            "Action=ListUsers&Version=2010-05-08",
            (
                ("host", "iam.amazonaws.com"),
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("x-amz-date", "20150830T123600Z"),
            ),
            b"",
        ),
        "content-type;host;x-amz-date",
        "iam",
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    ),
}


def ask(aws: StrictAws, request: RawRequest) -> Reply:
    return send(aws.endpoint_url, request)


@pytest.mark.parametrize("name", EXAMPLES)
def test_aws_examples_verify(name: str) -> None:
    """The signatures that AWS publishes are the ones computed here."""
    request, signed, service, signature = EXAMPLES[name]
    credential = f"AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request"
    header = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    request = replace(request, headers=(*request.headers, ("authorization", header)))
    authorization = parse(request)
    assert signature_of(request, authorization, SECRET) == signature
    verify(request, authorization, SECRET)
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        verify(request, authorization, SECRET + "x")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_request_signed_by_hand_is_accepted(aws: StrictAws, key: KeyPair, method: str) -> None:
    reply = ask(aws, sign(aws.endpoint_url, IDENTITY, key, method=method))
    assert reply.outcome == (200, "")
    assert reply.text("Arn") == "arn:aws:iam::123456789012:user/alice"
    assert reply.headers["content-type"] == "text/xml"


def test_the_order_of_the_query_does_not_matter(aws: StrictAws, key: KeyPair) -> None:
    request = sign(aws.endpoint_url, IDENTITY, key, method="GET")
    reordered = replace(request, query="&".join(reversed(request.query.split("&"))))
    assert reordered.query != request.query
    assert ask(aws, reordered).outcome == (200, "")


def test_spaces_in_a_header_are_folded(aws: StrictAws, key: KeyPair) -> None:
    request = sign(aws.endpoint_url, IDENTITY, key, headers={"x-amz-note": "a b"})
    spaced = tuple((name, "  a    b " if name == "x-amz-note" else value) for name, value in request.headers)
    assert ask(aws, replace(request, headers=spaced)).outcome == (200, "")


def bend_body(request: RawRequest) -> RawRequest:
    return replace(request, body=request.body + b"&DurationSeconds=900")


def bend_query(request: RawRequest) -> RawRequest:
    return replace(request, query="DurationSeconds=900")


def bend_path(request: RawRequest) -> RawRequest:
    return replace(request, path="/other")


def bend_method(request: RawRequest) -> RawRequest:
    return replace(request, method="GET", query=request.body.decode(), body=b"")


def bend_header(request: RawRequest) -> RawRequest:
    headers = tuple((name, "text/plain" if name == "content-type" else value) for name, value in request.headers)
    return replace(request, headers=headers)


def add_amz_header(request: RawRequest) -> RawRequest:
    return replace(request, headers=(*request.headers, ("x-amz-note", "not signed")))


@pytest.mark.parametrize("bend", [bend_body, bend_query, bend_path, bend_method, bend_header, add_amz_header])
def test_anything_changed_after_signing_is_refused(aws: StrictAws, key: KeyPair, bend: object) -> None:
    assert callable(bend)
    request = bend(sign(aws.endpoint_url, IDENTITY, key))
    assert ask(aws, request).outcome == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("header", ["host", "x-amz-date"])
def test_what_must_be_signed_cannot_be_left_out(aws: StrictAws, key: KeyPair, header: str) -> None:
    reply = ask(aws, sign(aws.endpoint_url, IDENTITY, key, unsigned=(header,)))
    assert reply.outcome == (403, "SignatureDoesNotMatch")
    assert reply.text("Message") == f"'{header}' must be a 'SignedHeader' in the AWS Authorization."


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ({"date": "20150830"}, "Date in Credential scope does not match YYYYMMDD"),
        ({"service": "iam"}, "Credential should be scoped to correct service: 'sts'."),
        ({"terminator": "aws5_request"}, "Credential should be scoped with a valid terminator: 'aws4_request'."),
    ],
)
def test_a_signature_for_another_scope_is_refused(
    aws: StrictAws, key: KeyPair, scope: dict[str, str], message: str
) -> None:
    reply = ask(aws, sign(aws.endpoint_url, IDENTITY, key, scope=scope))
    assert reply.outcome == (403, "SignatureDoesNotMatch")
    assert reply.text("Message").startswith(message)


def without(request: RawRequest, header: str, instead: str | None = None) -> RawRequest:
    headers = tuple((name, value) for name, value in request.headers if name != header)
    return replace(request, headers=headers if instead is None else (*headers, (header, instead)))


def test_an_unsigned_request_is_refused(aws: StrictAws, key: KeyPair) -> None:
    reply = ask(aws, without(sign(aws.endpoint_url, IDENTITY, key), "authorization"))
    assert reply.outcome == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize(
    "header",
    [
        "Basic YTpi",
        "AWS4-HMAC-SHA256 Credential=AKIA/20150830/us-east-1/sts/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=AKIA/sts/aws4_request, SignedHeaders=host, Signature=00",
    ],
)
def test_an_incomplete_authorization_is_refused(aws: StrictAws, key: KeyPair, header: str) -> None:
    request = without(sign(aws.endpoint_url, IDENTITY, key), "authorization", header)
    assert ask(aws, request).outcome == (400, "IncompleteSignature")


def test_a_request_without_its_date_is_refused(aws: StrictAws, key: KeyPair) -> None:
    assert ask(aws, without(sign(aws.endpoint_url, IDENTITY, key), "x-amz-date")).outcome == (
        400,
        "IncompleteSignature",
    )


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-20, "Signature expired"), (20, "Signature not yet current"), (-14, ""), (14, "")],
)
def test_fifteen_minutes_of_skew_are_allowed(aws: StrictAws, key: KeyPair, minutes: int, words: str) -> None:
    """A clock 14 minutes off does, one 20 minutes off is named, with the time on both clocks."""
    reply = ask(aws, sign(aws.endpoint_url, IDENTITY, key, at=time.time() + minutes * 60))
    assert reply.outcome == ((403, "SignatureDoesNotMatch") if words else (200, ""))
    assert words in reply.text("Message")
    assert ("15 min.)" in reply.text("Message")) == bool(words)


def test_the_double_has_a_clock_of_its_own(aws: StrictAws, key: KeyPair) -> None:
    """Its offset shows in the Date header, and moves what it takes for the present."""
    aws.clock_offset = 7200
    reply = ask(aws, sign(aws.endpoint_url, IDENTITY, key))
    assert reply.outcome == (403, "SignatureDoesNotMatch")
    assert abs(parsedate_to_datetime(reply.headers["date"]).timestamp() - time.time() - 7200) < 10
    assert ask(aws, sign(aws.endpoint_url, IDENTITY, key, at=aws.now())).outcome == (200, "")


@pytest.mark.parametrize(
    "parameters", [{"Action": "GetMoney"}, {"Action": "GetCallerIdentity", "Version": "2010-05-08"}]
)
def test_an_unknown_action_or_version_is_refused(aws: StrictAws, key: KeyPair, parameters: dict[str, str]) -> None:
    assert ask(aws, sign(aws.endpoint_url, parameters, key)).outcome == (400, "InvalidAction")
