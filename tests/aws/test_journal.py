"""The request log says everything about a call but its secrets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.aws import StrictAws
from tests.aws.client import outcome, sts_client


def test_a_record_says_who_asked_what_and_what_was_said(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with StrictAws(log=log) as aws:
        alice = aws.add_user("alice")
        key, mfa = alice.add_key(), alice.add_mfa()
        role = aws.add_role("reader", trusted=[alice.arn], external_id="known")
        sts = sts_client(aws.endpoint_url, key, user_agent_extra="shellint/1")
        code = mfa.code()
        session = sts.get_session_token(SerialNumber=mfa.serial, TokenCode=code)["Credentials"]
        named = {"RoleArn": role.arn, "RoleSessionName": "me", "Tags": [{"Key": "team", "Value": "red"}]}
        assert outcome(sts_client(aws.endpoint_url, session).assume_role, **named) == (403, "AccessDenied")
        outcome(sts_client(aws.endpoint_url, ("AKIAUNKNOWNUNKNOWNUN", "x")).get_caller_identity)
        first, second, third = aws.requests

    assert (first.action, first.access_key_id, first.arn) == ("GetSessionToken", key.access_key_id, alice.arn)
    assert (first.status, first.error, first.region, first.mfa_code) == (200, None, "us-east-1", True)
    assert first.parameters["SerialNumber"] == mfa.serial
    assert "TokenCode" not in first.parameters
    assert "shellint/1" in first.user_agent
    assert abs(first.time - aws.now()) < 60
    assert (second.access_key_id, second.arn) == (session["AccessKeyId"], alice.arn)
    assert (second.status, second.error, second.mfa_code) == (403, "AccessDenied", False)
    assert second.parameters["Tags.member.1.Key"] == "team"
    assert (third.access_key_id, third.arn, third.error) == ("AKIAUNKNOWNUNKNOWNUN", None, "InvalidClientTokenId")

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["action"] for line in lines] == ["GetSessionToken", "AssumeRole", "GetCallerIdentity"]
    assert lines[1]["parameters"] == dict(second.parameters)
    everything = log.read_text() + repr((first, second, third))
    for secret in (key.secret_access_key, session["SecretAccessKey"], session["SessionToken"], f'"{code}"'):
        assert secret not in everything


def test_requests_from_many_threads_are_all_kept() -> None:
    with StrictAws() as aws:
        key = aws.add_user("alice").add_key()
        sts = sts_client(aws.endpoint_url, key, max_pool_connections=8)
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: outcome(sts.get_caller_identity), range(64)))
        assert outcomes == [(200, "")] * 64
        assert [record.status for record in aws.requests] == [200] * 64


def test_one_code_given_by_many_at_once_is_accepted_once() -> None:
    with StrictAws() as aws:
        alice = aws.add_user("alice")
        mfa = alice.add_mfa()
        sts = sts_client(aws.endpoint_url, alice.add_key(), max_pool_connections=8)
        given = {"SerialNumber": mfa.serial, "TokenCode": mfa.code()}
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: outcome(sts.get_session_token, **given), range(16)))
        assert sorted(outcomes) == [(200, "")] + [(403, "AccessDenied")] * 15
