"""The flags and variables of aws-vault that are something else here, and are taken all the same."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest

from shellint.actions.export import export
from shellint.lease import Wish
from shellint.request import Request
from shellint.sso.login import sign_in
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.explaining import explain, furnish
from tests.planning import BASE, ONE
from tests.rig.environment import environment, fresh_home
from tests.sso_world import Naps, SsoWorld, browser_script


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> Desk:
    desk = Desk(aws, fresh_home(tmp_path / "home"))
    desk.role("prod", max_duration=12 * 3600)
    return desk


@pytest.mark.parametrize(("words", "other"), [(("version",), "--version"), (("help",), "--help")])
def test_version_and_help_are_commands_too(desk: Desk, words: tuple[str, ...], other: str) -> None:
    said = vault(desk, *words)
    assert (said.returncode, said.stdout) == (0, vault(desk, other).stdout)


def test_help_of_a_command(desk: Desk) -> None:
    assert vault(desk, "help", "sso", "login").stdout == vault(desk, "sso", "login", "--help").stdout


def test_exec_json_prints_what_credential_process_prints(desk: Desk) -> None:
    """As it stands in many a `credential_process` line."""
    done = vault(desk, "exec", "--json", "prod")
    assert json.loads(done.stdout) == json.loads(vault(desk, "credential-process", "prod").stdout)
    assert vault(desk, "exec", "-j", "prod", "--", "true").returncode == 2
    assert vault(desk, "exec", "-j", "--server", "prod").returncode == 2


def test_lazy_is_taken_and_the_first_session_is_made_at_once_all_the_same(desk: Desk) -> None:
    before = len(desk.aws.requests)
    assert vault(desk, "exec", "--ecs-server", "--lazy", "prod", "--", "true").returncode == 0
    assert [record.action for record in desk.aws.requests[before:]] == ["AssumeRole"]


@pytest.mark.parametrize("command", ["exec", "export", "login", "rotate", "use", "credential-process"])
def test_prompt_is_the_variable_for_one_command(desk: Desk, command: str) -> None:
    desk.role("guarded", mfa=True)
    hooked = {"SHELLINT_SHELL": "bash", "SHELLINT_PID": "1", "BROWSER": "true"}
    refused = vault(desk, command, "--prompt", "nosuch", "--yes", "guarded", **hooked)
    assert "AWS_VAULT_PROMPT: nosuch is no way to get an MFA code" in refused.stderr


@pytest.mark.parametrize("words", [("export", "-n", "--format", "json"), ("exec", "-j", "-n")])
def test_without_a_session_a_role_is_assumed_with_the_key_and_the_key_itself_is_not_printed(
    desk: Desk, words: tuple[str, ...]
) -> None:
    desk.role("guarded", mfa=True, require_mfa=True)
    before = len(desk.aws.requests)
    done = vault(desk, *words, "--mfa-token", desk.mfa.fresh_code(), "guarded")
    assert "SessionToken" in done.stdout, done.stderr
    assert [record.action for record in desk.aws.requests[before:]] == ["AssumeRole"]
    refused = vault(desk, *words, "base")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "only its long-term key, which is never printed" in refused.stderr


def test_login_takes_no_session_and_never_uses_one(desk: Desk) -> None:
    assert vault(desk, "login", "-n", "--print", "base").returncode == 0


def test_login_signs_out_first_where_the_variable_says_so(desk: Desk) -> None:
    for value, expected in (("true", "/oauth?Action=logout&"), ("false", "/federation?Action=login&")):
        done = vault(desk, "login", "-s", "prod", AWS_VAULT_AUTO_LOGOUT=value)
        assert expected in done.stdout, done.stderr


def test_removing_the_sessions_only_keeps_the_key(desk: Desk) -> None:
    assert vault(desk, "exec", "base", "true").returncode == 0
    done = vault(desk, "remove", "--sessions-only", "base")
    assert (done.returncode, done.stderr) == (0, "vault: 1 stored sessions of base are forgotten\n")
    assert vault(desk, "list", "--credentials").stdout == "base\n"


def test_no_add_config_leaves_the_config_file_alone(desk: Desk) -> None:
    key = json.dumps({"AccessKeyId": desk.key.access_key_id, "SecretAccessKey": desk.key.secret_access_key})
    before = desk.config.read_bytes()
    assert vault(desk, "add", "--stdin", "--no-add-config", "work", stdin=key).returncode == 0
    assert desk.config.read_bytes() == before


def test_the_line_about_the_shell_within_the_shell_can_be_turned_off(desk: Desk) -> None:
    assert vault(desk, "exec", "prod", SHELL="/bin/true").stderr.endswith("`exit` ends it\n")
    assert "exit" not in vault(desk, "exec", "prod", SHELL="/bin/true", AWS_VAULT_DISABLE_HELP_MESSAGE="1").stderr


def test_the_variable_for_durations_counts_after_the_option_and_before_the_others(home: Path) -> None:
    furnish(home, ONE, "base")
    longer = {"AWS_VAULT_DURATION": "4h", "AWS_ASSUME_ROLE_TTL": "3h"}
    assert "4h (AWS_VAULT_DURATION)" in explain(home, "prod", **longer).out
    assert "2h (--duration)" in explain(home, "prod", "--duration", "2h", **longer).out
    furnish(home, BASE, "base")
    assert "4h (AWS_VAULT_DURATION)" in explain(home, "base", AWS_VAULT_DURATION="4h").out


@pytest.mark.parametrize(("value", "opened"), [("true", False), ("0", True)])
def test_stdout_shows_a_code_in_place_of_a_browser(aws: StrictAws, tmp_path: Path, value: str, *, opened: bool) -> None:
    world = SsoWorld(aws, tmp_path)
    world.env |= {**browser_script(tmp_path), "AWS_VAULT_STDOUT": value}
    sign_in(world.instance, world.endpoint, world.caller(), sleep=Naps(world, [aws.sso.approve]))
    assert (tmp_path / "opened").exists() == opened


@pytest.mark.parametrize("words", [("exec", "--stdout", "admin", "true"), ("export", "--stdout", "admin")])
def test_exec_and_export_take_it_as_an_option(desk: Desk, words: tuple[str, ...]) -> None:
    assert "no such option" not in vault(desk, *words).stderr


@pytest.mark.parametrize(
    "words", [("export",), ("login", "--print"), ("credential-process",), ("exec",), ("whoami",)], ids=lambda w: w[0]
)
def test_each_option_for_a_session_is_one_of_export_and_login_too(desk: Desk, words: tuple[str, ...]) -> None:
    desk.role("guarded", mfa=True, require_mfa=True, max_duration=4 * 3600)
    before = len(desk.aws.requests)
    session = ("-d", "2h", "--region", "eu-north-1", "-t", desk.mfa.fresh_code())
    command = ("--", "true") if words == ("exec",) else ()
    done = vault(desk, *words, *session, "guarded", *command)
    assert done.returncode == 0, done.stderr
    asked = desk.aws.requests[before]
    assert (asked.action, asked.mfa_code) == ("AssumeRole", True)


def test_a_session_is_renewed_when_less_than_the_variable_says_is_left(desk: Desk) -> None:
    before = len(desk.aws.requests)
    for minutes, minimum, asked in ((0, "5m", 1), (20, "30m", 1), (20, "50m", 2)):
        env = environment(desk.home, **desk.env, AWS_MIN_TTL=minimum)
        later = time.time() + 60 * minutes
        request = Request(env, NoHuman(), now=partial(float, later))
        assert export(request, Wish("prod"), "json").out
        assert len(desk.aws.requests) - before == asked, minimum
    assert "AWS_MIN_TTL: 'soon' is not a duration" in vault(desk, "exec", "prod", "true", AWS_MIN_TTL="soon").stderr


def test_clear_cached_forgets_the_sessions_of_one_profile_or_all(desk: Desk) -> None:
    desk.role("dev")
    for name in ("prod", "dev", "base"):
        assert vault(desk, "exec", name, "true").returncode == 0
    assert "1 stored sessions of dev" in vault(desk, "clear", "--cached", "dev").stderr
    assert vault(desk, "list", "--sessions").stdout.count("\n") == 2
    assert "2 stored sessions" in vault(desk, "clear", "--cached").stderr
    assert vault(desk, "list", "--sessions").stdout == ""
