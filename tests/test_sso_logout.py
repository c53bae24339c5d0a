"""`vault sso logout`: the end of a sign-in, here and at AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shellint.providers import SsoInstance
from tests.aws import StrictAws
from tests.command import vault
from tests.sso_desk import MAIN, SsoDesk


@pytest.fixture
def desk(home: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        desk.profile("admin", sso_session="corp", sso_account_id=MAIN, sso_role_name="Admin")
        yield desk


def test_logout_ends_it_at_aws_and_forgets_token_and_sessions_here(desk: SsoDesk) -> None:
    token = desk.sign_in()
    assert vault(desk, "exec", "admin", "--", "true").returncode == 0
    assert desk.caller.store.names("session")
    done = vault(desk, "sso", "logout")
    assert done.returncode == 0
    assert done.stderr == (
        "vault: signed out of corp; what a shell has loaded by it lasts until its end, or `vault clear`\n"
    )
    assert desk.calls()[-1] == "Logout"
    assert desk.aws.sso.signed_in(token.access) is None
    assert desk.kept() is None
    assert not desk.caller.store.names("session")
    assert vault(desk, "exec", "--no-input", "admin", "--", "true").returncode == 4


def test_the_registration_of_the_client_is_kept(desk: SsoDesk) -> None:
    desk.sign_in()
    vault(desk, "sso", "logout")
    assert desk.caller.store.names("sso-client")
    desk.sign_in()
    assert desk.calls().count("RegisterClient") == 1


def test_the_aws_cli_is_signed_out_too(desk: SsoDesk) -> None:
    desk.sign_in()
    vault(desk, "sso", "login", "--share")
    path = desk.cli().path
    token = json.loads(path.read_text())["accessToken"]
    assert vault(desk, "sso", "logout", "corp").returncode == 0
    assert not path.exists()
    assert desk.aws.sso.signed_in(token) is None


def test_both_sign_ins_end_when_the_aws_cli_has_one_of_its_own(desk: SsoDesk) -> None:
    desk.sign_in()
    vault(desk, "sso", "login", "--share")
    desk.sign_in()
    assert vault(desk, "sso", "logout").returncode == 0
    assert desk.calls().count("Logout") == 2


def test_a_sign_in_whose_token_has_ended_is_ended_at_aws_even_so(desk: SsoDesk) -> None:
    """What could have been refreshed must not live on there."""
    token = desk.sign_in()
    desk.aws.sso.expire_tokens()
    desk.keep(replace(token, expires=int(time.time()) - 1))
    assert vault(desk, "sso", "logout").returncode == 0
    assert desk.calls()[-2:] == ["CreateToken", "Logout"]


def test_offline_it_is_forgotten_here_and_said_what_aws_was_not_told(desk: SsoDesk) -> None:
    desk.sign_in()
    desk.aws.close()
    done = vault(desk, "sso", "logout")
    assert done.returncode == 0
    signed_out, untold = done.stderr.splitlines()
    assert signed_out.startswith("vault: signed out of corp")
    assert untold.startswith("vault: AWS could not be told, where the sign-in ends by itself: ")
    assert desk.kept() is None


def test_without_the_passphrase_it_is_forgotten_all_the_same(desk: SsoDesk) -> None:
    desk.sign_in()
    done = vault(desk, "sso", "logout", "--no-input", SHELLINT_FILE_PASSPHRASE="wrong")
    assert done.returncode == 0
    assert "vault: AWS could not be told" in done.stderr
    assert desk.kept() is None
    assert "Logout" not in desk.calls()


def test_nobody_signed_in_is_said(desk: SsoDesk) -> None:
    done = vault(desk, "sso", "logout")
    assert (done.returncode, done.stderr) == (0, "vault: nobody is signed in to corp\n")
    assert desk.calls() == []


def test_all_ends_every_sign_in_also_those_the_config_has_no_more(desk: SsoDesk) -> None:
    lab = SsoInstance(desk.aws.sso.add_instance("lab").start_url, "eu-central-1", "lab")
    desk.sign_in()
    desk.sign_in(lab)
    done = vault(desk, "sso", "logout", "--all")
    assert done.returncode == 0
    assert "vault: signed out of corp" in done.stderr
    assert "vault: forgot 1 more, of which the config file knows nothing any more" in done.stderr
    assert not desk.caller.store.names("sso")


def test_all_forgets_the_sessions_of_a_sign_in_that_the_config_has_no_more(desk: SsoDesk) -> None:
    desk.sign_in()
    assert vault(desk, "exec", "admin", "--", "true").returncode == 0
    assert desk.caller.store.names("session")
    desk.config.write_text("[default]\nregion = eu-west-1\n")
    assert vault(desk, "sso", "logout", "--all").returncode == 0
    assert not desk.caller.store.names("session")


def test_all_and_a_name_exclude_each_other(desk: SsoDesk) -> None:
    assert vault(desk, "sso", "logout", "corp", "--all").returncode == 2
