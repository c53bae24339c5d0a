"""`login` where no stored key gives the credentials: a sign-in, a token, a program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from shellint.providers import SsoInstance
from tests.aws import StrictAws
from tests.command import vault
from tests.logging_in import exported
from tests.rig.environment import fresh_home
from tests.sso_desk import MAIN, SsoDesk


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as strict:
        yield strict


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> SsoDesk:
    return SsoDesk(aws, fresh_home(tmp_path / "home"))


def printing(desk: SsoDesk, **given: str) -> str:
    """Return a command that prints credentials."""
    file = desk.home / "credentials.json"
    file.write_text(json.dumps({"Version": 1, **given}))
    return f"cat {file}"


def test_the_role_of_a_sign_in_opens_the_console_as_it_is(desk: SsoDesk) -> None:
    desk.sign_in()
    desk.profile("admin", sso_session="corp", sso_account_id=MAIN, sso_role_name="Admin", region="eu-north-1")
    before = len(desk.aws.requests)
    result = vault(desk, "login", "admin", "--print", "--duration", "8h")
    assert result.returncode == 0, result.stderr
    assert desk.calls()[before:] == ["GetRoleCredentials", "getSigninToken"]
    assert "SessionDuration" not in desk.aws.requests[-1].parameters
    assert "decided by its permission set, not by --duration" in result.stderr
    page = parse_qs(urlsplit(result.stdout.strip()).query)["Destination"]
    assert page == ["https://eu-north-1.console.aws.amazon.com/console/home?region=eu-north-1"]


def test_a_program_that_gives_a_session_of_a_role_opens_the_console_with_it(desk: SsoDesk) -> None:
    session = desk.aws.hand_out(desk.aws.add_role("made", trusted=["*"]), "me")
    given = {"AccessKeyId": session.access_key_id, "SecretAccessKey": session.secret, "SessionToken": session.token}
    desk.profile("made", credential_process=printing(desk, **given))
    assert vault(desk, "login", "made", "--print").returncode == 0
    assert desk.calls() == ["getSigninToken"]


def test_a_program_that_gives_a_key_opens_it_as_a_federated_user(desk: SsoDesk) -> None:
    given = {"AccessKeyId": desk.key.access_key_id, "SecretAccessKey": desk.key.secret_access_key}
    desk.profile("made", credential_process=printing(desk, **given))
    assert vault(desk, "login", "made", "--print").returncode == 0
    assert desk.calls() == ["GetCallerIdentity", "GetFederationToken", "getSigninToken"]


def test_a_program_that_gives_a_users_own_session_is_refused_by_aws_and_the_reason_is_named(desk: SsoDesk) -> None:
    env = exported(desk, "base")
    given = {
        "AccessKeyId": env["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": env["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": env["AWS_SESSION_TOKEN"],
    }
    desk.profile("made", credential_process=printing(desk, **given))
    result = vault(desk, "login", "made", "--print")
    assert (result.returncode, result.stdout) == (3, "")
    assert "AWS opens no console for the session ASIA" in result.stderr
    assert "a role's or a federated user's" in result.stderr


def test_the_partition_of_a_sign_in_counts_where_the_profile_has_no_region(desk: SsoDesk) -> None:
    with desk.config.open("a") as file:
        file.write(f"[sso-session china]\nsso_start_url = {desk.center.start_url}\nsso_region = cn-north-1\n")
    desk.config.write_text(desk.config.read_text().replace("region = eu-west-1\n", "", 1))
    desk.profile("admin", sso_session="china", sso_account_id=MAIN, sso_role_name="Admin")
    desk.profile(
        "iso", sso_start_url="https://x.example", sso_region="us-iso-east-1", sso_account_id=MAIN, sso_role_name="A"
    )
    refused = vault(desk, "login", "iso", "--print")
    assert (refused.returncode, "console of partition aws-iso " in refused.stderr) == (1, True)
    desk.sign_in(SsoInstance(desk.center.start_url, "cn-north-1", "china"))
    result = vault(desk, "login", "admin", "--print")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("https://signin.amazonaws.cn/federation?")
    assert "https%3A%2F%2Fconsole.amazonaws.cn%2Fconsole%2Fhome&" in result.stdout
