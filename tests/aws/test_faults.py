"""Failures on request arrive as botocore sees them on a bad day."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tests.aws import Breakage, KeyPair, StrictAws
from tests.aws.client import outcome, refusal, sts_client
from tests.aws.sso_client import oidc_client


@pytest.mark.parametrize(
    ("code", "status"), [("Throttling", 400), ("InternalFailure", 500), ("RegionDisabledException", 403)]
)
def test_a_refusal_of_ones_choice_comes_once(aws: StrictAws, sts: Any, code: str, status: int) -> None:
    aws.fail_next("GetCallerIdentity", code)
    assert outcome(sts.get_caller_identity) == (status, code)
    assert outcome(sts.get_caller_identity) == (200, "")
    assert [record.error for record in aws.requests] == [code, None]


def test_status_words_and_number_can_be_chosen(aws: StrictAws, sts: Any) -> None:
    aws.fail_next("GetSessionToken", "PackedPolicyTooLarge", status=418, message="too <large>", times=2)
    assert outcome(sts.get_caller_identity) == (200, "")
    for _ in range(2):
        assert refusal(sts.get_session_token) == (418, "PackedPolicyTooLarge", "too <large>")
    assert outcome(sts.get_session_token) == (200, "")


def test_boto3_gets_over_throttling(aws: StrictAws, key: KeyPair) -> None:
    aws.fail_next("*", "Throttling", times=1)
    patient = sts_client(aws.endpoint_url, key, retries={"total_max_attempts": 3, "mode": "standard"})
    assert outcome(patient.get_caller_identity) == (200, "")
    assert [record.error for record in aws.requests] == ["Throttling", None]


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Breakage.RESET, ConnectionClosedError),
        (Breakage.TRUNCATED, ResponseParserError),
        (Breakage.MALFORMED, ResponseParserError),
    ],
)
def test_a_spoilt_answer_is_an_error_and_the_next_one_is_whole(
    aws: StrictAws, sts: Any, how: Breakage, error: type[Exception]
) -> None:
    aws.break_next("GetSessionToken", how)
    with pytest.raises(error):
        sts.get_session_token()
    assert outcome(sts.get_session_token) == (200, "")
    assert [record.breakage for record in aws.requests] == [how.value, None]


@pytest.mark.parametrize("how", [Breakage.PORTAL, Breakage.MISSHAPEN])
def test_another_document_is_no_answer_of_aws(aws: StrictAws, sts: Any, how: Breakage) -> None:
    """It is well-formed XML, so botocore looks for the result in it, and does not call that a parser error."""
    aws.break_next("GetCallerIdentity", how)
    with pytest.raises(KeyError, match="GetCallerIdentityResult"):
        sts.get_caller_identity()


@pytest.mark.parametrize(
    ("code", "status"),
    [("SlowDownException", 400), ("InternalServerException", 500), ("InvalidClientException", 401)],
)
def test_each_service_is_refused_in_its_own_words(aws: StrictAws, code: str, status: int) -> None:
    aws.fail_next("RegisterClient", code)
    register = {"clientName": "me", "clientType": "public"}
    assert outcome(oidc_client(aws).register_client, **register) == (status, code)
    assert outcome(oidc_client(aws).register_client, **register) == (200, "")


@pytest.mark.parametrize(
    ("how", "error"), [(Breakage.RESET, ConnectionClosedError), (Breakage.SILENT, ReadTimeoutError)]
)
def test_json_that_does_not_arrive_is_an_error(aws: StrictAws, how: Breakage, error: type[Exception]) -> None:
    oidc = sts_client(aws.endpoint_url, ("unused", "unused"), service="sso-oidc", read_timeout=0.5)
    aws.break_next("RegisterClient", how)
    with pytest.raises(error):
        oidc.register_client(clientName="me", clientType="public")
    assert outcome(oidc.register_client, clientName="me", clientType="public") == (200, "")


@pytest.mark.parametrize("how", [Breakage.TRUNCATED, Breakage.MALFORMED, Breakage.MISSHAPEN, Breakage.PORTAL])
def test_spoilt_json_is_an_empty_answer_to_botocore(aws: StrictAws, how: Breakage) -> None:
    """It raises nothing: whoever asks has to look for what is missing."""
    aws.break_next("RegisterClient", how)
    answer = oidc_client(aws).register_client(clientName="me", clientType="public")
    assert set(answer) == {"ResponseMetadata"}
    assert [record.breakage for record in aws.requests] == [how.value]


def test_silence_lasts_until_the_client_gives_up(aws: StrictAws, key: KeyPair) -> None:
    aws.break_next("GetCallerIdentity", Breakage.SILENT)
    hasty = sts_client(aws.endpoint_url, key, read_timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        hasty.get_caller_identity()
    assert outcome(hasty.get_caller_identity) == (200, "")


def test_closing_ends_a_silence_and_refuses_who_comes_after(aws: StrictAws, key: KeyPair) -> None:
    aws.break_next("GetCallerIdentity", Breakage.SILENT)
    sts = sts_client(aws.endpoint_url, key, read_timeout=30)
    failures: list[BaseException] = []

    def wait_for_an_answer() -> None:
        try:
            sts.get_caller_identity()
        except ConnectionClosedError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait_for_an_answer)
    waiting.start()
    while not aws.requests:
        time.sleep(0.01)
    aws.close()
    waiting.join(10)
    assert len(failures) == 1
    with pytest.raises(EndpointConnectionError):
        sts_client(aws.endpoint_url, key).get_caller_identity()


def test_a_connection_kept_alive_dies_with_the_double(aws: StrictAws, sts: Any) -> None:
    assert outcome(sts.get_caller_identity) == (200, "")
    aws.close()
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        sts.get_caller_identity()


def test_a_slow_answer_is_late_and_right(aws: StrictAws, sts: Any) -> None:
    aws.break_next("GetCallerIdentity", Breakage.SLOW, seconds=0.3)
    started = time.monotonic()
    assert outcome(sts.get_caller_identity) == (200, "")
    assert time.monotonic() - started >= 0.3


def test_a_broken_answer_still_uses_up_the_code(aws: StrictAws) -> None:
    """As with AWS: what was lost is the answer, so the same code is refused the second time."""
    alice = aws.add_user("carol")
    mfa, sts = alice.add_mfa(), sts_client(aws.endpoint_url, alice.add_key())
    given = {"SerialNumber": mfa.serial, "TokenCode": mfa.code()}
    aws.break_next("GetSessionToken", Breakage.RESET)
    with pytest.raises(ConnectionClosedError):
        sts.get_session_token(**given)
    assert outcome(sts.get_session_token, **given) == (403, "AccessDenied")
