"""The SSO portal: accounts, roles and their credentials, as boto3 sees them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.aws import Breakage, Instance, StrictAws
from tests.aws.client import assume, outcome, refusal, sts_client
from tests.aws.sso_client import browser_client, code_token, device_token, oidc_client, portal_client

ACCOUNT = "111111111111"
NO_TOKEN = (401, "UnauthorizedException", "Session token not found or invalid")


@pytest.fixture
def portal(aws: StrictAws) -> Any:
    return portal_client(aws)


@pytest.fixture
def token(aws: StrictAws, instance: Instance) -> str:
    access_token: str = device_token(aws, instance)["accessToken"]
    return access_token


def role_client(aws: StrictAws, credentials: Any) -> Any:
    return sts_client(
        aws.endpoint_url,
        {
            "AccessKeyId": credentials["accessKeyId"],
            "SecretAccessKey": credentials["secretAccessKey"],
            "SessionToken": credentials["sessionToken"],
        },
    )


def test_a_role_is_a_real_session(aws: StrictAws, portal: Any, token: str) -> None:
    """Its end is in milliseconds; another role assumed with it lasts one hour at most."""
    answer = portal.get_role_credentials(accessToken=token, accountId=ACCOUNT, roleName="Admin")
    credentials = answer["roleCredentials"]
    assert abs(credentials["expiration"] / 1000 - time.time() - 3600) < 10
    sts = role_client(aws, credentials)
    arn = sts.get_caller_identity()["Arn"]
    head, middle, user = arn.split("/")
    assert (head, user) == (f"arn:aws:sts::{ACCOUNT}:assumed-role", "alice@example.com")
    assert middle.startswith("AWSReservedSSO_Admin_")
    role = aws.add_role("deploy", trusted=[f"arn:aws:iam::{ACCOUNT}:root"], max_duration=43200)
    assert outcome(assume, client=sts, role=role, DurationSeconds=3601) == (400, "ValidationError")
    assert outcome(assume, client=sts, role=role) == (200, "")


def test_a_permission_set_says_how_long(aws: StrictAws, instance: Instance, portal: Any, token: str) -> None:
    instance.accounts[ACCOUNT].add_role("Long", 43200)
    asked = {"accessToken": token, "accountId": ACCOUNT, "roleName": "Long"}
    ends = portal.get_role_credentials(**asked)["roleCredentials"]["expiration"]
    assert abs(ends / 1000 - time.time() - 43200) < 10
    aws.session_seconds_for["GetRoleCredentials"] = 60
    ends = portal.get_role_credentials(**asked)["roleCredentials"]["expiration"]
    assert ends / 1000 - time.time() <= 60


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"roleName": "Nothing"}, (403, "ForbiddenException", "No access")),
        ({"roleName": "Unassigned"}, (403, "ForbiddenException", "No access")),
        ({"accountId": "222222222222"}, (404, "ResourceNotFoundException", "Account 222222222222 not found")),
        ({"accountId": "2"}, (400, "InvalidRequestException", "2 is no account id")),
        ({"accessToken": "wrong"}, NO_TOKEN),
    ],
)
def test_who_may_not_have_a_role_is_told(
    instance: Instance, portal: Any, token: str, asked: dict[str, str], refused: tuple[int, str, str]
) -> None:
    instance.accounts[ACCOUNT].add_role("Unassigned", assigned=False)
    usual = {"accessToken": token, "accountId": ACCOUNT, "roleName": "Admin"}
    assert refusal(portal.get_role_credentials, **usual | asked) == refused


def test_lists_come_in_pages(aws: StrictAws, instance: Instance, portal: Any, token: str) -> None:
    """A paginator finds everything, each page when it is asked for."""
    for number in range(4):
        instance.add_account(f"{number:012}", f"Team{number}").add_role("Reader")
    instance.add_account("999999999999", "Empty").add_role("Reader", assigned=False)
    for number in range(6):
        instance.accounts[ACCOUNT].add_role(f"Role{number}")
    aws.sso.page_size = 2
    pages = list(portal.get_paginator("list_accounts").paginate(accessToken=token))
    assert [[account["accountName"] for account in page["accountList"]] for page in pages] == [
        ["Prod", "Team0"],
        ["Team1", "Team2"],
        ["Team3"],
    ]
    assert pages[0]["accountList"][1]["emailAddress"] == "team0@example.com"
    roles = portal.get_paginator("list_account_roles").paginate(accessToken=token, accountId=ACCOUNT)
    assert [role["roleName"] for page in roles for role in page["roleList"]] == [
        "Admin",
        *(f"Role{number}" for number in range(6)),
    ]
    asked = {"accessToken": token, "accountId": ACCOUNT}
    forbidden = (403, "ForbiddenException")
    assert outcome(portal.list_account_roles, **asked | {"accountId": "999999999999"}) == forbidden
    foreign = {"nextToken": pages[0]["nextToken"]}
    assert outcome(portal.list_account_roles, **asked, **foreign) == (400, "InvalidRequestException")
    for most, expected in ((0, 400), (1, 200), (100, 200), (101, 400)):
        assert outcome(portal.list_account_roles, **asked, maxResults=most)[0] == expected


def test_a_token_ends(aws: StrictAws, portal: Any, token: str) -> None:
    assert outcome(portal.list_accounts, accessToken=token) == (200, "")
    aws.clock_offset += 3601
    assert refusal(portal.list_accounts, accessToken=token) == NO_TOKEN


def test_signing_out_ends_the_whole_sign_in(aws: StrictAws, instance: Instance, portal: Any) -> None:
    client = browser_client(aws, instance)
    tokens = code_token(aws, instance, client)
    assert outcome(portal.logout, accessToken=tokens["accessToken"]) == (200, "")
    for call in (portal.list_accounts, portal.logout):
        assert refusal(call, accessToken=tokens["accessToken"]) == NO_TOKEN
    refresh = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    assert outcome(oidc_client(aws).create_token, **client, **refresh) == (400, "InvalidGrantException")


def test_failures_on_request_come_in_the_portals_words(aws: StrictAws, portal: Any, token: str) -> None:
    for code, status in (("TooManyRequestsException", 429), ("InternalServerException", 500)):
        aws.fail_next("ListAccounts", code)
        assert outcome(portal.list_accounts, accessToken=token) == (status, code)
    aws.break_next("ListAccounts", Breakage.MISSHAPEN)
    assert "accountList" not in portal.list_accounts(accessToken=token)
    assert [record.breakage for record in aws.requests][-1] == "misshapen"


def test_the_log_says_which_role_was_asked_for(aws: StrictAws, portal: Any, token: str) -> None:
    portal.get_role_credentials(accessToken=token, accountId=ACCOUNT, roleName="Admin")
    last = aws.requests[-1]
    assert (last.action, last.method, last.status) == ("GetRoleCredentials", "GET", 200)
    assert last.parameters == {"account_id": ACCOUNT, "role_name": "Admin"}
    assert token not in repr(last)
