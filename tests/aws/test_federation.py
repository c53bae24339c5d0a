"""GetFederationToken, and the endpoint that opens the console."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.aws import Role, StrictAws, User
from tests.aws.client import Reply, assume, outcome, refusal, seconds_left, send, with_session
from tests.aws.messages import RawRequest

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CONSOLE = "https://eu-central-1.console.aws.amazon.com/s3/home?region=eu-central-1"


def call(aws: StrictAws, method: str = "GET", **parameters: str) -> Reply:
    """Ask the endpoint, in the URL or in a form."""
    text = urlencode(parameters)
    headers = (("host", "127.0.0.1"), ("content-type", "application/x-www-form-urlencoded"))
    query, body = (text, b"") if method == "GET" else ("", text.encode())
    return send(aws.endpoint_url, RawRequest(method, "/federation", query, headers, body))


def session_of(answer: Mapping[str, Any], **changes: str) -> str:
    credentials = answer["Credentials"]
    names = {"sessionId": "AccessKeyId", "sessionKey": "SecretAccessKey", "sessionToken": "SessionToken"}
    return json.dumps({name: credentials[theirs] for name, theirs in names.items()} | changes)


def signin(aws: StrictAws, session: str, method: str = "GET", **other: str) -> Reply:
    return call(aws, method, Action="getSigninToken", Session=session, **other)


def test_a_federated_user_has_a_session_that_can_do_little(aws: StrictAws, sts: Any, alice: User) -> None:
    answer = sts.get_federation_token(Name="guest", Policy=json.dumps(POLICY), DurationSeconds=129600)
    assert answer["FederatedUser"]["Arn"] == f"arn:aws:sts::{aws.account}:federated-user/guest"
    assert 129500 < seconds_left(answer) <= 129600
    assert json.loads(aws.requests[-1].parameters["Policy"]) == POLICY
    session = with_session(aws, answer)
    assert session.get_caller_identity()["UserId"] == f"{aws.account}:guest"
    role = aws.add_role("open", trusted=["*"])
    assert outcome(assume, client=session, role=role) == (403, "AccessDenied")
    for again in (session.get_session_token, lambda: session.get_federation_token(Name="guest")):
        assert outcome(again) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Name": "a"}, (400, "ValidationError")),
        ({"Name": "a" * 33}, (400, "ValidationError")),
        ({"Name": "a" * 32}, (200, "")),
        ({"DurationSeconds": 899}, (400, "ValidationError")),
        ({"DurationSeconds": 129601}, (400, "ValidationError")),
        ({"Policy": "{"}, (400, "MalformedPolicyDocument")),
        (
            {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]})},
            (400, "MalformedPolicyDocument"),
        ),
    ],
)
def test_parameters_have_a_shape(sts: Any, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    assert outcome(sts.get_federation_token, **{"Name": "guest"} | changes) == expected


def test_a_session_asks_for_no_federation_token(aws: StrictAws, sts: Any, role: Role) -> None:
    message = "Cannot call GetFederationToken with session credentials"
    for answer in (sts.get_session_token(), assume(sts, role)):
        call = with_session(aws, answer).get_federation_token
        assert refusal(call, Name="guest") == (403, "AccessDenied", message)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_opens_the_console_once(aws: StrictAws, sts: Any, role: Role, method: str) -> None:
    answer = assume(sts, role)
    reply = signin(aws, session_of(answer), method, SessionDuration="7200")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    token = json.loads(reply.body)["SigninToken"]
    record = aws.requests[-1]
    assert (record.action, record.method, record.arn) == ("getSigninToken", method, answer["AssumedRoleUser"]["Arn"])
    assert record.parameters == {"Action": "getSigninToken", "Session": "(hidden)", "SessionDuration": "7200"}
    assert ("Session" in record.in_url) == (method == "GET")
    assert answer["Credentials"]["SecretAccessKey"] not in repr(record)
    opened = call(aws, Action="login", Issuer="me", Destination=CONSOLE, SigninToken=token)
    assert opened.status == 200
    assert answer["AssumedRoleUser"]["Arn"].encode() in opened.body
    assert call(aws, Action="login", Issuer="me", Destination=CONSOLE, SigninToken=token).status == 400


def test_a_token_ends_and_leads_to_the_console_alone(aws: StrictAws, sts: Any, role: Role) -> None:
    def token() -> str:
        text: str = json.loads(signin(aws, session_of(assume(sts, role))).body)["SigninToken"]
        return text

    evil = call(aws, Action="login", Destination="https://evil.example/aws.amazon.com", SigninToken=token())
    assert evil.status == 400
    late = token()
    aws.clock_offset += 15 * 60
    assert call(aws, Action="login", Destination=CONSOLE, SigninToken=late).status == 400


def test_only_a_real_session_of_a_role_or_federated_user(aws: StrictAws, sts: Any, role: Role) -> None:
    answer = assume(sts, role)
    for wrong in ({"sessionKey": "x"}, {"sessionToken": "x"}, {"sessionId": "x"}, {"more": "x"}):
        assert signin(aws, session_of(answer, **wrong)).status == 400
    for text in ("", "[]", "{"):
        assert signin(aws, text).status == 400
    assert signin(aws, session_of(sts.get_session_token())).status == 400
    assert signin(aws, session_of(sts.get_federation_token(Name="guest"))).status == 200
    aws.clock_offset += 3601
    assert signin(aws, session_of(answer)).status == 400


def test_a_duration_is_for_a_role_that_is_not_chained(aws: StrictAws, sts: Any, role: Role) -> None:
    second = aws.add_role("second", trusted=[role.arn])
    first = assume(sts, role)
    chained = assume(with_session(aws, first), second)
    federated = sts.get_federation_token(Name="guest")
    statuses = [
        signin(aws, session_of(answer), SessionDuration="3600").status for answer in (first, chained, federated)
    ]
    assert statuses == [200, 400, 400]
    assert signin(aws, session_of(chained)).status == 200
    for seconds in ("899", "43201", "x"):
        assert signin(aws, session_of(first), SessionDuration=seconds).status == 400


def test_failures_on_request_reach_it(aws: StrictAws, sts: Any, role: Role) -> None:
    aws.fail_next("getSigninToken", "ServiceUnavailable")
    session = session_of(assume(sts, role))
    assert [signin(aws, session).status for _ in range(2)] == [503, 200]
    assert call(aws, Action="unknown").status == 400
