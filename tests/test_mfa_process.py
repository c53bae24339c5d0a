"""`mfa_process`: a command of the config file gives the MFA code, and runs only for what a person asked for."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from shellint.actions.use import refresh, use
from shellint.errors import ConfigError, NeedsHuman, ShellintError
from shellint.lease import Wish
from shellint.request import Request
from shellint.sources.mfa import MfaCodes
from shellint.steps import SessionToken
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.desk import Desk
from tests.prompting import Shelf, Turn
from tests.world import Script, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


def test_mfa_process_gives_the_code(world: World) -> None:
    plan = world.plan(world.device(process=f"echo '{world.mfa.fresh_code()}'"))
    world.broker().obtain(plan, min_ttl=300)
    assert world.human.asked == []
    assert world.calls() == ["GetSessionToken"]


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("exit 3", "mfa_process of base failed with exit code 3"),
        ("no-such-program-anywhere 2>/dev/null", "mfa_process of base failed with exit code 127"),
        ("echo hunter2", "mfa_process of base printed something else than an MFA code"),
        ("true", "mfa_process of base printed something else than an MFA code"),
    ],
)
def test_an_mfa_process_that_fails_is_one_clear_line(world: World, command: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        world.broker().obtain(world.plan(world.device(process=command)), min_ttl=300)
    assert "hunter2" not in caught.value.what + caught.value.todo


def test_an_mfa_process_gets_the_callers_environment_no_descriptors_and_no_input_when_nobody_is_there(
    world: World, tmp_path: Path
) -> None:
    """`cat` ends at once because its stdin is empty; the descriptors are those of `ls` itself and its directory."""
    seen = tmp_path / "seen"
    command = f'cat; (echo "$MARK"; ls /proc/self/fd) >{seen}; echo {world.mfa.fresh_code()}'
    env = {"MARK": "from the caller", "PATH": "/usr/bin:/bin"}
    with seen.with_suffix(".open").open("w"):
        world.broker(NoHuman(), env).obtain(world.plan(world.device(process=command)), min_ttl=300)
    assert seen.read_text().split("\n")[:5] == ["from the caller", "0", "1", "2", "3"]


ON_A_TERMINAL = """
from shellint.sources.mfa import MfaCodes
from shellint.steps import SessionToken
from shellint.terminal import NoHuman, Terminal
step = SessionToken("base", "serial", "read code || code=none; echo $code", 900)
for human in (Terminal(), NoHuman()):
    try:
        MfaCodes(human, {}).use(step, lambda code: print("got", code))
    except Exception as error:
        print(error)
"""


def test_an_mfa_process_may_ask_at_the_terminal_whatever_stdin_is_and_only_when_someone_is_there() -> None:
    python = f"exec {shlex.quote(sys.executable)} -I -c {shlex.quote(ON_A_TERMINAL)} </dev/null"
    terminal = pexpect.spawn("/bin/sh", ["-c", python], encoding="utf-8", timeout=30)
    terminal.sendline("123456")
    terminal.expect("got 123456\r\n")
    terminal.expect("mfa_process of base printed something else")
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_without_leave_for_programs_it_is_not_run_but_mfa_token_still_serves(world: World, tmp_path: Path) -> None:
    plan = world.plan(world.device(process=f"touch {tmp_path}/ran; echo {world.mfa.code()}"))
    with pytest.raises(NeedsHuman, match=f"the MFA code for {world.mfa.serial} comes from mfa_process") as caught:
        world.broker(programs=False).obtain(plan, min_ttl=300)
    assert caught.value.exit_code == 4
    world.broker(programs=False).obtain(plan, min_ttl=300, mfa_token=world.mfa.fresh_code())
    assert world.calls() == ["GetSessionToken"]
    assert not (tmp_path / "ran").exists()


def test_a_renewal_that_the_prompt_began_never_runs_it_and_one_without_input_does(home: Path) -> None:
    """The device session is near its end, so that the role's next session takes a code."""
    ran = home / "ran"
    with StrictAws() as aws:
        desk = Desk(aws, home)
        desk.role("admin", mfa=True)
        command = f"echo x >>{shlex.quote(str(ran))}; echo {desk.mfa.fresh_code()}"
        desk.config.write_text(desk.config.read_text().replace("[default]\n", f"[default]\nmfa_process = {command}\n"))
        env = {**desk.env, "HOME": str(home), "AWS_CHAINED_SESSION_TOKEN_TTL": "15m"}
        request = Request(env, NoHuman(), time.time, shell="bash", shell_pid=1)
        change = use(request, Wish("admin")).change
        assert change is not None
        assert ran.read_text() == "x\n"
        later = replace(request, env=env | dict(change.set), now=lambda: time.time() + 2970)
        with pytest.raises(NeedsHuman, match=r"^admin ends in 10m$") as caught:
            refresh(later, ahead=True)
        assert caught.value.todo == "`vault refresh` renews it"
        assert ran.read_text() == "x\n"
        with pytest.raises(ShellintError):
            refresh(later)  # the command printed the same code again
        assert ran.read_text() == "x\nx\n"


def test_an_mfa_process_that_hangs_is_ended_after_its_time_with_what_it_started(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "bin")
    shelf.put("token", Turn([], then="import signal; signal.pause()"))
    step = SessionToken("base", "serial", f"echo 123456; {shelf.path}/token; true", 900)
    with pytest.raises(ConfigError, match=r"^mfa_process of base gave no answer in 0\.5 s$"):
        MfaCodes(Script(), {}, limit=0.5).use(step, lambda _: pytest.fail("a code was found"))
    assert shelf.running() == []


def test_a_code_typed_as_an_option_comes_before_mfa_process_and_that_before_the_chosen_prompt(world: World) -> None:
    env = {"AWS_VAULT_PROMPT": "nonsense", "PATH": "/usr/bin:/bin"}
    plan = world.plan(world.device(process="exit 3"))
    world.broker(env=env).obtain(plan, min_ttl=300, mfa_token=world.mfa.fresh_code())
    plan = world.plan(world.device(900, explicit=True, process=f"echo {world.mfa.fresh_code()}"))
    world.broker(env=env).obtain(plan, min_ttl=300)
    with pytest.raises(ConfigError, match="AWS_VAULT_PROMPT: nonsense"):
        world.broker(env=env).obtain(world.plan(world.device(1200, explicit=True)), min_ttl=300)
    assert world.calls() == ["GetSessionToken"] * 2
