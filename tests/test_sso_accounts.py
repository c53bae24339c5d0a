"""The list of accounts and roles: whole, page by page, and nothing in it that AWS would not have sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.plan import Endpoint
from shellint.sso import portal as sso_portal
from shellint.sso.portal import Account, accounts, roles
from tests.aws import StrictAws
from tests.loopback import raw_server
from tests.sso_world import SsoWorld
from tests.sts_helpers import refusal
from tests.test_strange_answers import http


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SsoWorld]:
    with StrictAws() as aws:
        yield SsoWorld(aws, tmp_path)


def test_every_account_and_role_is_listed_page_by_page(world: SsoWorld) -> None:
    world.aws.sso.page_size = 7
    for number in range(40):
        account = world.center.add_account(f"{number:012}", f"Team {number}")
        for name in ("Admin", "ReadOnly", "Billing"):
            account.add_role(name)
    token = world.sign_in().access
    found = list(accounts(world.endpoint, token, world.caller()))
    assert len(found) == 41
    assert found[1] == Account("000000000000", "Team 0", "team 0@example.com")
    assert [list(roles(account, world.endpoint, token, world.caller())) for account in found[1:]] == [
        ["Admin", "ReadOnly", "Billing"]
    ] * 40
    assert world.calls().count("ListAccounts") == 6


def test_a_list_without_an_end_is_given_up(world: SsoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso_portal, "_PAGES", 3)
    endless = json.dumps({"accountList": [], "nextToken": "again"})
    with raw_server(http(endless, headers="Content-Type: application/json\r\n")) as url:
        error = refusal(lambda: list(accounts(Endpoint("eu-west-1", url), "token", world.caller())))
    assert "its list has no end" in error.what


@pytest.mark.parametrize(
    "entry",
    [
        {"accountId": "1"},
        {"accountId": "x" * 12},
        {},
        {"accountId": "1" * 12, "accountName": "x" * 5000},
        {"accountId": 7},
    ],
)
def test_a_list_of_something_else_is_seen_as_such(world: SsoWorld, entry: dict[str, object]) -> None:
    listed = json.dumps({"accountList": [{"accountId": "1" * 12, "accountName": "Fine"}, entry]})
    with raw_server(http(listed, headers="Content-Type: application/json\r\n")) as url:
        found = accounts(Endpoint("eu-west-1", url), "token", world.caller())
        assert "is not AWS" in refusal(lambda: next(found)).what
