"""`exec` becomes the command: its words, its input and its exit code are the command's own, its identity is ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import elsewhere, vault
from tests.desk import BIN, Desk
from tests.hostile import VALUES, decoded, encoded
from tests.rig import probe
from tests.rig.environment import environment, fresh_home


@pytest.fixture(scope="module")
def desk(aws: StrictAws, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))
    desk.role("plain")
    desk.role("other")
    return desk


def variables(out: str) -> dict[str, str]:
    return dict(entry.split("=", 1) for entry in out.split("\0")[:-1])


@pytest.mark.parametrize(
    ("command", "code"),
    [("true", 0), ("exit 7", 7), ("./nosuch", 127), ("./mine", 126), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
def test_the_exit_code_is_the_commands_own(desk: Desk, tmp_path: Path, command: str, code: int) -> None:
    (tmp_path / "mine").write_text("not to be run")
    line = f"""'{BIN / "vault"}' exec plain -- sh -c '{command}'; echo $?"""
    shell = subprocess.run(
        ["/bin/sh", "-c", line],
        env=environment(desk.home, **desk.env),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shell.stdout == f"{code}\n"


def test_every_hostile_word_arrives_as_it_was(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "seen"
    command = [sys.executable, "-I", "-S", probe.__file__, str(file), *VALUES.values()]
    done = subprocess.run(
        [encoded(word) for word in (str(BIN / "vault"), "exec", "plain", *command)],
        env=environment(desk.home, **desk.env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, *items = file.read_bytes().split(b"\0")[:-1]
    assert [decoded(item) for item in items[: int(count)]] == list(VALUES.values())


@pytest.mark.parametrize(
    "words",
    [
        ("plain", "ls", "-l"),
        ("plain", "--region", "eu-north-1", "--", "ls", "-l"),
        ("--region", "eu-north-1", "plain", "ls", "-l"),
        ("--region=eu-north-1", "plain", "--force", "ls", "-l"),
        ("-s", "plain", "--", "ls", "-l"),
        ("-nd", "15m", "plain", "ls", "-l"),
        ("-nd15m", "plain", "ls", "-l"),
        ("plain", "-syd", "15m", "--region", "eu-north-1", "ls", "-l"),
        ("plain", "-d", "15m", "--", "ls", "-l"),
    ],
)
def test_the_command_begins_at_the_first_word_that_is_no_option_of_ours(
    desk: Desk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "ls").write_text('#!/bin/sh\nprintf "%s|" ls "$@" "$AWS_REGION"')
    (tmp_path / "ls").chmod(0o700)
    done = vault(desk, "exec", *words, PATH=f"{tmp_path}:{desk.env['PATH']}")
    region = "eu-north-1" if "eu-north-1" in " ".join(words) else "eu-west-1"
    assert (done.returncode, done.stdout) == (0, f"ls|-l|{region}|")


@pytest.mark.parametrize("option", [(), ("--serve",)])
def test_a_megabyte_on_stdin_passes_through(desk: Desk, option: tuple[str, ...]) -> None:
    sent = "0123456789abcdef" * 65_536
    done = vault(desk, "exec", *option, "plain", "--", "cat", stdin=sent)
    assert (done.returncode, done.stdout == sent) == (0, True)


def test_w26_an_unknown_profile_is_one_line_with_a_guess_and_runs_nothing(desk: Desk) -> None:
    done = vault(desk, "exec", "plian", "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no profile 'plian'" in done.stderr
    assert "did you mean plain?" in done.stderr


def test_a_forgotten_profile_is_missed_and_the_command_not_taken_for_one(desk: Desk) -> None:
    done = vault(desk, "exec", "--", "ls", "-l")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "vault: there is no PROFILE before --\n       vault exec PROFILE -- COMMAND\n"


@pytest.mark.parametrize("words", [(), ("-",)])
def test_without_a_hook_the_way_for_scripts_has_the_name_of_a_profile_in_it(desk: Desk, words: tuple[str, ...]) -> None:
    assert "(in a script: vault exec PROFILE -- COMMAND)" in vault(desk, "use", *words).stderr


def test_w18_within_a_loaded_shell_or_another_exec_it_just_switches(desk: Desk) -> None:
    outer = variables(vault(desk, "exec", "plain", "--", "env", "-0").stdout)
    inner = vault(desk, "exec", "other", "--", "env", "-0", **{**desk.env, **outer})
    seen = variables(inner.stdout)
    assert (inner.returncode, seen["AWS_VAULT"]) == (0, "other")
    assert seen["AWS_ACCESS_KEY_ID"] != outer["AWS_ACCESS_KEY_ID"]
    assert not [name for name in seen if name.startswith("SHELLINT_")]


def test_d14_a_stale_end_does_not_survive_next_to_credentials_without_one(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "tool").write_text(
        """#!/bin/sh\necho '{"Version": 1, "AccessKeyId": "ASIAENDLESS000000000", """
        """"SecretAccessKey": "x", "SessionToken": "y"}'"""
    )
    (tmp_path / "tool").chmod(0o700)
    desk.profile("endless", credential_process=str(tmp_path / "tool"))
    stale = {"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z", "AWS_SESSION_EXPIRATION": "2020-01-01T00:00:00Z"}
    seen = variables(vault(desk, "exec", "endless", "--", "env", "-0", **stale).stdout)
    assert seen["AWS_ACCESS_KEY_ID"] == "ASIAENDLESS000000000"
    assert not stale.keys() & seen.keys()


def test_w6_a_length_that_was_asked_for_and_cannot_be_is_said(desk: Desk, aws: StrictAws) -> None:
    role = aws.add_role("deep", trusted=[desk.role("first").arn])
    desk.profile("deep", role_arn=role.arn, source_profile="first")
    done = vault(desk, "exec", "-d", "12h", "deep", "true")
    assert done.returncode == 0
    assert "deep lasts 1h, not 12h (--duration)" in done.stderr
    assert vault(desk, "exec", "deep", "true").stderr == "", "where there is nothing to say"


@pytest.mark.parametrize("option", [(), ("--serve",)])
@pytest.mark.parametrize("command", [("true",), ()])
def test_what_use_says_of_region_and_endpoint_exec_says_too(
    desk: Desk, option: tuple[str, ...], command: tuple[str, ...]
) -> None:
    env = {"AWS_REGION": "ap-south-1", "SHELL": "/bin/true"}
    asked = vault(desk, "use", "plain", "--force", SHELLINT_SHELL="bash", SHELLINT_PID="1", **env)
    *expected, summary = asked.stderr.splitlines()
    assert "plain for 1h" in summary
    assert len(expected) == 2
    assert f"{elsewhere(desk)}" in asked.stderr
    said = vault(desk, "exec", *option, "--force", "plain", *command, **env).stderr.splitlines()
    assert said[:2] == expected
    assert len(said) == (2 if command else 3)
