"""`sso sync` and a portal that is slow, overrun, gone, or interrupted."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.sso.listing import list_roles
from tests.aws import Breakage, StrictAws
from tests.command import vault
from tests.sso_desk import MAIN, SsoDesk


@pytest.fixture
def desk(home: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        desk.sign_in()
        yield desk


def test_a_portal_that_is_overrun_is_asked_again_after_longer_and_longer_pauses(desk: SsoDesk) -> None:
    token, slept = desk.kept(), list[float]()
    assert token
    desk.aws.fail_next("ListAccountRoles", "TooManyRequestsException", times=8)
    listing = list_roles(desk.oidc, token.access, desk.caller, lambda *_: None, sleep=slept.append)
    assert [role.role for role in listing.roles] == ["Admin", "ReadOnly"]
    assert slept == [1.0, 2.0]
    assert desk.calls().count("ListAccountRoles!") == 8


def test_one_throttled_answer_is_nothing_a_person_hears_of(desk: SsoDesk) -> None:
    desk.aws.fail_next("ListAccounts", "TooManyRequestsException")
    done = vault(desk, "sso", "sync", "--yes")
    assert done.returncode == 0
    assert "slow down" not in done.stderr
    assert len(desk.profiles()) == 2


@pytest.mark.parametrize("how", [Breakage.TRUNCATED, Breakage.MISSHAPEN, Breakage.PORTAL, Breakage.RESET])
@pytest.mark.parametrize("action", ["ListAccounts", "ListAccountRoles"])
def test_an_answer_that_is_none_is_one_line_and_nothing_is_written(desk: SsoDesk, how: Breakage, action: str) -> None:
    vault(desk, "sso", "sync", "--yes")
    desk.main.add_role("New")
    before = desk.config.read_bytes()
    desk.aws.break_next(action, how, times=20)
    done = vault(desk, "sso", "sync", "--yes", "--prune")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert desk.config.read_bytes() == before


def test_an_account_that_may_not_be_looked_into_keeps_its_profiles(desk: SsoDesk) -> None:
    lab = desk.center.add_account("222233334444", "Lab")
    lab.add_role("Admin")
    vault(desk, "sso", "sync", "--yes")
    desk.main.add_role("New")
    desk.aws.fail_next("ListAccountRoles", "ForbiddenException")
    done = vault(desk, "sso", "sync", "--yes", "--prune")
    assert done.returncode == 0
    assert f"vault: AWS does not let you look into account {MAIN}: its profiles stay as they are" in done.stderr
    assert list(desk.profiles()) == ["main-admin", "main-readonly", "lab-admin"]


def test_a_token_that_ends_on_the_way_is_replaced_by_another(desk: SsoDesk) -> None:
    desk.aws.fail_next("ListAccountRoles", "UnauthorizedException")
    assert vault(desk, "sso", "sync", "--yes").returncode == 0
    assert len(desk.profiles()) == 2
    assert desk.calls()[-3:] == ["CreateToken", "ListAccounts", "ListAccountRoles"]


def test_nobody_signed_in_and_nobody_there_is_exit_4(desk: SsoDesk) -> None:
    vault(desk, "sso", "logout")
    done = vault(desk, "sso", "sync", "--yes", "--no-input")
    assert done.returncode == 4
    assert done.stderr.endswith("vault: nobody is signed in to corp\n       `vault sso login corp` signs in\n")


def test_a_person_sees_how_far_it_is_and_then_no_more_of_it(desk: SsoDesk) -> None:
    for number in range(4):
        desk.center.add_account(f"{number:012}", f"Team {number}").add_role("Admin")
    with desk.at_terminal("sso", "sync") as terminal:
        terminal.see(r"Write it\?")
        for done in range(5):
            assert f"\r\x1b[K{done} of 5 accounts".encode() in terminal.raw
        assert "accounts" not in terminal.text()
        terminal.ctrl("c")
        assert terminal.wait_exit() == 130


def test_a_pipe_gets_no_progress(desk: SsoDesk) -> None:
    assert "of 1 accounts" not in vault(desk, "sso", "sync", "--yes").stderr


def test_ctrl_c_while_aws_is_silent_leaves_the_file_and_a_clean_line(desk: SsoDesk) -> None:
    before = desk.config.read_bytes()
    desk.aws.break_next("ListAccountRoles", Breakage.SILENT)
    with desk.at_terminal("sso", "sync", "--yes") as terminal:
        terminal.see("0 of 1 accounts")
        terminal.wait(lambda: "ListAccountRoles" in desk.calls(), "the question to AWS")
        os.killpg(terminal.foreground, signal.SIGINT)
        assert terminal.wait_exit() == 130
        assert terminal.text().strip() == "vault: interrupted"
    assert desk.config.read_bytes() == before
    assert not desk.config.with_name("config.before-shellint").exists()
