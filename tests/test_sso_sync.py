"""`vault sso sync`: a profile for every role, and nothing else in the file any different."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.configloader import load_config

from tests.aws import StrictAws
from tests.command import vault
from tests.sso_desk import MAIN, SsoDesk

ROLES = ("Admin", "ReadOnly", "Billing")


@pytest.fixture
def desk(home: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        desk.sign_in()
        yield desk


def written(account_id: str, role: str, region: str = "eu-west-1") -> dict[str, str]:
    return {
        "sso_session": "corp",
        "sso_account_id": account_id,
        "sso_role_name": role,
        "region": region,
        "managed_by": "vault sso sync",
    }


def state(path: Path) -> tuple[bytes, int, int, int]:
    found = path.stat()
    return path.read_bytes(), found.st_mtime_ns, found.st_ino, stat.S_IMODE(found.st_mode)


def test_w20_every_role_gets_a_profile_behind_what_is_there(desk: SsoDesk) -> None:
    before = desk.config.read_text()
    done = vault(desk, "sso", "sync", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert desk.config.read_text() == before + (
        "\n[profile main-admin]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"
        "region = eu-west-1\nmanaged_by = vault sso sync\n"
        "\n[profile main-readonly]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\n"
        "region = eu-west-1\nmanaged_by = vault sso sync\n"
    )
    backup = desk.config.with_name("config.before-shellint")
    assert backup.read_text() == before
    assert done.stderr.splitlines() == [
        f"{desk.config} changes so:",
        "  + main-admin     Admin in Main (111122223333)",
        "  + main-readonly  ReadOnly in Main (111122223333)",
        f"vault: 2 profiles added to {desk.config}; 0 were there",
        f"vault: as it was before the first time: {backup}",
    ]


def test_what_is_written_gives_credentials(desk: SsoDesk) -> None:
    vault(desk, "sso", "sync", "--yes")
    done = vault(desk, "exec", "main-readonly", "--", "printenv", "AWS_VAULT", "AWS_REGION")
    assert (done.returncode, done.stdout) == (0, "main-readonly\neu-west-1\n")
    assert load_config(str(desk.config))["profiles"]["main-admin"] == written(MAIN, "Admin")


def test_forty_accounts_with_three_roles_each_and_the_second_run_changes_nothing(desk: SsoDesk) -> None:
    for number in range(39):
        account = desk.center.add_account(f"{number:012}", f"Team {number}")
        for role in ROLES:
            account.add_role(role)
    desk.main.add_role("Billing")
    desk.aws.sso.page_size = 7
    assert vault(desk, "sso", "sync", "--yes").returncode == 0
    profiles = desk.profiles()
    assert len(profiles) == 120
    assert profiles["team-7-billing"] == written(f"{7:012}", "Billing")
    before = state(desk.config)
    done = vault(desk, "sso", "sync")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"vault: {desk.config} has a profile for each role; nothing to do\n"
    assert state(desk.config) == before
    assert desk.calls().count("ListAccounts") == 2 * 6


def test_a_role_that_went_away_is_reported_and_stays(desk: SsoDesk) -> None:
    vault(desk, "sso", "sync", "--yes")
    before = state(desk.config)
    del desk.main.roles["Admin"]
    done = vault(desk, "sso", "sync")
    assert done.returncode == 0
    says = "vault: main-admin: the role Admin in 111122223333 is gone; --prune takes the profile out"
    assert says in done.stderr.splitlines()
    assert state(desk.config) == before


def test_prune_asks_and_then_takes_out_what_is_gone_and_nothing_else(desk: SsoDesk) -> None:
    before = desk.config.read_text()
    vault(desk, "sso", "sync", "--yes")
    del desk.main.roles["Admin"]
    full = desk.config.read_text()
    with desk.at_terminal("sso", "sync", "--prune") as terminal:
        terminal.see(r"- main-admin  Admin in 111122223333, which is gone\nWrite it\? \[y/N\]")
        terminal.send("\r")
        assert terminal.wait_exit() == 1
    assert desk.config.read_text() == full
    assert vault(desk, "sso", "sync", "--prune").returncode == 4
    done = vault(desk, "sso", "sync", "--prune", "--yes")
    assert f"vault: 1 profile taken out of {desk.config}: their roles are gone" in done.stderr.splitlines()
    assert list(desk.profiles()) == ["main-readonly"]
    desk.main.roles.clear()
    vault(desk, "sso", "sync", "--prune", "--yes")
    assert desk.config.read_text() == before


def test_it_asks_before_it_writes(desk: SsoDesk) -> None:
    before = state(desk.config)
    with desk.at_terminal("sso", "sync") as terminal:
        terminal.see(r"\+ main-admin     Admin in Main \(111122223333\)")
        terminal.see(r"Write it\? \[Y/n\]")
        terminal.send("n\r")
        assert terminal.wait_exit() == 1
        assert "vault: nothing was changed" in terminal.text()
    assert state(desk.config) == before
    done = vault(desk, "sso", "sync")
    assert done.returncode == 4
    assert "       --yes answers it, --dry-run only shows it\n" in done.stderr
    assert state(desk.config) == before


def test_a_dry_run_shows_and_writes_nothing(desk: SsoDesk) -> None:
    before = state(desk.config)
    done = vault(desk, "sso", "sync", "--dry-run", "--no-input")
    assert done.returncode == 0
    assert done.stdout == (
        "+ main-admin     Admin in Main (111122223333)\n+ main-readonly  ReadOnly in Main (111122223333)\n"
    )
    assert state(desk.config) == before
    assert not desk.config.with_name("config.before-shellint").exists()


def test_programs_get_json(desk: SsoDesk) -> None:
    vault(desk, "sso", "sync", "--yes")
    desk.main.add_role("Billing")
    del desk.main.roles["ReadOnly"]
    done = vault(desk, "sso", "sync", "--yes", "--json")
    account = {"account": "Main", "account_id": MAIN, "email": "main@example.com"}
    assert json.loads(done.stdout) == {
        "sign_in": "corp",
        "file": str(desk.config),
        "written": True,
        "added": [{"profile": "main-billing", "role": "Billing", **account}],
        "gone": [{"profile": "main-readonly", "role": "ReadOnly", "account_id": MAIN, "account": "", "email": ""}],
        "pruned": False,
        "there": ["main-admin"],
    }


def test_names_follow_the_template_and_regions_the_option(desk: SsoDesk) -> None:
    done = vault(
        desk,
        "sso",
        "sync",
        "--yes",
        "--name",
        "{role}.{account_id}.{email}",
        "--prefix",
        "corp-",
        "--region",
        "us-east-2",
    )
    assert done.returncode == 0
    name = "corp-admin.111122223333.main-example.com"
    assert desk.profiles()[name] == written(MAIN, "Admin", "us-east-2")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--name", "{account"], "--name '{account' has braces around what is no field"),
        (["--name", "{account.__class__}"], "has braces around what is no field"),
        (["--name", "{}"], "the fields are {account}, {account_id}, {role} and {email}"),
        (["--region", "eu-west-1.evil.example/"], "--region: region must be a region"),
    ],
)
def test_a_wrong_option_is_exit_2_before_anything_is_asked_of_aws(desk: SsoDesk, options: list[str], says: str) -> None:
    calls = desk.calls()
    done = vault(desk, "sso", "sync", "--yes", *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert desk.calls() == calls


def test_another_template_leaves_the_names_there_are_and_says_so(desk: SsoDesk) -> None:
    vault(desk, "sso", "sync", "--yes")
    before = state(desk.config)
    done = vault(desk, "sso", "sync", "--yes", "--name", "{role}")
    assert "vault: 2 profiles keep the names they have; taken out by hand, they are named anew\n" in done.stderr
    assert state(desk.config) == before


def test_a_sign_in_without_a_session_is_written_with_its_start_url(desk: SsoDesk) -> None:
    url, region = desk.center.start_url, "eu-central-1"
    desk.config.write_text(
        f"[profile old]\nsso_start_url = {url}\nsso_region = {region}\nsso_account_id = {MAIN}\nsso_role_name = Admin\n"
    )
    with desk.at_terminal("sso", "sync", "--yes") as terminal:
        terminal.see("with the code")
        desk.aws.sso.approve()
        assert terminal.wait_exit() == 0
    expected = {"sso_start_url": url, "sso_region": region} | written(MAIN, "Admin", region)
    del expected["sso_session"]
    assert desk.profiles()["main-admin"] == expected
    before = state(desk.config)
    vault(desk, "sso", "sync", url, "--yes")
    assert state(desk.config) == before
