"""AssumeRole: trust, durations, external ids, tags and source identities, as boto3 sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws import Role, StrictAws, User
from tests.aws.client import assume, outcome, refusal, seconds_left, with_session

ACCOUNT = "123456789012"
STATEMENT = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}


def test_the_session_is_the_roles(aws: StrictAws, sts: Any, role: Role) -> None:
    answer = assume(sts, role, RoleSessionName="me@here")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me@here"
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == f"{role.role_id}:me@here"
    assert 3500 < seconds_left(answer) <= 3600
    assert with_session(aws, answer).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_only_who_is_trusted(aws: StrictAws, sts: Any, alice: User) -> None:
    role = aws.add_role("private", trusted=[f"arn:aws:iam::{ACCOUNT}:user/bob"])
    message = f"User: {alice.arn} is not authorized to perform: sts:AssumeRole on resource: {role.arn}"
    assert refusal(assume, client=sts, role=role) == (403, "AccessDenied", message)


@pytest.mark.parametrize("trusted", [f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "*"])
def test_trust_in_an_account_is_trust_in_its_users(aws: StrictAws, sts: Any, trusted: str) -> None:
    role = aws.add_role("team/open", trusted=[trusted], account="210987654321")
    answer = assume(sts, role)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::210987654321:assumed-role/open/me@here"
    assert with_session(aws, answer).get_caller_identity()["Account"] == "210987654321"


def test_a_role_that_does_not_exist_is_refused_in_the_same_words(sts: Any) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/nowhere"
    status, code, message = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="me")
    assert (status, code) == (403, "AccessDenied")
    assert message.endswith(f"is not authorized to perform: sts:AssumeRole on resource: {arn}")


@pytest.mark.parametrize(("seconds", "ok"), [(899, False), (900, True), (7200, True), (7201, False)])
def test_the_role_has_a_maximum(sts: Any, role: Role, seconds: int, ok: bool) -> None:
    expected = (200, "") if ok else (400, "ValidationError")
    assert outcome(assume, client=sts, role=role, DurationSeconds=seconds) == expected


def test_the_maximum_is_named(sts: Any, role: Role) -> None:
    message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    refused = refusal(assume, client=sts, role=role, DurationSeconds=10000)
    assert refused == (400, "ValidationError", message)


def test_temporary_credentials_get_one_hour_at_most(aws: StrictAws, sts: Any, alice: User, role: Role) -> None:
    """Whether they are a user's or a role's: AWS counts both as chaining."""
    second = aws.add_role("second", trusted=[alice.arn, role.arn], max_duration=43200)
    for answer in (sts.get_session_token(), assume(sts, role)):
        session = with_session(aws, answer)
        assert outcome(assume, client=session, role=second, DurationSeconds=3600) == (200, "")
        status, code, message = refusal(assume, client=session, role=second, DurationSeconds=3601)
        assert (status, code) == (400, "ValidationError")
        assert message.endswith("exceeds the 1 hour session limit for roles assumed by role chaining.")


def test_a_role_trusts_a_role_over_three_hops(aws: StrictAws, sts: Any, role: Role) -> None:
    second = aws.add_role("second", trusted=[role.arn])
    third = aws.add_role("third", trusted=[second.arn])
    client = sts
    for hop in (role, second, third):
        client = with_session(aws, assume(client, hop))
    assert client.get_caller_identity()["Arn"].endswith(":assumed-role/third/me@here")
    assert outcome(assume, client=sts, role=third) == (403, "AccessDenied")


def test_an_external_id_must_be_the_one(aws: StrictAws, sts: Any, alice: User) -> None:
    role = aws.add_role("vendor", trusted=[alice.arn], external_id="s3cr3t-ish")
    assert outcome(assume, client=sts, role=role) == (403, "AccessDenied")
    assert outcome(assume, client=sts, role=role, ExternalId="other") == (403, "AccessDenied")
    assert outcome(assume, client=sts, role=role, ExternalId="s3cr3t-ish") == (200, "")


@pytest.mark.parametrize(
    ("parameter", "value", "code"),
    [
        ("RoleSessionName", "a", "ValidationError"),
        ("RoleSessionName", "a" * 65, "ValidationError"),
        ("RoleSessionName", "with space", "ValidationError"),
        ("RoleArn", "arn:aws:iam::12:role/x-and-more", "ValidationError"),
        ("ExternalId", "no;semicolon", "ValidationError"),
        ("SourceIdentity", "a", "ValidationError"),
        ("Policy", "{not json", "MalformedPolicyDocument"),
        ("Policy", json.dumps({"Statement": "x" * 2048}), "ValidationError"),
        ("Policy", json.dumps({"Statement": []}), "MalformedPolicyDocument"),
        ("Policy", json.dumps({"Version": "2012", "Statement": STATEMENT}), "MalformedPolicyDocument"),
        ("Policy", json.dumps({"Statement": STATEMENT | {"Effect": "Perhaps"}}), "MalformedPolicyDocument"),
        ("Policy", json.dumps({"Statement": STATEMENT | {"Principal": "*"}}), "MalformedPolicyDocument"),
        ("Policy", json.dumps({"Statement": {"Effect": "Allow", "Action": "*"}}), "MalformedPolicyDocument"),
        ("PolicyArns", [{"arn": "not-an-arn"}], "ValidationError"),
        ("PolicyArns", [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11, "ValidationError"),
        ("Tags", [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}], "InvalidParameterValue"),
        ("Tags", [{"Key": f"k{n}", "Value": ""} for n in range(51)], "ValidationError"),
        ("Tags", [{"Key": "k" * 129, "Value": ""}], "ValidationError"),
        ("TransitiveTagKeys", ["absent"], "InvalidParameterValue"),
    ],
)
def test_parameters_have_a_shape(sts: Any, role: Role, parameter: str, value: Any, code: str) -> None:
    assert outcome(assume, client=sts, role=role, **{parameter: value}) == (400, code)


def test_required_parameters_are_named(sts: Any) -> None:
    status, code, message = refusal(sts.assume_role)
    assert (status, code) == (400, "ValidationError")
    assert message.startswith("2 validation errors detected: Value null at 'roleArn'")


def test_tags_and_a_source_identity_need_their_own_permission(aws: StrictAws, sts: Any, alice: User) -> None:
    role = aws.add_role("bare", trusted=[alice.arn], actions=["sts:AssumeRole"])
    assert outcome(assume, client=sts, role=role) == (200, "")
    for extra, action in (
        ({"Tags": [{"Key": "a", "Value": "1"}]}, "sts:TagSession"),
        ({"SourceIdentity": "alice"}, "sts:SetSourceIdentity"),
    ):
        status, code, message = refusal(assume, client=sts, role=role, **extra)
        assert (status, code) == (403, "AccessDenied")
        assert f"is not authorized to perform: {action} on" in message


def test_transitive_tags_and_the_source_identity_go_down_the_chain(aws: StrictAws, sts: Any, role: Role) -> None:
    """An inherited tag cannot be passed again, and the source identity never changes."""
    second = aws.add_role("second", trusted=[role.arn])
    tags = [{"Key": "team", "Value": "red"}, {"Key": "once", "Value": "1"}]
    first = assume(sts, role, Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="alice")
    assert first["SourceIdentity"] == "alice"
    session = with_session(aws, first)
    assert assume(session, second)["SourceIdentity"] == "alice"
    assert outcome(assume, client=session, role=second, Tags=tags[1:]) == (200, "")
    refused = outcome(assume, client=session, role=second, Tags=tags[:1])
    assert refused == (400, "InvalidParameterValue")
    assert outcome(assume, client=session, role=second, SourceIdentity="bob") == (403, "AccessDenied")
    third = aws.add_role("third", trusted=[second.arn])
    last = with_session(aws, assume(session, second))
    assert outcome(assume, client=last, role=third, Tags=tags[:1]) == (400, "InvalidParameterValue")


def test_what_narrows_a_session_is_logged_as_it_was_sent(aws: StrictAws, sts: Any, role: Role) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}, indent=1)
    assume(
        sts,
        role,
        Policy=policy,
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        Tags=[{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": ""}],
        TransitiveTagKeys=["team"],
        SourceIdentity="alice",
        ExternalId="known",
    )
    sent = dict(aws.requests[-1].parameters)
    for name in ("Action", "Version", "RoleArn", "RoleSessionName"):
        del sent[name]
    assert sent == {
        "Policy": policy,
        "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "red",
        "Tags.member.2.Key": "cost",
        "Tags.member.2.Value": "",
        "TransitiveTagKeys.member.1": "team",
        "SourceIdentity": "alice",
        "ExternalId": "known",
    }
