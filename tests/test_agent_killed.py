"""The agent is killed in the middle of a command: the command is done all the same, and nothing half of it is seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.agent_rig import Agency, agency, until, variables
from tests.agent_wire import Cut, messages, through
from tests.desk import Desk

SESSION = {
    "Version": 1,
    "AccessKeyId": "ASIAFROMTHEPROGRAM00",
    "SecretAccessKey": "s" * 40,
    "SessionToken": "t" * 200,
}
PROGRAM = f"""
import json, time
ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
print(json.dumps({SESSION!r} | {{"Expiration": ends}}))
"""


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    """A desk with a profile whose program the client has to run for the agent."""
    program = desk.home / "program"
    program.write_text(f"#!{sys.executable} -IS\n{PROGRAM}")
    program.chmod(0o755)
    desk.profile("made", credential_process=str(program))
    with agency(desk) as started:
        yield started


def test_killed_between_any_two_messages_and_within_each_it_is_only_slower(agent: Agency) -> None:
    whole = Cut()
    with through(agent, whole):
        usual = agent.captured("use", "made", "--force")
    assert [kind for kind, _ in messages(bytes(whole.passed[0]))] == [b"Q", b"r"]
    assert [kind for kind, _ in messages(bytes(whole.passed[1]))] == [b"R", b"X"]
    cuts = [
        *(Cut(sent=count) for count in _points(whole.passed[0])),
        *(Cut(answered=count) for count in _points(whole.passed[1])[:-1]),
    ]
    for cut in cuts:
        with through(agent, cut):
            done = agent.captured("use", "made", "--force")
        until(lambda: not agent.agents())
        assert (done.returncode, done.stderr) == (0, usual.stderr), (cut.sent, cut.answered)
        assert set(variables(done.stdout)) == set(variables(usual.stdout))
        assert len(done.stdout.splitlines()) == len(usual.stdout.splitlines())
    assert agent.captured("use", "made").returncode == 0
    assert len(agent.agents()) == 1


def _points(passed: bytearray) -> list[int]:
    """Return how many bytes end before, within and after each message."""
    points, at = [0], 0
    for _, payload in messages(bytes(passed)):
        points += [at + 3, at + 5 + len(payload) // 2, at + 5 + len(payload) - 1, at + 5 + len(payload)]
        at = points[-1]
    return points
