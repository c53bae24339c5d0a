"""IAM, as far as the keys of a user go, as boto3 sees it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws import KeyPair, Mfa, Role, StrictAws, User
from tests.aws.client import assume, outcome, refusal, sts_client

INVALID = (403, "InvalidClientTokenId")


def iam_client(aws: StrictAws, key: Any) -> Any:
    return sts_client(aws.endpoint_url, key, service="iam")


@pytest.fixture
def iam(aws: StrictAws, key: KeyPair) -> Any:
    return iam_client(aws, key)


def pair(created: Any) -> tuple[str, str]:
    return created["AccessKey"]["AccessKeyId"], created["AccessKey"]["SecretAccessKey"]


def test_a_user_is_described(aws: StrictAws, iam: Any, alice: User) -> None:
    user = iam.get_user()["User"]
    assert (user["UserName"], user["Arn"], user["UserId"]) == ("alice", alice.arn, alice.user_id)
    assert abs(user["CreateDate"].timestamp() - aws.now()) < 10
    assert iam.get_user(UserName="alice")["User"]["Arn"] == alice.arn
    refused = (404, "NoSuchEntity", "The user with name bob cannot be found.")
    assert refusal(iam.get_user, UserName="bob") == refused
    aws.add_user("bob", account="210987654321")
    assert refusal(iam.get_user, UserName="bob") == refused


def test_a_key_is_rotated(aws: StrictAws, iam: Any, key: KeyPair) -> None:
    """A new one is made and used, the old one is made inactive, tried, and deleted."""
    new = pair(iam.create_access_key())
    other = iam_client(aws, new)
    other.update_access_key(AccessKeyId=key.access_key_id, Status="Inactive")
    listed = other.list_access_keys()
    assert {entry["AccessKeyId"]: entry["Status"] for entry in listed["AccessKeyMetadata"]} == {
        key.access_key_id: "Inactive",
        new[0]: "Active",
    }
    assert listed["IsTruncated"] is False
    assert outcome(iam.get_user) == INVALID
    other.update_access_key(AccessKeyId=key.access_key_id, Status="Active")
    assert outcome(iam.get_user) == (200, "")
    other.delete_access_key(AccessKeyId=key.access_key_id)
    assert outcome(iam.get_user) == INVALID
    refused = (404, "NoSuchEntity", f"The Access Key with id {key.access_key_id} cannot be found.")
    assert refusal(other.delete_access_key, AccessKeyId=key.access_key_id) == refused
    assert refusal(other.update_access_key, AccessKeyId=key.access_key_id, Status="Active") == refused
    assert all(new[1] not in repr(record) for record in aws.requests)


def test_a_third_key_is_one_too_many(iam: Any) -> None:
    iam.create_access_key(UserName="alice")
    message = "Cannot exceed quota for AccessKeysPerUser: 2"
    assert refusal(iam.create_access_key) == (409, "LimitExceeded", message)


def test_another_users_key_is_not_ones_own(aws: StrictAws, iam: Any) -> None:
    theirs = aws.add_user("bob").add_key()
    assert outcome(iam.delete_access_key, AccessKeyId=theirs.access_key_id) == (404, "NoSuchEntity")
    assert outcome(iam.delete_access_key, UserName="bob", AccessKeyId=theirs.access_key_id) == (200, "")


def test_a_session_needs_mfa(aws: StrictAws, sts: Any, mfa: Mfa, role: Role) -> None:
    """One of a user without MFA is refused as if it were unknown; a role's has no user of its own."""
    plain = sts.get_session_token()["Credentials"]
    assert outcome(iam_client(aws, plain).create_access_key) == INVALID
    verified = sts.get_session_token(SerialNumber=mfa.serial, TokenCode=mfa.code())["Credentials"]
    assert outcome(iam_client(aws, verified).create_access_key) == (200, "")
    federated = sts.get_federation_token(Name="guest")["Credentials"]
    assert outcome(iam_client(aws, federated).get_user) == INVALID
    of_role = iam_client(aws, assume(sts, role)["Credentials"])
    assert outcome(of_role.get_user) == (400, "ValidationError")
    assert outcome(of_role.get_user, UserName="alice") == (200, "")


def test_a_new_key_is_not_known_everywhere_at_once(aws: StrictAws, iam: Any, key: KeyPair) -> None:
    aws.propagation = 2
    new = sts_client(aws.endpoint_url, pair(iam.create_access_key()))
    assert [outcome(new.get_caller_identity) for _ in range(3)] == [INVALID, INVALID, (200, "")]
    assert outcome(iam.get_user) == (200, "")


def test_the_last_use_of_a_key_is_known(aws: StrictAws, iam: Any, sts: Any, key: KeyPair) -> None:
    new = pair(iam.create_access_key())[0]
    unused = iam.get_access_key_last_used(AccessKeyId=new)
    assert unused["UserName"] == "alice"
    assert unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    sts.get_caller_identity()
    asked = iam_client(aws, aws.add_user("bob").add_key())
    used = asked.get_access_key_last_used(AccessKeyId=key.access_key_id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", "us-east-1")
    assert abs(used["LastUsedDate"].timestamp() - aws.now()) < 10
    assert outcome(iam.get_access_key_last_used, AccessKeyId="AKIA" + "X" * 16) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("update_access_key", {"AccessKeyId": "AKIA" + "X" * 16, "Status": "Off"}),
        ("update_access_key", {"AccessKeyId": "AKIA" + "X" * 16}),
        ("delete_access_key", {"AccessKeyId": "short"}),
        ("create_access_key", {"UserName": "not a name"}),
    ],
)
def test_parameters_have_a_shape(iam: Any, action: str, parameters: dict[str, str]) -> None:
    assert outcome(getattr(iam, action), **parameters) == (400, "ValidationError")


def test_failures_on_request_reach_it(aws: StrictAws, iam: Any) -> None:
    aws.fail_next("CreateAccessKey", "ServiceFailure", status=500)
    assert outcome(iam.create_access_key) == (500, "ServiceFailure")
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1
