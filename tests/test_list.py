"""`list`: names for scripts, a table for people, JSON for programs, and the sessions that are kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal
from tests.sso_desk import MAIN, SsoDesk

WITHOUT_PASSPHRASE = {"SHELLINT_FILE_PASSPHRASE": ""}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        yield SsoDesk(aws, fresh_home(tmp_path / "home"))


def signed_in(desk: SsoDesk, name: str) -> None:
    """Add a profile of the Identity Center, whose role gives half an hour."""
    desk.main.add_role("Half", 1800)
    desk.profile(name, sso_session="corp", sso_account_id=MAIN, sso_role_name="Half")
    desk.sign_in()


def kept(desk: SsoDesk, *profiles: str) -> None:
    for profile in profiles:
        assert vault(desk, "exec", profile, "true").returncode == 0


def listed(desk: SsoDesk) -> list[dict[str, Any]]:
    result = vault(desk, "list", "--json", "--no-input", **WITHOUT_PASSPHRASE)
    assert result.returncode == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def names(desk: SsoDesk, option: str) -> list[str]:
    result = vault(desk, "list", option, "--no-input", **WITHOUT_PASSPHRASE)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


def test_bare_names_as_aws_vault_prints_them(desk: SsoDesk) -> None:
    desk.role("prod")
    assert names(desk, "--profiles") == ["default", "prod"]
    assert names(desk, "--credentials") == ["base"]
    assert names(desk, "--sessions") == []


def test_a_session_is_shown_with_its_profile_and_time_where_nothing_sealed_tells_whose_it_is(desk: SsoDesk) -> None:
    signed_in(desk, "made")
    desk.role("prod")
    kept(desk, "made", "prod")
    rows = {row["profile"]: row for row in listed(desk)}
    assert rows["made"]["provider"] == "sso"
    (session,) = rows["made"]["sessions"]
    assert 1700 < session["seconds_left"] <= 1800
    assert rows["prod"]["sessions"] == [], "it is made with a key, whose id is sealed"
    (unknown,) = rows[None]["sessions"]
    assert 3500 < unknown["seconds_left"] <= 3600
    assert re.fullmatch("[0-9a-f]{8}", unknown["id"])
    first, second = names(desk, "--sessions")
    assert re.fullmatch(r"made:(29m\d*s?|30m)", first)
    assert re.fullmatch(unknown["id"] + r":(59m\d*s?|1h)", second)


def test_a_role_above_a_sign_in_has_its_own_session(desk: SsoDesk) -> None:
    signed_in(desk, "below")
    trusted = ["*"]
    desk.profile("above", role_arn=desk.aws.add_role("above", trusted=trusted).arn, source_profile="below")
    kept(desk, "above")
    rows = {row["profile"]: row for row in listed(desk)}
    assert 3500 < rows["above"]["sessions"][0]["seconds_left"] <= 3600
    assert len(rows["below"]["sessions"]) == 1
    assert None not in rows


def test_a_session_that_has_ended_is_not_shown(desk: SsoDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(desk, "made")
    kept(desk, "made")
    store = desk.home / ".local" / "share" / "shellint" / "store.json"
    document = json.loads(store.read_text())
    for item in document["items"]["session"].values():
        item["expires"] = int(time.time()) - 1
    store.write_text(json.dumps(document))
    assert all(row["sessions"] == [] for row in listed(desk))
    assert names(desk, "--sessions") == []


def test_a_profile_that_is_wrong_does_not_hide_the_others(desk: SsoDesk) -> None:
    signed_in(desk, "made")
    desk.profile("broken", role_arn="nonsense", source_profile="nosuch")
    kept(desk, "made")
    rows = {row["profile"]: row for row in listed(desk)}
    assert rows["broken"]["role_arn"] == "nonsense"
    assert len(rows["made"]["sessions"]) == 1


def test_on_a_terminal_the_table_has_the_sessions_and_says_what_it_cannot_tell(desk: SsoDesk) -> None:
    signed_in(desk, "made")
    desk.role("prod")
    kept(desk, "made", "prod")
    env = environment(desk.home, **desk.env)
    with Terminal([str(BIN / "vault"), "list"], env, cwd=desk.home, columns=120) as terminal:
        terminal.see(r"^Profile +Key +Role +Source +Region +Session$")
        terminal.see(r"^made +- +- +sso +- +(29m|30m)$")
        terminal.see(r"^- +- +- +- +- +(59m|1h)$")
        terminal.see("only the passphrase tells")
        assert terminal.wait_exit() == 0


def test_a_pipe_gets_the_profiles_alone(desk: SsoDesk) -> None:
    desk.role("prod")
    kept(desk, "prod")
    assert vault(desk, "list").stdout == "default\t-\nprod\t-\nbase\tkey\n"


def test_the_short_names_are_the_same_commands(desk: SsoDesk) -> None:
    assert vault(desk, "ls").stdout == vault(desk, "list").stdout
    assert vault(desk, "rm", "base", "-f").returncode == 0
    assert names(desk, "--credentials") == []
    assert "vault ls" not in vault(desk, "--help").stdout


@pytest.mark.parametrize("option", ["-f", "--force", "--yes", "-y"])
def test_removing_with_force_does_not_ask(desk: SsoDesk, option: str) -> None:
    assert vault(desk, "remove", "base").returncode == 4
    assert vault(desk, "remove", option, "base").returncode == 0


def test_json_and_names_exclude_each_other(desk: SsoDesk) -> None:
    result = vault(desk, "list", "--json", "--profiles")
    assert (result.returncode, result.stdout) == (2, "")
    assert "exclude each other" in result.stderr
