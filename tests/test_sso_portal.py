"""Roles through IAM Identity Center: sessions of them, the list of them, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import boto3
import pytest

from shellint.credentials import Credentials
from shellint.errors import AwsRefused, NeedsHuman, NetworkError, ShellintError
from shellint.plan import Endpoint
from shellint.providers import Sso
from shellint.sources import client
from shellint.sso import portal as sso_portal
from shellint.sso import token as sso_token
from shellint.sso.login import sign_in
from shellint.sso.portal import Account, accounts, logout, role_session, roles
from shellint.terminal import NoHuman
from tests.aws import Breakage, StrictAws
from tests.loopback import raw_server
from tests.sso_world import ACCOUNT, Naps, SsoWorld
from tests.sts_helpers import refusal
from tests.test_strange_answers import http
from tests.world import HOUR, assume

SECRET = "hunter2-of-the-answer"
TOKEN = "token-of-alice"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SsoWorld]:
    monkeypatch.setattr(sso_portal, "aws_client", partial(client.aws_client, read_timeout=2.0))
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with StrictAws() as aws:
        world = SsoWorld(aws, tmp_path)
        naps = Naps(world, [aws.sso.approve] * 10)
        monkeypatch.setattr(sso_token, "sign_in", partial(sign_in, sleep=naps))
        yield world


def test_a_profile_is_signed_in_and_gets_its_role(world: SsoWorld) -> None:
    made = world.broker().obtain(world.plan(), min_ttl=300)
    assert made.left(world.clock()) == pytest.approx(HOUR, abs=10)
    sts = boto3.client(
        "sts",
        region_name="eu-west-1",
        endpoint_url=world.aws.endpoint_url,
        aws_access_key_id=made.access_key_id,
        aws_secret_access_key=made.secret_access_key,
        aws_session_token=made.session_token,
    )
    assert f"::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin" in sts.get_caller_identity()["Arn"]


def test_the_session_is_kept_and_the_sign_in_serves_every_role(world: SsoWorld) -> None:
    world.account.add_role("ReadOnly")
    broker = world.broker()
    first = broker.obtain(world.plan(), min_ttl=300)
    assert broker.obtain(world.plan(), min_ttl=300) == first
    assert world.calls().count("GetRoleCredentials") == 1
    assert world.broker(NoHuman()).obtain(world.plan("ReadOnly"), min_ttl=300) != first
    assert world.calls().count("StartDeviceAuthorization") == 1


def test_a_role_is_assumed_from_a_sign_in(world: SsoWorld) -> None:
    admin = world.account.roles["Admin"].role
    target = world.aws.add_role("deploy", trusted=[admin.arn])
    plan = world.plan()
    made = world.broker().obtain(replace(plan, steps=(*plan.steps, assume(target))), min_ttl=300)
    assert made.left(world.clock()) == pytest.approx(HOUR, abs=10)


def test_a_clock_that_is_wrong_does_not_shorten_a_session(world: SsoWorld) -> None:
    world.aws.clock_offset = -2 * HOUR
    made = world.broker().obtain(world.plan(), min_ttl=300)
    assert made.left(world.clock()) == pytest.approx(HOUR, abs=10)
    assert made.expiration
    assert made.expiration.timestamp() == pytest.approx(world.clock() - HOUR, abs=10)


@pytest.mark.parametrize(
    ("role", "account", "code"),
    [
        ("Nobody", ACCOUNT, "ForbiddenException"),
        ("Unassigned", ACCOUNT, "ForbiddenException"),
        ("Admin", "999999999999", "ResourceNotFoundException"),
    ],
)
def test_a_role_that_the_sign_in_does_not_have_is_named(world: SsoWorld, role: str, account: str, code: str) -> None:
    world.account.add_role("Unassigned", assigned=False)
    error = refusal(lambda: world.broker().obtain(world.plan(role, account), min_ttl=300))
    assert isinstance(error, AwsRefused)
    assert error.what == f"the sign-in to corp has no role {role} in account {account} ({code})"
    assert "`vault sso sync`" in error.todo


def test_a_revoked_sign_in_is_renewed_once_where_somebody_is_there(world: SsoWorld) -> None:
    world.token()
    world.aws.sso.revoke()
    assert world.broker().obtain(world.plan(), min_ttl=300)
    assert world.calls().count("GetRoleCredentials!") == 1
    assert world.calls().count("StartDeviceAuthorization") == 2


def test_a_revoked_sign_in_says_so_where_nobody_is_there(world: SsoWorld) -> None:
    world.token()
    world.aws.sso.revoke()
    error = refusal(lambda: world.broker(NoHuman()).obtain(world.plan(), min_ttl=300))
    assert isinstance(error, NeedsHuman)
    assert error.what == "the sign-in to corp has ended"


def test_an_access_token_that_ended_early_is_refreshed(world: SsoWorld) -> None:
    world.token()
    world.aws.sso.expire_tokens()
    assert world.broker(NoHuman()).obtain(world.plan(), min_ttl=300)
    assert world.calls().count("GetRoleCredentials!") == 1


@pytest.mark.parametrize(
    ("how", "kind", "what"),
    [
        (Breakage.RESET, NetworkError, "broke off the connection"),
        (Breakage.TRUNCATED, NetworkError, "is not AWS"),
        (Breakage.MALFORMED, NetworkError, "is not AWS"),
        (Breakage.MISSHAPEN, NetworkError, "is not AWS"),
        (Breakage.PORTAL, NetworkError, "is not AWS"),
        (Breakage.SILENT, NetworkError, "took the request and stayed silent"),
        ("TooManyRequestsException", AwsRefused, "AWS asks to slow down"),
        ("InternalServerException", AwsRefused, "AWS refused"),
    ],
)
@pytest.mark.parametrize("action", ["GetRoleCredentials", "ListAccounts", "ListAccountRoles"])
def test_each_failure_is_one_line_and_nothing_is_kept(
    world: SsoWorld, action: str, how: Breakage | str, kind: type[ShellintError], what: str
) -> None:
    token = world.token()
    if isinstance(how, Breakage):
        world.aws.break_next(action, how)
    else:
        world.aws.fail_next(action, how)
    account = Account(ACCOUNT, "", "")
    asks: dict[str, Callable[[], object]] = {
        "GetRoleCredentials": lambda: world.broker().obtain(world.plan(), min_ttl=300),
        "ListAccounts": lambda: list(accounts(world.endpoint, token, world.caller())),
        "ListAccountRoles": lambda: list(roles(account, world.endpoint, token, world.caller())),
    }
    error = refusal(asks[action], token)
    assert isinstance(error, kind)
    assert what in error.what
    assert world.caller().store.names("session") == []
    assert asks[action](), "it was a passing trouble"


GOOD = {"accessKeyId": "ASIAEXAMPLE000000000", "secretAccessKey": SECRET, "sessionToken": SECRET + "=="}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"accessKeyId": "short"},
        {"accessKeyId": None},
        {"secretAccessKey": "a\nb"},
        {"sessionToken": "x" * 40_000},
        {"sessionToken": ["x"]},
        {"expiration": 0},
        {"expiration": -(10**18)},
        {"expiration": 10**30},
        {"expiration": 10**15},
        {"expiration": "soon"},
        {"expiration": None},
        {"expiration": True},
        {"expiration": 1.5},
    ],
)
def test_a_session_that_is_none_of_awss_is_seen_as_such(world: SsoWorld, change: dict[str, object]) -> None:
    given = GOOD | {"expiration": int((world.clock() + HOUR) * 1000)} | change
    answer = http(json.dumps({"roleCredentials": given}), headers="Content-Type: application/json\r\n")
    sso = Sso(world.instance, ACCOUNT, "Admin")
    with raw_server(answer) as url:

        def ask() -> Credentials:
            return role_session(sso, Endpoint("eu-west-1", url), TOKEN, world.caller(), "prod")

        if not change:
            assert ask().secret_access_key == SECRET
            return
        error = refusal(ask, SECRET, TOKEN)
    assert isinstance(error, NetworkError)
    assert "is not AWS" in error.what


def test_a_logout_ends_the_sign_in_for_everybody(world: SsoWorld) -> None:
    token = world.token()
    logout(world.endpoint, token, world.caller())
    error = refusal(lambda: list(accounts(world.endpoint, token, world.caller())))
    assert isinstance(error, AwsRefused)
    assert error.code == "UnauthorizedException"
    assert "`vault sso login`" in error.todo
    logout(world.endpoint, token, world.caller())
    assert world.calls()[-1] == "Logout!", "what has ended already is no error"


def test_no_token_is_in_an_error_or_a_url(world: SsoWorld) -> None:
    token = world.token()
    world.broker().obtain(world.plan(), min_ttl=300)
    assert token not in refusal(lambda: world.broker().obtain(world.plan("Nobody"), min_ttl=300), token).what
    for record in world.aws.requests:
        assert not {"accessToken", "refreshToken", "clientSecret", "code", "codeVerifier"} & set(record.in_url)
