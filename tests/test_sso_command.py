"""`vault sso login` and `vault sso logout`, run as a person and as a script run them."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.session import Session
from botocore.tokens import SSOTokenProvider, _sso_json_dumps
from botocore.utils import JSONFileCache

from tests.aws import StrictAws
from tests.command import vault
from tests.sso_desk import MAIN, SsoDesk
from tests.sso_world import browser_script

UNTIL = r"for (59m\d+s|1h) \(until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\), and renewed without asking as it is used"


@pytest.fixture
def desk(home: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        yield SsoDesk(aws, home)


def role_profile(desk: SsoDesk, name: str = "admin") -> None:
    desk.profile(name, sso_session="corp", sso_account_id=MAIN, sso_role_name="Admin")


def test_a_browser_signs_in_and_what_comes_of_it_is_kept_sealed(desk: SsoDesk, tmp_path: Path) -> None:
    with desk.at_terminal("sso", "login", BROWSER=browser_script(tmp_path)["BROWSER"]) as terminal:
        assert terminal.wait_exit() == 0
        assert re.search(f"vault: signed in to corp {UNTIL}", terminal.text())
    token = desk.kept()
    assert token
    assert not terminal.showed(token.access)
    assert desk.calls() == ["RegisterClient", "Authorize", "AuthorizeAnswer", "CreateToken"]
    assert desk.cli().read() is None


@pytest.mark.parametrize(("options", "env"), [(["--no-browser"], {}), ([], {"SSH_CONNECTION": "1.2.3.4 1 5.6.7.8 22"})])
def test_a_code_signs_in_without_a_browser_and_over_ssh(desk: SsoDesk, options: list[str], env: dict[str, str]) -> None:
    desk.aws.sso.interval = 1
    with desk.at_terminal("sso", "login", "corp", *options, **env) as terminal:
        terminal.see("with the code [A-Z]{4}-[A-Z]{4}")
        desk.aws.sso.approve()
        assert terminal.wait_exit() == 0
        assert "vault: signed in to corp for " in terminal.text()
    assert desk.kept()


def test_a_denied_sign_in_is_exit_3_and_keeps_nothing(desk: SsoDesk, tmp_path: Path) -> None:
    with desk.at_terminal("sso", "login", BROWSER=browser_script(tmp_path, "--deny")["BROWSER"]) as terminal:
        assert terminal.wait_exit() == 3
        assert "vault: the sign-in to corp was denied in the browser" in terminal.text()
    assert desk.kept() is None


def test_where_nobody_is_login_is_exit_4_and_asks_aws_for_nothing(desk: SsoDesk) -> None:
    done = vault(desk, "sso", "login", "--no-input")
    assert (done.returncode, done.stdout) == (4, "")
    assert "vault: signing in to corp takes a person" in done.stderr
    assert desk.calls() == []


def test_a_sign_in_that_is_good_is_said_and_not_repeated(desk: SsoDesk) -> None:
    token = desk.sign_in()
    done = vault(desk, "sso", "login")
    assert done.returncode == 0
    assert re.fullmatch(f"vault: already signed in to corp {UNTIL}\n", done.stderr)
    assert desk.kept() == token


def test_force_signs_in_even_so(desk: SsoDesk, tmp_path: Path) -> None:
    token = desk.sign_in()
    with desk.at_terminal("sso", "login", "--force", BROWSER=browser_script(tmp_path)["BROWSER"]) as terminal:
        assert terminal.wait_exit() == 0
    after = desk.kept()
    assert after
    assert after.access != token.access


def test_a_sign_in_that_was_ended_elsewhere_is_not_called_good(desk: SsoDesk) -> None:
    desk.sign_in()
    desk.aws.sso.revoke()
    done = vault(desk, "sso", "login")
    assert done.returncode == 4
    assert "takes a person" in done.stderr


def test_a_token_that_has_ended_is_refreshed_and_nobody_is_asked(desk: SsoDesk) -> None:
    token = desk.sign_in()
    desk.aws.sso.expire_tokens()
    done = vault(desk, "sso", "login")
    assert done.returncode == 0
    after = desk.kept()
    assert after
    assert after.access != token.access


@pytest.mark.parametrize("name", ["corp", "admin", "chained", "https://d-1234567890.awsapps.com/start#/"])
def test_a_session_a_profile_and_a_start_url_all_name_the_sign_in(desk: SsoDesk, name: str) -> None:
    role_profile(desk)
    desk.profile("chained", role_arn=f"arn:aws:iam::{MAIN}:role/x", source_profile="admin")
    desk.sign_in()
    done = vault(desk, "sso", "login", name)
    assert (done.returncode, done.stderr.startswith("vault: already signed in to corp ")) == (0, True)


def test_a_profile_without_a_session_has_a_sign_in_of_its_own(desk: SsoDesk) -> None:
    url = desk.aws.sso.add_instance("https://other.awsapps.com/start").start_url
    desk.profile("old", sso_start_url=url, sso_region="eu-west-1", sso_account_id=MAIN, sso_role_name="Admin")
    for name in ("old", url):
        done = vault(desk, "sso", "login", name)
        assert done.returncode == 4
        assert f"signing in to {url} takes a person" in done.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("crop", "did you mean corp?"),
        ("base", "vault: no sign-in 'base': neither an [sso-session], a profile nor a start URL"),
        ("nope", "name one: corp"),
        ("plain", "vault: plain does not begin with a sign-in"),
        ("half", "vault: {config} line 12: [sso-session half] has no sso_region"),
    ],
)
def test_what_is_no_sign_in_is_one_line(desk: SsoDesk, name: str, says: str) -> None:
    with desk.config.open("a") as file:
        file.write("[sso-session half]\nsso_start_url = https://half.awsapps.com/start\n")
    desk.profile("plain", region="eu-west-1")
    done = vault(desk, "sso", "login", name)
    assert done.returncode == 1
    lines = desk.config.read_text().splitlines()
    says = says.replace("line 12", f"line {lines.index('[sso-session half]') + 1}").replace(
        "{config}", str(desk.config)
    )
    assert says in done.stderr


def test_a_config_without_one_says_how_to_begin(desk: SsoDesk) -> None:
    desk.config.write_text("")
    done = vault(desk, "sso", "sync")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"vault: {desk.config} names no Identity Center",
        f"       put an [sso-session NAME] with sso_start_url and sso_region into {desk.config}",
    ]


def test_of_several_the_person_is_asked_and_a_script_is_told_to_name_one(desk: SsoDesk) -> None:
    with desk.config.open("a") as file:
        file.write("[sso-session lab]\nsso_start_url = https://lab.awsapps.com/start\nsso_region = eu-west-1\n")
    desk.sign_in()
    with desk.at_terminal("sso", "login") as terminal:
        terminal.see(r"Which sign-in \(corp, lab\):")
        terminal.send("corp\r")
        assert terminal.wait_exit() == 0
    done = vault(desk, "sso", "login")
    assert done.returncode == 4
    assert "       name one: corp, lab\n" in done.stderr


def test_share_moves_the_sign_in_to_where_the_aws_cli_finds_it(desk: SsoDesk) -> None:
    """A refresh token is good once, so there is one place for it, which both read and write."""
    token = desk.sign_in()
    done = vault(desk, "sso", "login", "--share")
    path = desk.cli().path
    assert f"vault: the AWS CLI is signed in too: {path} has the token in plain text" in done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert desk.kept() is None
    fields = json.loads(path.read_text())
    assert fields["accessToken"] == token.access
    assert (fields["startUrl"], fields["region"]) == (desk.center.start_url, "eu-central-1")
    role_profile(desk)
    assert vault(desk, "exec", "admin", "--", "true").returncode == 0
    assert vault(desk, "sso", "login", "--share").stderr.startswith("vault: already signed in to corp ")
    assert json.loads(path.read_text()) == fields


def test_what_was_shared_botocore_takes_and_refreshes_and_so_do_we(
    desk: SsoDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign_in()
    role_profile(desk)
    vault(desk, "sso", "login", "--share")
    desk.aws.sso.expire_tokens()
    path = desk.cli().path
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expiresAt": "2020-01-01T00:00:00Z"}))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(desk.config))
    monkeypatch.setenv("AWS_ENDPOINT_URL", desk.aws.endpoint_url)
    cache = JSONFileCache(str(path.parent), dumps_func=_sso_json_dumps)
    refreshed = SSOTokenProvider(Session(profile="admin"), cache=cache).load_token().get_frozen_token().token
    assert json.loads(path.read_text())["accessToken"] == refreshed
    done = vault(desk, "exec", "admin", "--", "printenv", "AWS_VAULT")
    assert (done.returncode, done.stdout) == (0, "admin\n")
    assert desk.calls()[-2:] == ["CreateToken", "GetRoleCredentials"]
