"""AssumeRoleWithWebIdentity: the token decides, as boto3 sees it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.aws import IdentityProvider, Role, StrictAws
from tests.aws.client import assume, outcome, refusal, seconds_left, sts_client, with_session
from tests.aws.identity_provider import encode

ISSUER = "https://tokens.example.com/path"


@pytest.fixture
def provider(aws: StrictAws) -> IdentityProvider:
    return aws.add_identity_provider(ISSUER, "sts.amazonaws.com")


@pytest.fixture
def trusting(aws: StrictAws, provider: IdentityProvider) -> Role:
    return aws.add_role("ci", trusted=[provider.arn], max_duration=7200)


@pytest.fixture
def unsigned(aws: StrictAws) -> Any:
    return sts_client(aws.endpoint_url, ("unused", "unused"))


def ask(client: Any, role: Role | str, token: str, **other: Any) -> Any:
    arn = role if isinstance(role, str) else role.arn
    return client.assume_role_with_web_identity(
        **{"RoleArn": arn, "RoleSessionName": "job-1", "WebIdentityToken": token} | other
    )


def test_a_token_is_a_session_without_any_key(
    aws: StrictAws, provider: IdentityProvider, trusting: Role, unsigned: Any
) -> None:
    answer = ask(unsigned, trusting, provider.token("repo:me/app"))
    assert answer["SubjectFromWebIdentityToken"] == "repo:me/app"
    assert (answer["Provider"], answer["Audience"]) == (provider.arn, "sts.amazonaws.com")
    assert 3500 < seconds_left(answer) <= 3600
    arn = with_session(aws, answer).get_caller_identity()["Arn"]
    assert arn == answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/ci/job-1"
    record = aws.requests[0]
    assert (record.access_key_id, record.parameters["WebIdentityToken"]) == (None, "(hidden)")
    second = aws.add_role("second", trusted=[trusting.arn], max_duration=7200)
    session = with_session(aws, answer)
    assert outcome(assume, client=session, role=second, DurationSeconds=3601) == (400, "ValidationError")


@pytest.mark.parametrize(("seconds", "ok"), [(899, False), (900, True), (7200, True), (7201, False)])
def test_the_role_has_a_maximum(
    provider: IdentityProvider, trusting: Role, unsigned: Any, seconds: int, ok: bool
) -> None:
    token = provider.token("me-myself", exp=time.time() + 30)
    asked = outcome(ask, client=unsigned, role=trusting, token=token, DurationSeconds=seconds)
    assert asked == ((200, "") if ok else (400, "ValidationError"))


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"exp": time.time() - 1}, "ExpiredTokenException", "Token expired: current date/time"),
        ({"aud": "other"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"iss": "https://other.example.com"}, "InvalidIdentityToken", "No OpenIDConnect provider found"),
    ],
)
def test_a_token_must_be_good(
    provider: IdentityProvider, trusting: Role, unsigned: Any, claims: dict[str, Any], code: str, words: str
) -> None:
    status, found, message = refusal(ask, client=unsigned, role=trusting, token=provider.token("me-myself", **claims))
    assert (status, found, words in message) == (400, code, True)


@pytest.mark.parametrize("token", ["what-is-this", "e30.e30", "a.b.c", "e30.e30.", "e30.W10.e30", "é.é.é"])
def test_what_is_no_token_is_said_to_be_none(trusting: Role, unsigned: Any, token: str) -> None:
    assert outcome(ask, client=unsigned, role=trusting, token=token) == (400, "InvalidIdentityToken")


def test_a_forged_token_is_refused(provider: IdentityProvider, trusting: Role, unsigned: Any) -> None:
    """Signed by another key, signed by none, or changed after it was signed."""
    forger = IdentityProvider(ISSUER, "sts.amazonaws.com", provider.account)
    header, payload, signature = provider.token("me-myself").split(".")
    _, other, _ = provider.token("somebody-else").split(".")
    for token in (
        forger.token("me-myself"),
        f"{encode({'alg': 'none'})}.{payload}.",
        f"{header}.{other}.{signature}",
    ):
        assert outcome(ask, client=unsigned, role=trusting, token=token) == (400, "InvalidIdentityToken")


def test_only_a_role_that_trusts_the_provider(aws: StrictAws, provider: IdentityProvider, unsigned: Any) -> None:
    token = provider.token("me-myself")
    for role in (
        aws.add_role("closed", trusted=[f"arn:aws:iam::{aws.account}:root"]),
        aws.add_role("other", trusted=[provider.arn], actions=["sts:AssumeRole"]),
        f"arn:aws:iam::{aws.account}:role/nowhere",
    ):
        message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        assert refusal(ask, client=unsigned, role=role, token=token) == (403, "AccessDenied", message)
    elsewhere = aws.add_role("ci", trusted=[provider.arn], account="210987654321")
    assert outcome(ask, client=unsigned, role=elsewhere, token=token) == (400, "InvalidIdentityToken")


def test_failures_on_request_reach_it(
    aws: StrictAws, provider: IdentityProvider, trusting: Role, unsigned: Any
) -> None:
    aws.fail_next("AssumeRoleWithWebIdentity", "IDPRejectedClaim", status=403)
    token = provider.token("me-myself")
    assert outcome(ask, client=unsigned, role=trusting, token=token) == (403, "IDPRejectedClaim")
    assert outcome(ask, client=unsigned, role=trusting, token=token) == (200, "")
