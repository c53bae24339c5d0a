"""The agent opens the keychain of whoever asks, wherever it was itself started from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agent_rig import Agency, agency
from tests.aws import StrictAws
from tests.rig.environment import fresh_home
from tests.secret_service import KeychainDesk, SecretService, secret_service

BUS = "DBUS_SESSION_BUS_ADDRESS"


@pytest.fixture
def service() -> Iterator[SecretService]:
    with secret_service() as started:
        yield started


@pytest.fixture
def agent(service: SecretService, aws: StrictAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    desk = KeychainDesk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"), service)
    desk.role("plain")
    with agency(desk) as started:
        yield started


def over_ssh(agent: Agency, *words: str, **env: str) -> tuple[int, str]:
    """Run a command in a session that has no bus, and return its exit code and what it told."""
    bus = agent.env.pop(BUS)
    try:
        done = agent.run(*words, **env)
    finally:
        agent.env[BUS] = bus
    return done.returncode, done.stderr


def test_started_over_ssh_it_serves_a_desktop_later(agent: Agency) -> None:
    refused = over_ssh(agent, "exec", "plain", "--", "true")
    assert refused == over_ssh(agent, "exec", "plain", "--", "true", SHELLINT_AGENT="off")
    assert "which is not in this session: DBUS_SESSION_BUS_ADDRESS is not set" in refused[1]
    (process,) = agent.agents()
    assert BUS not in process.environ()
    done = agent.run("exec", "plain", "--", "true")
    assert done.returncode == 0, done.stderr
    assert over_ssh(agent, "exec", "--force", "plain", "--", "true") == refused, "the key rests in the keychain"
    assert agent.agents() == [process]


@pytest.mark.parametrize("warm", [False, True])
def test_a_locked_keychain_tells_as_without_an_agent(agent: Agency, service: SecretService, warm: bool) -> None:
    if warm:
        assert agent.run("exec", "plain", "--", "true").returncode == 0
    service.lock()
    words = ("exec", "--no-input", "--force", "plain", "--", "true")
    with_it, without = (agent.run(*words, SHELLINT_AGENT=mode) for mode in ("auto", "off"))
    assert (with_it.returncode, with_it.stderr) == (without.returncode, without.stderr)
    assert with_it.returncode == 4
    assert "the Secret Service is locked, and only a person can unlock it" in with_it.stderr
    assert len(agent.agents()) == 1
    service.unlock()
    assert agent.run(*words).returncode == 0


def test_no_connection_to_a_keychain_is_left_behind(agent: Agency) -> None:
    def descriptors() -> int:
        for _ in range(10):
            assert agent.run("exec", "--force", "plain", "--", "true").returncode == 0
        (process,) = agent.agents()
        return int(process.num_fds())

    first = descriptors()
    assert max(descriptors(), descriptors()) <= first + 2
