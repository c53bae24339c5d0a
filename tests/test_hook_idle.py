"""Between two commands: an idle zsh counts down, and a line typed after the end runs without the credentials."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.kinds import KINDS
from tests.rig.shell import Shell
from tests.seat import Seat, seated, segment

ENDED = "vault: dev has ended and is taken out of this shell; `vault refresh` loads it again"
PREEXEC = Path(__file__).with_name("preexec.bash")


@pytest.fixture
def zsh(home: Path) -> Iterator[Seat]:
    with seated(KINDS["zsh"], home) as seat:
        yield seat


@pytest.fixture
def bash(home: Path) -> Iterator[Seat]:
    with seated(KINDS["bash"], home) as seat:
        yield seat


def left(sh: Shell) -> int:
    return int(sh.cur().partition(" 0:")[2][:2])


def load(seat: Seat, sh: Shell, seconds: int) -> float:
    """Load `dev` for some seconds and return when it ends."""
    seat.aws.session_seconds = seconds
    seat.code(sh, "vault use dev")
    seat.aws.session_seconds = None
    return float(sh.value("SHELLINT_EXPIRES") or 0)


def test_an_idle_prompt_counts_down_around_what_is_half_typed(zsh: Seat) -> None:
    sh = zsh.sit()
    load(zsh, sh, 50)
    sh.run("(exit 7)")
    sh.send("echo half")
    first = left(sh)
    later = [f"dev 0:{first - seconds:02d} RDY> echo half" for seconds in (2, 3, 4)]
    sh.wait(lambda: sh.cur() in later, "two seconds less, and what was typed behind it")
    sh.send(' "<$?>"\r')
    # A tick is no command: what is typed next sees the exit code of the last one.
    sh.see("^half <7>$")


def test_ticks_do_not_pile_up(zsh: Seat) -> None:
    """One event waits, however many commands ran over the time of the one before."""
    sh = zsh.sit()
    load(zsh, sh, 50)
    for _ in range(4):
        sh.run("sleep 1.1")
    sh.run("sched +1000 echo mine")
    assert len([line for line in sh.output("sched").splitlines() if "__shellint" in line]) == 1
    assert "echo mine" in sh.output("sched")


def test_the_end_at_an_idle_prompt_clears_and_keeps_what_is_half_typed(zsh: Seat) -> None:
    sh = zsh.sit(env={"AWS_PROFILE": "mine"})
    load(zsh, sh, 4)
    sh.send('echo "<$AWS_PROFILE>"')
    sh.see("^" + ENDED.replace("`", ".") + "$")
    sh.wait(lambda: sh.cur() == 'RDY> echo "<$AWS_PROFILE>"', "the prompt without the segment")
    sh.press("\r")
    lines = sh.lines()
    assert lines[lines.index(ENDED) :][:3] == [ENDED, 'RDY> echo "<$AWS_PROFILE>"', "<mine>"]
    assert sh.value("AWS_ACCESS_KEY_ID") is None


def test_a_renewal_at_an_idle_prompt_shows_in_the_time_left_only(zsh: Seat) -> None:
    zsh.aws.session_seconds_for = {"AssumeRole": 5}
    sh = zsh.sit()
    sh.run("vault use plain")
    zsh.aws.session_seconds_for = {}
    sh.send("echo half")
    sh.wait(lambda: re.fullmatch(r"plain (60|59)m RDY> echo half", sh.cur()), "the renewed session")
    assert sum("RDY> echo half" in line for line in sh.lines()) == 1
    sh.press("\r")
    assert sh.text().splitlines()[-2] == "half"


def test_a_shell_that_nobody_has_used_for_half_a_day_renews_nothing(zsh: Seat) -> None:
    """Nobody has typed since 1970, says a line that runs while the prompt waits."""
    zsh.aws.session_seconds_for = {"AssumeRole": 6}
    sh = zsh.sit()
    sh.run("vault use plain; sched +1 '__shellint_seen=0'")
    zsh.aws.session_seconds_for = {}
    sh.see("^vault: plain has ended and is taken out of this shell")


def test_a_renewal_at_an_idle_prompt_that_needs_a_code_says_so_once(zsh: Seat) -> None:
    sh = zsh.sit()
    load(zsh, sh, 12)
    sh.send("echo half")
    sh.see("^vault: dev ends soon and was not renewed by itself; .vault refresh. renews it or says why$")
    # The prompt is drawn anew after that line: both may come in one go or not.
    sh.wait(lambda: re.fullmatch(r"dev 0:\d\d RDY> echo half", sh.cur()), "the prompt behind the line")
    later = [f"dev 0:{seconds:02d} RDY> echo half" for seconds in range(left(sh))]
    sh.wait(lambda: sh.cur() in later, "the count to go on")
    assert sh.text().count("ends soon") == 1
    sh.press("\r")


def test_zsh_runs_a_line_typed_after_the_end_without_the_credentials(zsh: Seat) -> None:
    """After a suspend no tick has come in time: stopped, the shell sleeps over the end."""
    sh = zsh.sit(env={"AWS_PROFILE": "mine"})
    ends = load(zsh, sh, 5)
    os.kill(sh.pid, signal.SIGSTOP)
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    sh.send('echo "<${AWS_ACCESS_KEY_ID-none} $AWS_PROFILE>"\r')
    os.kill(sh.pid, signal.SIGCONT)
    sh.see("^<none mine>$")
    sh.prompt()
    assert sh.text().count(ENDED) == 1
    assert segment(sh) == ""


@pytest.mark.parametrize("order", ["before", "after"])
def test_bash_with_preexec_runs_a_line_typed_after_the_end_without_the_credentials(bash: Seat, order: str) -> None:
    theirs = f'. {PREEXEC}\npreexec_functions+=(mine)\nmine() {{ echo "preexec: $1"; }}\nprecmd() {{ seen=$?; }}\n'
    before, after = (theirs, "") if order == "before" else ("", theirs)
    sh = bash.sit(after, first=before, env={"AWS_PROFILE": "mine"})
    ends = load(bash, sh, 4)
    assert segment(sh).startswith("dev 0:")
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    shown = sh.output('echo "<${AWS_ACCESS_KEY_ID-none} $AWS_PROFILE>"').splitlines()
    assert shown == [ENDED, 'preexec: echo "<${AWS_ACCESS_KEY_ID-none} $AWS_PROFILE>"', "<none mine>"]
    assert segment(sh) == ""
    sh.run("(exit 7)")
    assert sh.words('"$seen" "$?"') == [b"7", b"7"]
    assert sh.output("true") == "preexec: true"


def test_bash_without_preexec_notices_at_the_next_prompt(bash: Seat) -> None:
    sh = bash.sit(env={"AWS_PROFILE": "mine"})
    ends = load(bash, sh, 3)
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    assert sh.output("") == ENDED
    assert sh.value("AWS_PROFILE") == b"mine"
