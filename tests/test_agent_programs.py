"""Programs that a config file names run in the client, and see there what they see without an agent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.agent_rig import Agency, agency, variables
from tests.aws import StrictAws
from tests.desk import Desk
from tests.fake_program import CALL
from tests.rig.environment import environment
from tests.rig.terminal import Terminal

PROBE = """#!/bin/sh
{ echo run; pwd; ulimit -c; for number in 0 1 2; do test -t $number && echo "$number is the terminal"; done
  ls /proc/$$/fd; env -0 | tr '\\0' '\\n' | sort; } >>seen
cat answer
"""
SETTINGS = ("mfa_process", "credential_process", "web_identity_token_process")
SHELL = {"SHELLINT_SHELL": "bash", "SHELLINT_PID": "1"}
OWN = ("SHELLINT_AGENT=", "_=", "SHLVL=")


DOCUMENT = {
    "Version": 1,
    "AccessKeyId": f"ASIA{'X' * 16}",
    "SecretAccessKey": "s" * 40,
    "SessionToken": "t" * 100,
}


class Probed(Desk):
    """A desk with a profile for each setting, whose program notes what it sees and prints what it was given."""

    def __init__(self, aws: StrictAws, home: Path) -> None:
        super().__init__(aws, home)
        probe = home / "probe"
        probe.write_text(PROBE)
        probe.chmod(0o700)
        role = aws.add_role("admin", trusted=[self.alice.arn], require_mfa=True)
        self.profile(
            "mfa_process",
            role_arn=role.arn,
            source_profile="base",
            mfa_serial=self.mfa.serial,
            mfa_process="./probe",
        )
        self.profile("credential_process", credential_process="./probe")
        self.issuer = aws.add_identity_provider("https://id.example")
        pod = aws.add_role("pod", trusted=[self.issuer.arn])
        self.profile("web_identity_token_process", role_arn=pod.arn, web_identity_token_process="./probe")

    def answer(self, setting: str) -> None:
        """Give the program what it has to print the next time."""
        in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        texts: dict[str, Callable[[], str]] = {
            "mfa_process": self.mfa.fresh_code,
            "credential_process": lambda: json.dumps(DOCUMENT | {"Expiration": in_an_hour}),
            "web_identity_token_process": lambda: self.issuer.token("pod-1"),
        }
        (self.home / "answer").write_text(texts[setting]())


@pytest.fixture
def desk(home: Path) -> Iterator[Probed]:
    with StrictAws() as aws:
        yield Probed(aws, home)


@pytest.fixture
def agent(desk: Probed) -> Iterator[Agency]:
    with agency(desk) as started:
        yield started


def seen(agent: Agency) -> list[str]:
    """Return what the program noted, and forget it."""
    file = agent.desk.home / "seen"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [line for line in lines if not line.startswith(OWN)]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("terminal", [False, True])
def test_a_program_sees_what_it_sees_without_an_agent(
    desk: Probed, agent: Agency, setting: str, terminal: bool
) -> None:
    found = []
    extra = {"LANG": "C", "UNRELATED": "of the caller alone", "AWS_REGION": "eu-west-3"}
    for mode in ("off", "auto"):
        desk.answer(setting)
        env = {**extra, "SHELLINT_AGENT": mode}
        if terminal:
            given = environment(desk.home, **{**agent.env, **env})
            with Terminal([*CALL, "exec", setting, "--", "true"], given, cwd=desk.home) as opened:
                assert opened.wait_exit() == 0, opened.text()
        else:
            done = agent.run("exec", setting, "--", "true", **env)
            assert done.returncode == 0, done.stderr
        found.append(seen(agent))
        assert agent.run("clear", "--cached", SHELLINT_AGENT="off").returncode == 0
    without, with_it = found
    assert len(agent.agents()) == 1
    assert with_it == without
    assert with_it.count("run") == 1
    assert "UNRELATED=of the caller alone" in with_it
    assert ("0 is the terminal" in with_it) == terminal


@pytest.mark.parametrize("setting", SETTINGS)
def test_none_runs_for_a_renewal_ahead(desk: Probed, agent: Agency, setting: str) -> None:
    desk.answer(setting)
    loaded = agent.run("use", setting, **SHELL)
    assert loaded.returncode == 0, loaded.stderr
    assert "run" in seen(agent)
    agent.run("clear", "--cached")
    held = variables(loaded.stdout)
    assert held["AWS_ACCESS_KEY_ID"]
    done = agent.run("refresh", "--ahead", "--no-input", "--force", **held, **SHELL)
    assert (done.returncode, done.stdout) == (4, "")
    assert seen(agent) == []
