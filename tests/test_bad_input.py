"""What a person can get wrong, or find broken: one line that says what happened, one that says what to do, no more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, Desk
from tests.rig.environment import environment, fresh_home

KEY = '{"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "SecretAccessKey": "ssssssssssssssssssssssssssssssssssssssss"}'


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> Iterator[Desk]:
    aws.clock_offset = 0
    yield Desk(aws, fresh_home(tmp_path / "home"))
    aws.clock_offset = 0


def refused(desk: Desk, *words: str, code: int, says: str, todo: str = "", stdin: str = "", **env: str) -> None:
    """Assert that the command fails in one clear way: the exit code, one line, and at most one line of advice."""
    result = vault(desk, *words, stdin=stdin, **env)
    lines = [line for line in result.stderr.splitlines() if " is asked at " not in line]
    assert result.returncode == code, result
    assert result.stdout == ""
    assert lines[0].startswith("vault: "), result.stderr
    assert says in lines[0]
    assert len(lines) <= 2, result.stderr
    assert all(line.startswith("       ") for line in lines[1:])
    assert todo in "".join(lines[1:])


def test_w26_an_unknown_profile_is_named_with_the_nearest(desk: Desk) -> None:
    refused(desk, "exec", "bsae", "true", code=1, says="bsae", todo="did you mean base?")


def test_a_profile_with_neither_key_nor_source_says_so(desk: Desk) -> None:
    desk.profile("bare", region="eu-west-1")
    refused(desk, "exec", "bare", "true", code=1, says="bare", todo="vault add bare")


def test_a_key_that_is_only_in_the_credentials_file_names_the_coming_import(desk: Desk) -> None:
    (desk.home / ".aws" / "credentials").write_text("[old]\naws_access_key_id = AKIA\naws_secret_access_key = x\n")
    refused(desk, "exec", "old", "true", code=1, says="old", todo="import")


def test_a_source_profile_loop_is_drawn(desk: Desk) -> None:
    role = "arn:aws:iam::123456789012:role/x"
    desk.profile("a", role_arn=role, source_profile="b")
    desk.profile("b", role_arn=role, source_profile="a")
    refused(desk, "exec", "a", "true", code=1, says="goes round in a circle: a (")


def test_a_malformed_config_names_the_line(desk: Desk) -> None:
    desk.config.write_text("[default]\nregion = eu-west-1\nwhat is this\n")
    refused(desk, "exec", "base", "true", code=1, says=f"{desk.config} line 3")


def test_a_key_that_aws_does_not_know_any_more(desk: Desk) -> None:
    desk.alice.delete_key(desk.key.access_key_id)
    refused(desk, "exec", "base", "true", code=3, says="InvalidClientTokenId")


def test_a_wrong_mfa_code(desk: Desk) -> None:
    desk.profile("base", mfa_serial=desk.mfa.serial)
    wrong = f"{(int(desk.mfa.fresh_code()) + 1) % 1_000_000:06}"
    refused(desk, "exec", "base", "--mfa-token", wrong, "--", "true", code=3, says="AccessDenied")


@pytest.mark.parametrize("code", ["12345", "abcdef", "1234567"])
def test_an_mfa_code_of_the_wrong_shape_never_reaches_aws(desk: Desk, aws: StrictAws, code: str) -> None:
    desk.profile("base", mfa_serial=desk.mfa.serial)
    before = len(aws.requests)
    refused(desk, "exec", "base", "--mfa-token", code, "--", "true", code=2, says="six digits")
    assert len(aws.requests) == before


def test_no_terminal_when_a_question_has_to_be_asked(desk: Desk) -> None:
    desk.profile("base", mfa_serial=desk.mfa.serial)
    refused(desk, "exec", "base", "true", code=4, says="MFA code")


def test_w30_no_input_is_the_same_as_no_terminal(desk: Desk) -> None:
    desk.profile("base", mfa_serial=desk.mfa.serial)
    refused(desk, "exec", "base", "--no-input", "--", "true", code=4, says="MFA code")
    refused(desk, "exec", "base", "true", code=4, says="MFA code", SHELLINT_NO_INPUT="1")


def test_an_endpoint_that_is_down(desk: Desk) -> None:
    refused(desk, "exec", "base", "true", code=1, says="127.0.0.1:9", AWS_ENDPOINT_URL="http://127.0.0.1:9")


@pytest.mark.parametrize(("offset", "says"), [(1200, "20 minutes behind"), (-1200, "20 minutes ahead")])
def test_a_clock_that_is_off_is_named_as_such(desk: Desk, aws: StrictAws, offset: int, says: str) -> None:
    aws.clock_offset = offset
    refused(desk, "exec", "base", "true", code=3, says=says)


def test_a_missing_region_is_no_failure(desk: Desk) -> None:
    desk.config.write_text("[profile plain]\n")
    result = vault(desk, "exec", "base", "--", "sh", "-c", 'echo "${AWS_REGION-none}"')
    assert (result.returncode, result.stdout) == (0, "none\n")


@pytest.mark.parametrize("duration", ["10m", "37h", "soon", "-1"])
def test_a_duration_out_of_range_or_not_one(desk: Desk, duration: str) -> None:
    refused(desk, "exec", f"--duration={duration}", "base", "true", code=2, says="--duration")


def test_a_duration_in_a_variable_names_the_variable(desk: Desk) -> None:
    refused(desk, "exec", "base", "true", code=1, says="AWS_SESSION_TOKEN_TTL", AWS_SESSION_TOKEN_TTL="forever")


def test_a_wrong_passphrase_changes_nothing(desk: Desk) -> None:
    store = desk.home / ".local" / "share" / "shellint" / "store.json"
    before = store.read_bytes()
    refused(desk, "exec", "base", "true", code=1, says="passphrase", SHELLINT_FILE_PASSPHRASE="wrong")
    refused(desk, "add", "x", "--stdin", stdin=KEY, code=1, says="passphrase", SHELLINT_FILE_PASSPHRASE="wrong")
    assert store.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's directory")
def test_a_data_directory_of_another_user_is_refused_and_left_alone(desk: Desk) -> None:
    data = desk.home / ".local" / "share" / "shellint"
    os.chown(data, 65534, 65534)
    before = sorted(data.iterdir())
    refused(desk, "exec", "base", "true", code=1, says="belongs to nobody")
    refused(desk, "list", code=1, says="belongs to nobody")
    assert sorted(data.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a home read-only")
def test_a_read_only_home(desk: Desk, aws: StrictAws) -> None:
    """The key can be read, a session cannot be kept: nothing is half done, and `hook` prints all the same."""
    read_only = 'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && exec "$@"'
    before = len(aws.requests)

    def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", read_only, "sh", BIN / "vault", *words],
            env=environment(desk.home, **desk.env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
            check=False,
        )

    for words, stdin in ((("add", "x", "--stdin"), KEY), (("exec", "base", "true"), "")):
        result = run(*words, stdin=stdin)
        assert (result.returncode, result.stdout) == (1, ""), result
        assert result.stderr.splitlines()[-2].startswith("vault: cannot "), result.stderr
        assert "Read-only file system" in result.stderr
    assert run("list").returncode == 0
    # What is kept says in its first line when to give up; what cannot be kept is the hook alone.
    hook = run("hook", "bash").stdout
    assert "function vault {" in hook
    assert vault(desk, "hook", "bash").stdout.endswith(hook)
    assert len(aws.requests) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("uze", "prod"), "uze"),
        (("--no-input", "list"), "before the command"),
        (("exec",), "PROFILE"),
        (("exec", "base", "--frobnicate"), "--frobnicate"),
        (("clear", "prod"), "takes no profile ('prod')"),
        (("use", "base"), "no hook"),
        (("refresh",), "no hook"),
        (("region", "x"), "no hook"),
        (("hook", "tcsh"), "tcsh"),
        (("hook", "bash", "--name", "a b"), "a b"),
        (("exec", "base", "--region", "x.evil.example/", "true"), "--region"),
        (("add", "a]b", "--env"), "a]b"),
        (("add", "x", "--env", "--stdin"), "--env and --stdin"),
    ],
)
def test_wrong_usage_is_exit_code_2(desk: Desk, words: tuple[str, ...], says: str) -> None:
    refused(desk, *words, code=2, says=says)


def test_without_the_hook_use_names_the_line_to_add(desk: Desk) -> None:
    refused(desk, "use", "base", code=2, says="no hook", todo='eval "$(vault hook ')


def test_no_arguments_shows_the_help_and_fails(desk: Desk) -> None:
    result = vault(desk)
    assert result.returncode == 2
    assert "Commands:" in result.stdout + result.stderr


@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_LOGIN_CACHE_DIRECTORY"])
def test_a_variable_that_names_the_current_directory_is_foreseen(desk: Desk, variable: str) -> None:
    desk.profile("console", login_session="arn:aws:iam::123456789012:user/x", region="eu-west-1")
    result = vault(desk, "exec", "console", "--", "true", **{variable: "."})
    assert result.returncode in {1, 4}
    assert "unforeseen" not in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_a_token_file_that_is_the_current_directory_is_one_line(desk: Desk) -> None:
    desk.profile("pod", role_arn="arn:aws:iam::123456789012:role/x", web_identity_token_file=".")
    result = vault(desk, "exec", "pod", "--", "true")
    assert "the web identity token of pod cannot be read: .: Is a directory" in result.stderr
