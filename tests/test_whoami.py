"""`whoami`: what AWS says, for a profile and for a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.logging_in import exported
from tests.rig.environment import fresh_home


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> Desk:
    made = Desk(aws, fresh_home(tmp_path / "home"))
    made.role("prod")
    return made


def who(desk: Desk, *words: str, **env: str) -> dict[str, str]:
    result = vault(desk, "whoami", *words, "--json", **env)
    assert result.returncode == 0, result.stderr
    answer: dict[str, str] = json.loads(result.stdout)
    return answer


def test_a_profile_is_shown_as_aws_sees_it(desk: Desk, aws: StrictAws) -> None:
    result = vault(desk, "whoami", "prod")
    assert result.returncode == 0
    rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines()[:2])
    assert rows["account"] == aws.account
    assert rows["arn"].startswith(f"arn:aws:sts::{aws.account}:assumed-role/prod/")
    assert result.stdout.splitlines()[2].startswith("user id    AROA")


def test_json_is_what_the_aws_cli_prints(desk: Desk, aws: StrictAws) -> None:
    answer = who(desk, "base")
    assert answer == {"UserId": desk.alice.user_id, "Account": aws.account, "Arn": desk.alice.arn}


def test_a_shell_is_what_its_own_variables_are(desk: Desk) -> None:
    assert ":assumed-role/prod/" in who(desk, **exported(desk, "prod"))["Arn"]
    key_id, secret = desk.key
    assert who(desk, AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret)["Arn"] == desk.alice.arn


def test_a_profile_wins_over_the_shell(desk: Desk) -> None:
    assert who(desk, "base", **exported(desk, "prod"))["Arn"] == desk.alice.arn


def test_aws_profile_counts_where_there_are_no_credentials(desk: Desk) -> None:
    assert ":assumed-role/prod/" in who(desk, AWS_PROFILE="prod")["Arn"]
    assert who(desk, AWS_PROFILE="prod", **exported(desk, "base"))["Arn"] == desk.alice.arn


def test_options_shape_the_session_as_for_use(desk: Desk, aws: StrictAws) -> None:
    other = aws.add_role("other", trusted=[desk.alice.arn])
    assert ":assumed-role/other/" in who(desk, "base", "--role-arn", other.arn)["Arn"]


def test_a_shell_without_credentials_says_what_to_do(desk: Desk) -> None:
    result = vault(desk, "whoami")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no AWS credentials in this shell" in result.stderr
    assert "vault whoami PROFILE" in result.stderr


def test_credentials_that_aws_does_not_know_are_refused(desk: Desk) -> None:
    env = exported(desk, "prod")
    for changed, says in (
        ({"AWS_ACCESS_KEY_ID": "ASIAAAAAAAAAAAAAAAAA"}, "AWS does not know the session ASIA…AAAA of this shell"),
        ({"AWS_SECRET_ACCESS_KEY": "x" * 40}, "the secret that goes with the session"),
    ):
        result = vault(desk, "whoami", **env | changed)
        assert (result.returncode, result.stdout) == (3, "")
        assert says in result.stderr
        assert env["AWS_SESSION_TOKEN"] not in result.stderr
