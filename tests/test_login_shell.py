"""`login` without a profile: what the shell holds opens the console, or the refusal says why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shellint.lease import Wish
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.logging_in import exported, page_of, printed, visit


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as strict:
        yield strict


def test_without_a_profile_the_session_of_this_shell_opens_the_console(desk: Desk) -> None:
    desk.role("prod")
    env = exported(desk, "prod")
    before = len(desk.aws.requests)
    url = printed(desk, **env)
    assert [record.action for record in desk.aws.requests[before:]] == ["GetCallerIdentity", "getSigninToken"]
    assert b":assumed-role/prod/" in visit(desk, url).body
    assert page_of(url) == "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1"
    assert page_of(printed(desk, "--region", "eu-west-2", **env)).startswith("https://eu-west-2.console.")


def test_without_a_profile_a_key_in_the_environment_opens_it_as_a_federated_user(desk: Desk) -> None:
    key_id, secret = desk.key
    url = printed(desk, AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret)
    assert b":federated-user/alice" in visit(desk, url).body


@pytest.mark.parametrize(("lease", "name"), [(False, "PROFILE"), (True, "base")])
def test_without_a_profile_a_users_own_session_is_refused_with_the_way_out(desk: Desk, lease: bool, name: str) -> None:
    env = exported(desk, "base")
    if lease:  # as after `vault use base`
        key = env["AWS_ACCESS_KEY_ID"]
        env |= {"SHELLINT_SESSION": "5e55", "SHELLINT_KEY": key, "SHELLINT_REQUEST": Wish("base").encode()}
    result = vault(desk, "login", "--print", **env)
    assert (result.returncode, result.stdout) == (1, "")
    assert "takes no user's own session" in result.stderr
    assert f"`vault login {name}`" in result.stderr
    assert "getSigninToken" not in [record.action for record in desk.aws.requests]


def test_without_a_profile_and_without_credentials_it_says_what_to_do(desk: Desk) -> None:
    result = vault(desk, "login", "--print")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no AWS credentials in this shell" in result.stderr
    assert "vault login PROFILE" in result.stderr


def test_aws_profile_names_the_profile_of_a_shell_without_credentials(desk: Desk) -> None:
    desk.role("prod")
    assert b":assumed-role/prod/" in visit(desk, printed(desk, AWS_PROFILE="prod")).body


@pytest.mark.parametrize("words", [("--duration", "1h"), ("--force",), ("-t", "123456"), ("--role-arn", "x")])
def test_without_a_profile_nothing_shapes_a_session(desk: Desk, words: tuple[str, ...]) -> None:
    result = vault(desk, "login", "--print", *words, **exported(desk, "base"))
    assert result.returncode == 2
    assert "needs" in result.stderr or "without a PROFILE" in result.stderr
