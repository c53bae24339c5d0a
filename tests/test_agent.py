"""The agent: commands are answered as without it, by one process that everybody shares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.agent_rig import Agency, agency, until, variables
from tests.desk import Desk


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    desk.role("plain")
    with agency(desk) as started:
        yield started


def test_a_session_comes_through_it_and_is_asked_for_once(agent: Agency) -> None:
    first, second = (agent.captured("use", "plain") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    loaded, again = variables(first.stdout), variables(second.stdout)
    assert loaded["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert loaded["AWS_ACCESS_KEY_ID"] == again["AWS_ACCESS_KEY_ID"]
    assert len(agent.agents()) == 1
    assert json.loads(agent.run("credential-process", "plain").stdout)["AccessKeyId"] == loaded["AWS_ACCESS_KEY_ID"]
    done = agent.run("exec", "plain", "--", "sh", "-c", 'echo "$AWS_ACCESS_KEY_ID"; exit 7')
    assert (done.stdout.strip(), done.returncode) == (loaded["AWS_ACCESS_KEY_ID"], 7)


def test_many_that_start_at_the_same_moment_share_one(agent: Agency) -> None:
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda _: agent.run("credential-process", "plain"), range(20)))
    assert {each.returncode for each in done} == {0}, done[0].stderr
    assert len({each.stdout for each in done}) == 1
    until(lambda: len(agent.agents()) == 1)


def test_killed_at_any_moment_it_is_only_slower(agent: Agency) -> None:
    agent.run("whoami", "plain")
    agent.kill()
    assert agent.captured("use", "plain").returncode == 0
    assert len(agent.agents()) == 1


def test_off_there_is_none(agent: Agency) -> None:
    assert agent.run("credential-process", "plain", SHELLINT_AGENT="off").returncode == 0
    assert not agent.agents()
    assert "no agent" in agent.run("agent", "status", SHELLINT_AGENT="off").stderr


def test_the_errors_are_the_same_lines_and_codes(agent: Agency) -> None:
    for words in (("export", "nosuch"), ("use",), ("export", "plain", "--bad"), ("use", "plain", "-d", "soon")):
        with_it, without = (
            agent.captured(*words, "--no-input"),
            agent.captured(*words, "--no-input", SHELLINT_AGENT="off"),
        )
        assert (with_it.returncode, with_it.stdout, with_it.stderr) == (
            without.returncode,
            without.stdout,
            without.stderr,
        )


def test_it_has_nothing_of_its_first_caller(agent: Agency) -> None:
    agent.run("whoami", "plain", AWS_SECRET_ACCESS_KEY="x" * 40, GITHUB_TOKEN="hidden")
    (process,) = agent.agents()
    assert process.cwd() == "/"
    assert not [name for name in process.environ() if name.startswith(("AWS", "SHELLINT", "GITHUB"))]


def test_a_subshell_owns_what_it_holds(agent: Agency) -> None:
    """And not the agent, which made its environment."""
    done = agent.run("exec", "plain", SHELL="/bin/sh", typed="echo $$ $SHELLINT_OWNER")
    owner, pid = done.stdout.split()
    assert owner == pid
