"""What AWS refuses is one line that explains it, with AWS's own code and words, and one that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shellint.errors import AwsRefused, ConfigError
from shellint.plan import AssumeRole
from shellint.sources import client as client_module
from shellint.sources.assume_role import assume_role
from shellint.sources.session_token import get_session_token
from tests.aws import KeyPair, StrictAws
from tests.loopback import raw_server
from tests.sts_helpers import PLAIN, ask, refusal
from tests.world import HOUR


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as double:
        yield double


@pytest.fixture
def key(aws: StrictAws) -> KeyPair:
    return aws.add_user("alice").add_key()


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at the first attempt: the pauses between attempts are tested once and not in each case."""
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)


def test_an_unknown_key_is_named_by_its_ends(aws: StrictAws, key: KeyPair) -> None:
    wrong = KeyPair("AKIAIOSFODNN7EXAMPLE", key.secret_access_key)
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, wrong), PLAIN, None), *wrong)
    assert error.what.startswith("AWS does not know the key AKIA…MPLE of base: deleted, deactivated, or of another")
    assert error.todo == "`vault add base` stores a key anew"
    assert error.exit_code == 3


def test_an_unknown_session_is_not_mistaken_for_a_key(aws: StrictAws, key: KeyPair) -> None:
    made = get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    tampered = replace(made, session_token=made.session_token[::-1])
    error = refusal(lambda: ask(aws.endpoint_url, tampered).call("get_caller_identity", {}), made.session_token)
    assert error.what.startswith(f"AWS does not know the session ASIA…{made.access_key_id[-4:]} of base: revoked, ")
    assert "vault add" not in error.todo


def test_a_wrong_secret_is_told_from_an_unknown_key(aws: StrictAws, key: KeyPair) -> None:
    wrong = KeyPair(key.access_key_id, "not the secret of this key, for sure")
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, wrong), PLAIN, None), wrong[1])
    assert error.what.startswith("the secret that goes with the key AKIA…")
    assert "SignatureDoesNotMatch" in error.what


def test_an_expired_session_is_named(aws: StrictAws, key: KeyPair) -> None:
    aws.session_seconds = 100
    made = get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    aws.clock_offset = 200
    step = AssumeRole("admin", "arn:aws:iam::123456789012:role/admin", "alice@laptop", None, HOUR)
    error = refusal(lambda: assume_role(ask(aws.endpoint_url, made), step, None), made.session_token)
    assert error.what.startswith(f"the session ASIA…{made.access_key_id[-4:]} of base has expired (ExpiredToken: ")


@pytest.mark.parametrize(("offset", "side"), [(1200, "behind"), (-1200, "ahead of")])
def test_a_clock_twenty_minutes_off_is_named_as_such(aws: StrictAws, key: KeyPair, offset: int, side: str) -> None:
    aws.clock_offset = offset
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert error.what.startswith(f"this machine's clock is 20 minutes {side} AWS's (SignatureDoesNotMatch: ")
    assert error.todo == "set the clock"


def test_a_wrong_clock_is_named_even_when_the_answer_has_no_date() -> None:
    body = refusal_body("SignatureDoesNotMatch", "Signature expired: 20240101T000000Z is now earlier than ...")
    with raw_server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) as url:
        error = refusal(lambda: ask(url, KeyPair("AKIAEXAMPLE000000000", "s")).call("get_caller_identity", {}))
    assert error.what.startswith("this machine's clock is behind AWS's (")


def test_a_role_that_may_not_be_assumed_is_named(aws: StrictAws, key: KeyPair) -> None:
    role = aws.add_role("admin", trusted=[aws.add_user("bob").arn])
    step = AssumeRole("admin", role.arn, "alice@laptop", None, HOUR)
    error = refusal(lambda: assume_role(ask(aws.endpoint_url, key), step, None))
    assert error.what.startswith(f"base may not assume {role.arn} (AccessDenied: User: ")
    assert "mfa_serial" in error.todo


def test_a_duration_over_the_roles_maximum_names_both(aws: StrictAws, key: KeyPair) -> None:
    role = aws.add_role("admin", trusted=["*"])
    step = AssumeRole("admin", role.arn, "alice@laptop", None, 2 * HOUR)
    sts = ask(aws.endpoint_url, key)
    error = refusal(lambda: assume_role(sts, step, None))
    assert error.what.startswith(f"{role.arn} gives no session of 2h (ValidationError: ")
    session = ask(aws.endpoint_url, get_session_token(sts, PLAIN, None))
    error = refusal(lambda: assume_role(session, step, None))
    assert error.what.startswith(f"{role.arn} is assumed from a session, which is good for one hour and not for 2h (")


CODES = [
    ("RegionDisabledException", 403, "the account has not activated STS in eu-west-1"),
    ("Throttling", 400, "AWS asks to slow down"),
    ("ThrottlingException", 400, "AWS asks to slow down"),
    ("RequestLimitExceeded", 503, "AWS asks to slow down"),
    ("PackedPolicyTooLarge", 400, "the session tags of the role are more than AWS takes"),
    ("MalformedPolicyDocument", 400, "the session tags of the role are more than AWS takes"),
    ("ExpiredTokenException", 403, "the key AKIA"),
    ("AccessDeniedException", 403, "base may not do this"),
    ("InternalFailure", 500, "AWS refused"),
    ("ServiceUnavailable", 503, "AWS refused"),
    ("SomethingNobodyHeardOf", 400, "AWS refused"),
]


@pytest.mark.parametrize(("code", "status", "what"), CODES)
def test_each_code_of_aws_is_shown_and_explained(
    aws: StrictAws, key: KeyPair, code: str, status: int, what: str, once: None
) -> None:
    aws.fail_next("*", code, status=status, message="In AWS's own words.")
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert isinstance(error, AwsRefused)
    assert error.code == code
    assert error.what.startswith(what)
    assert error.what.endswith(f"({code}: In AWS's own words.)")


def test_of_a_long_message_only_the_first_line_is_shown(aws: StrictAws, key: KeyPair) -> None:
    """AWS may repeat the request that it could not verify, with the session token among its headers."""
    message = "The request signature does not match.\n\nThe Canonical String was\nx-amz-security-token:TOPSECRET"
    aws.fail_next("*", "SignatureDoesNotMatch", status=403, message=message)
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert "TOPSECRET" not in error.what
    aws.fail_next("*", "AccessDenied", status=403, message="Encoded authorization failure message: " + "x" * 5000)
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert len(error.what) < 500


def test_what_boto3_itself_refuses_is_one_line_too(aws: StrictAws, key: KeyPair) -> None:
    step = AssumeRole("admin", "x", "a", "e", HOUR)
    error = refusal(lambda: assume_role(ask(aws.endpoint_url, key), step, None))
    assert isinstance(error, ConfigError)
    assert "RoleSessionName" in error.what
    assert aws.requests == []


def refusal_body(code: str, message: str) -> bytes:
    return (
        f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error><RequestId>x</RequestId></ErrorResponse>"
    ).encode()
