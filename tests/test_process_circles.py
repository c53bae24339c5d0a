"""A program of the config that comes back to us, talks to a person, or does not come to an end."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import psutil
import pytest

from shellint.errors import ConfigError
from shellint.providers import Process, WebIdentityToken
from shellint.sources import process
from shellint.sources.programs import refuse_circle
from shellint.steps import Provided, SessionToken, WebIdentity
from tests.aws import StrictAws
from tests.command import elsewhere, vault
from tests.desk import BIN, Desk
from tests.rig.environment import environment
from tests.roots import GOOD, SECRET, caller, clean_failure, document, plan_from, provided
from tests.world import HOUR, Script, World, assume

VAULT = str(BIN / "vault")


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as double:
        yield double


@pytest.fixture
def desk(aws: StrictAws, home: Path) -> Desk:
    return Desk(aws, home)


@pytest.fixture
def world(aws: StrictAws, tmp_path: Path) -> World:
    return World(aws, tmp_path / "data")


def test_w17_a_profile_that_calls_itself_by_a_detour_is_told_with_the_circle(desk: Desk) -> None:
    """Unrefused, the inner one would wait two minutes for the session that the outer one is making."""
    desk.profile("loop", credential_process=f"sh -c '{VAULT} exec loop -- env'")
    done = vault(desk, "exec", "loop", "--", "true")
    lines = done.stderr.splitlines()
    assert lines[0] == "vault: credential_process of loop asks for loop itself: loop -> loop"
    assert "vault: credential_process of loop failed with exit code 1" in lines
    assert done.returncode == 1
    assert len(lines) == 4


def test_w17_a_circle_over_two_profiles_is_named(desk: Desk) -> None:
    desk.profile("one", credential_process=f"sh -c '{VAULT} exec two -- env'")
    desk.profile("two", credential_process=f"sh -c '{VAULT} exec one -- env'")
    done = vault(desk, "exec", "one", "--", "true")
    assert "credential_process of one asks for one itself: one -> two -> one" in done.stderr
    assert (done.returncode, done.stdout) == (1, "")


def test_w17_a_circle_is_seen_through_another_profiles_exec(desk: Desk) -> None:
    desk.profile("loop", credential_process=f"{VAULT} exec base -- {VAULT} exec loop -- env")
    done = vault(desk, "exec", "loop", "--", "true")
    assert "credential_process of loop asks for loop itself: loop -> loop" in done.stderr
    assert done.returncode == 1


def test_d17_a_session_without_an_end_reaches_a_command_without_an_expiration(desk: Desk) -> None:
    answer = desk.home / "doc"
    answer.write_text(document(Expiration=None))
    desk.profile("tool", credential_process=f"cat {answer}")
    done = vault(desk, "exec", "tool", "--", "env", AWS_CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z")
    assert f"AWS_ACCESS_KEY_ID={GOOD['AccessKeyId']}" in done.stdout.splitlines()
    assert "EXPIRATION" not in done.stdout
    assert "RUNNING" not in done.stdout


def test_a_program_may_ask_us_for_another_profile(desk: Desk) -> None:
    text = '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s","SessionToken":"%s"}'
    names = "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN"
    inner = f"printf {shlex.quote(text)} {names}"
    desk.profile("tool", credential_process=f"{VAULT} exec base -- sh -c {shlex.quote(inner)}")
    done = vault(desk, "exec", "tool", "--", "sh", "-c", "echo $AWS_VAULT $AWS_ACCESS_KEY_ID")
    assert done.stderr == elsewhere(desk), "of the inner one: a command's stderr is the person's"
    assert done.stdout.startswith("tool ASIA")
    assert [record.action for record in desk.aws.requests] == ["GetSessionToken"]


@pytest.mark.parametrize(
    "command",
    [
        "vault credential-process tool",
        "/opt/bin/vault exec --no-input tool -- aws configure export-credentials --format process",
        "shellint export tool --format json",
        "vault.exe credential-process tool",
    ],
)
def test_w17_a_command_that_is_plainly_ourselves_is_not_even_run(world: World, command: str) -> None:
    with pytest.raises(ConfigError, match="credential_process of tool asks vault for tool itself") as caught:
        world.broker().obtain(plan_from(world, provided(Process(command))), min_ttl=300)
    assert caught.value.todo.startswith("`vault add tool` stores a key")


@pytest.mark.parametrize(
    "command",
    ["vault credential-process other", "vault exec other -- tool", "vault read tool", "sh -c 'exit 9' exec tool"],
)
def test_a_command_that_only_looks_like_it_is_run(world: World, command: str) -> None:
    with pytest.raises(ConfigError, match=r"could not be started|exit code 9"):
        world.broker().obtain(plan_from(world, provided(Process(command))), min_ttl=300)


def test_w17_every_program_of_a_plan_that_is_running_already_is_a_circle(world: World) -> None:
    env = {"_SHELLINT_RUNNING": json.dumps(["outer", "tool"])}
    token = WebIdentity("tool", WebIdentityToken(process="p"), "arn", "me", HOUR)
    device = SessionToken("tool", "serial", "p", HOUR)
    for root in (provided(Process("p")), token):
        with pytest.raises(ConfigError, match="asks for tool itself: tool -> tool"):
            refuse_circle(plan_from(world, root), env)
    with pytest.raises(ConfigError, match="mfa_process of tool"):
        refuse_circle(world.plan(device), env)
    harmless = Provided("other", Process("p"), device)
    refuse_circle(plan_from(world, harmless, assume(world.role("tool"))), env)
    refuse_circle(plan_from(world, WebIdentity("tool", WebIdentityToken("/token"), "arn", "me", HOUR)), env)


@pytest.mark.parametrize("value", ["", "tool", "{}", "[1]", "[" * 100_000, '"tool"'])
def test_a_mark_that_is_none_of_ours_is_no_circle(world: World, value: str) -> None:
    refuse_circle(plan_from(world, provided(Process("p"))), {"_SHELLINT_RUNNING": value})


def at_terminal(desk: Desk, *words: str) -> pexpect.spawn[str]:
    env = environment(desk.home, **desk.env)
    return pexpect.spawn(VAULT, list(words), env=env, encoding="utf-8", timeout=30)


def test_w17_a_program_may_ask_on_the_terminal_and_what_it_says_is_seen(desk: Desk) -> None:
    """Its stdin and stderr are the terminal, whatever ours are."""
    answer = desk.home / "doc"
    answer.write_text(document())
    tool = desk.home / "tool"
    tool.write_text(f"#!/bin/sh\nprintf 'PIN? ' >&2\nread pin\n[ \"$pin\" = 1234 ] && cat {answer}\n")
    tool.chmod(0o700)
    desk.profile("tool", credential_process=str(tool))
    line = f"{VAULT} exec tool -- sh -c 'echo got $AWS_ACCESS_KEY_ID' </dev/null 2>/dev/null"
    terminal = pexpect.spawn(
        "/bin/sh", ["-c", line], env=environment(desk.home, **desk.env), encoding="utf-8", timeout=30
    )
    terminal.expect_exact("PIN? ")
    terminal.sendline("1234")
    terminal.expect_exact("got ASIAEXAMPLE")
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_w17_ctrl_c_ends_a_program_that_hangs_and_us(desk: Desk) -> None:
    """It may have to give the terminal back its echo, so it is let clear up before it is gone."""
    code = (
        "import time\n"
        "tell = open('/dev/tty', 'w')\n"
        "try:\n    print('up', file=tell, flush=True)\n    time.sleep(600)\n"
        "finally:\n    print('cleared', file=tell, flush=True)\n"
    )
    tool = desk.home / "tool.py"
    tool.write_text(code)
    desk.profile("tool", credential_process=f"{sys.executable} {tool}")
    terminal = at_terminal(desk, "exec", "tool", "--", "true")
    terminal.expect_exact("up")
    terminal.sendintr()
    terminal.expect_exact("cleared")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130


def hanging(world: World, tmp_path: Path, limit: float) -> tuple[ConfigError, Script]:
    """Run a program that waits for another, for a limited time."""
    step = provided(Process(f"sh -c 'echo {SECRET}; sleep 987 & echo $! >{tmp_path}/pid; wait'"))
    asking, plan = caller(world, {}), plan_from(world, step)
    error = clean_failure(world, lambda: process.credentials(step, plan, asking, limit=limit, notice=0.2))
    assert isinstance(error, ConfigError)
    return error, world.human


def test_w17_one_that_hangs_is_announced_and_then_ended_with_all_it_started(world: World, tmp_path: Path) -> None:
    before = time.monotonic()
    error, person = hanging(world, tmp_path, 0.6)
    assert time.monotonic() - before < 20
    assert error.what == "credential_process of tool gave no answer in 0.6 s"
    assert person.said == ["waiting for credential_process of tool"]
    pid = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_daemon_that_it_leaves_behind_does_not_hold_its_answer(world: World, tmp_path: Path) -> None:
    (tmp_path / "doc").write_text(document())
    command = f"sh -c 'sleep 30 & echo $! >{tmp_path}/pid; cat {tmp_path}/doc'"
    try:
        assert (
            world.broker().obtain(plan_from(world, provided(Process(command))), min_ttl=300).access_key_id
            == GOOD["AccessKeyId"]
        )
    finally:
        psutil.Process(int((tmp_path / "pid").read_text())).kill()
