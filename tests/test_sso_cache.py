"""The AWS CLI's own sign-ins: what it keeps serves here, and what is refreshed here serves it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache

from shellint.errors import NeedsHuman, StoreError
from shellint.providers import SsoInstance
from shellint.sso.cache import CliToken
from shellint.sso.sealed import SealedToken
from shellint.sso.token import forget_token
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.sso_cli import Cli
from tests.sts_helpers import refusal


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with StrictAws() as aws:
        yield Cli(aws, tmp_path)


def test_a_token_of_the_cli_that_is_still_good_serves(cli: Cli) -> None:
    content = cli.login()
    asked = len(cli.calls())
    assert cli.token(NoHuman()) == content["accessToken"]
    assert len(cli.calls()) == asked
    assert cli.caller().store.names("sso") == []


def test_without_a_session_the_file_is_found_by_the_start_url(cli: Cli) -> None:
    cli.instance = SsoInstance(cli.center.start_url, "eu-west-1")
    content = cli.login()
    assert cli.token(NoHuman()) == content["accessToken"]


def test_w11_a_refresh_token_of_the_cli_is_used_and_the_next_one_written_back(cli: Cli) -> None:
    before = cli.login(seconds=60, extra="what a later version may add")
    token = cli.token(NoHuman())
    after = cli.kept()
    assert after["accessToken"] == token != before["accessToken"]
    assert after["refreshToken"] != before["refreshToken"]
    changed = {"accessToken", "refreshToken", "expiresAt"}
    assert {name: after[name] for name in after if name not in changed} == {
        name: before[name] for name in before if name not in changed
    }
    assert stat.S_IMODE(cli.file.stat().st_mode) == 0o600
    assert [file.name for file in cli.file.parent.iterdir()] == [cli.file.name]


def test_botocore_goes_on_with_a_token_that_was_refreshed_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.login(seconds=60)
    token = cli.token(NoHuman())
    session = cli.botocore_session(monkeypatch)
    provider = SSOTokenProvider(session, cache=JSONFileCache(str(cli.file.parent)), profile_name="prod")
    assert provider.load_token().get_frozen_token().token == token
    # And when that one ends, it refreshes it with what was written back.
    later = SSOTokenProvider(
        session,
        cache=JSONFileCache(str(cli.file.parent)),
        profile_name="prod",
        time_fetcher=lambda: datetime.fromtimestamp(cli.clock() + 3000, UTC),
    )
    assert later.load_token().get_frozen_token().token not in (token, "")
    assert not [record.error for record in cli.aws.requests if record.error]


def test_what_botocore_has_refreshed_serves_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore writes the end of a token in another form than the AWS CLI."""
    cli.login(seconds=600)
    session = cli.botocore_session(monkeypatch)
    provider = SSOTokenProvider(session, cache=JSONFileCache(str(cli.file.parent)), profile_name="prod")
    token = provider.load_token().get_frozen_token().token
    assert cli.kept()["expiresAt"].endswith("UTC")
    assert cli.token(NoHuman()) == token
    cli.pass_time(3500)
    assert cli.token(NoHuman()) not in (token, "")


def test_a_program_with_boto3_gets_its_role_by_a_token_that_was_refreshed_here(cli: Cli) -> None:
    cli.login(seconds=60)
    token = cli.token(NoHuman())
    asks = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    env = {
        "HOME": str(cli.home),
        "AWS_PROFILE": "prod",
        "AWS_CONFIG_FILE": str(cli.write_config()),
        "AWS_ENDPOINT_URL": cli.aws.endpoint_url,
    }
    done = subprocess.run([sys.executable, "-c", asks], env=env, capture_output=True, text=True, check=True)
    assert "AWSReservedSSO_Admin" in done.stdout
    assert cli.kept()["accessToken"] == token


def test_our_own_token_comes_before_that_of_the_cli(cli: Cli) -> None:
    cli.login()
    ours = cli.sign_in()
    SealedToken(cli.place, cli.caller()).write(ours)
    assert cli.token(NoHuman()) == ours.access


def test_what_cannot_be_written_back_is_not_refreshed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.login(seconds=60)
    before = cli.file.read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert cli.token(NoHuman()) == cli.kept()["accessToken"], "but used while it lasts"
    cli.pass_time(61)
    assert isinstance(refusal(lambda: cli.token(NoHuman())), NeedsHuman)
    assert cli.file.read_bytes() == before
    assert cli.calls().count("CreateToken") == 1


def test_a_cli_that_signed_out_meanwhile_stays_signed_out(cli: Cli) -> None:
    cli.login()
    keeper = CliToken(cli.instance, cli.caller())
    token = keeper.read()
    assert token
    cli.file.unlink()
    keeper.write(token)
    assert not cli.file.exists()


def test_a_disk_that_is_full_costs_no_refresh_token(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    content = cli.login(seconds=60)
    calls = cli.calls()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shellint.paths.replace_file", full)
        assert cli.token(NoHuman()) == content["accessToken"], "it serves to its end"
        cli.pass_time(61)
        error = refusal(lambda: cli.token(NoHuman()))
    assert isinstance(error, StoreError)
    assert "No space left on device" in error.what
    assert cli.calls() == calls
    assert cli.token(NoHuman()) not in (content["accessToken"], "")


def test_logging_out_signs_the_cli_out_too(cli: Cli) -> None:
    cli.login()
    assert forget_token(cli.instance, cli.caller())
    assert not cli.file.exists()
    assert not forget_token(cli.instance, cli.caller())
