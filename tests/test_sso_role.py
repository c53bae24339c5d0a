"""A profile of the Identity Center through the command: at first somebody signs in, after that nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.sso_desk import MAIN, SsoDesk
from tests.sso_world import browser_script

WHO = ("--", "sh", "-c", "echo key=$AWS_ACCESS_KEY_ID")


@pytest.fixture
def desk(home: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        for role in ("Admin", "ReadOnly"):
            desk.profile(role.lower(), sso_session="corp", sso_account_id=MAIN, sso_role_name=role)
        yield desk


def test_a_program_is_started_with_a_role_once_somebody_has_signed_in(desk: SsoDesk, tmp_path: Path) -> None:
    with desk.at_terminal("exec", "admin", *WHO, BROWSER=browser_script(tmp_path)["BROWSER"]) as terminal:
        terminal.see("sign in to corp in the browser that opens, or at http://127.0.0.1:")
        terminal.see("key=ASIA")
        assert terminal.wait_exit() == 0
    done = vault(desk, "exec", "--no-input", "readonly", *WHO)
    told = f"vault: IAM Identity Center is asked at {desk.aws.endpoint_url} (AWS_ENDPOINT_URL)\n"
    assert (done.returncode, done.stdout[:8], done.stderr) == (0, "key=ASIA", told)
    assert desk.calls().count("CreateToken") == 1


def test_where_nobody_is_signed_in_and_nobody_is_there_the_command_says_what_to_do(desk: SsoDesk) -> None:
    done = vault(desk, "exec", "--no-input", "admin", *WHO)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines() == [
        "vault: nobody is signed in to corp",
        "       `vault sso login corp` signs in",
    ]


def test_a_role_that_is_not_there_is_exit_3(desk: SsoDesk) -> None:
    desk.profile("gone", sso_session="corp", sso_account_id=MAIN, sso_role_name="Gone")
    desk.sign_in()
    done = vault(desk, "exec", "gone", *WHO)
    assert done.returncode == 3
    assert "vault: the sign-in to corp has no role Gone in account 111122223333 (ForbiddenException)" in done.stderr
