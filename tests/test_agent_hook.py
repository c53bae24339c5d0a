"""The hook of a new shell has the agent ready in the background, and nobody notices."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.agent_rig import Agency, agency, until
from tests.rig.environment import environment
from tests.rig.kinds import Kind
from tests.rig.processes import Trace
from tests.rig.programs import program, version
from tests.seat import Seat, seated

NO_JOBS = {"", "jobs: There are no jobs"}


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


@pytest.fixture
def agent(seat: Seat) -> Iterator[Agency]:
    with agency(seat) as agent:
        seat.env = agent.env
        yield agent
        seat.leave()  # or one of them starts another agent, which nobody ends


def test_a_new_shell_has_one_started_and_shows_nothing_of_it(seat: Seat, agent: Agency) -> None:
    sh = seat.sit()
    until(lambda: agent.run("agent", "status").returncode == 0)
    (process,) = agent.agents()
    shell = psutil.Process(sh.pid)
    assert sh.output("jobs") in NO_JOBS
    assert next(line for line in sh.lines() if line) == "RDY> jobs"
    assert process.ppid() != sh.pid
    assert os.getsid(process.pid) != os.getsid(sh.pid)
    assert process.nice() == shell.nice()
    places = {str(each.readlink()) for each in Path(f"/proc/{process.pid}/fd").iterdir()}
    assert not [each for each in places if each.startswith(("/dev/pts", "pipe:"))]
    until(lambda: not [each for each in shell.children(recursive=True) if "client.py" in " ".join(each.cmdline())])


def test_the_shell_leaves_without_a_word(seat: Seat, agent: Agency) -> None:
    sh = seat.sit()
    until(agent.agents)
    sh.send("exit\r")
    assert sh.wait_exit() == 0
    assert "job" not in sh.text()


def test_there_is_none_where_nothing_could_be_asked_of_it(seat: Seat, agent: Agency) -> None:
    """Turned off; a shell that nobody types at; before there is a store."""
    seat.sit(env={"SHELLINT_AGENT": "off"}).run("true")
    script = seat.home / "script"
    script.write_text(seat.hook(seat.kind.name))
    argv = [program(seat.kind.path or seat.kind.name), *seat.kind.script, str(script)]
    env = environment(seat.home, **seat.env)
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (seat.home / ".local/share/shellint/store.json").unlink()
    seat.sit().run("true")
    with pytest.raises(TimeoutError):
        until(agent.agents, 1)


def test_a_prompt_still_costs_no_process(seat: Seat, agent: Agency, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    sh = seat.sit(under=trace.argv)
    sh.run("vault use plain")
    until(agent.agents)
    sh.quiet(1)
    trace.mark()
    for _ in range(10):
        sh.run()
    if not (seat.kind.name == "fish" and version("fish") < (3, 6)):
        assert trace.calls() == []
