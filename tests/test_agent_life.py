"""How the agent begins, hands over and ends, what it keeps meanwhile, and that it leaves nothing lying about."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shellint import __version__, reach
from shellint.agent.lifetime import IDLE, KEYS_KEPT, Lifetime
from shellint.agent.ready import hide_memory
from shellint.agent.server import Server
from shellint.agent.wire import PROTOCOL
from shellint.memory import Memory
from tests.agent_rig import Agency, agency, until
from tests.agent_wire import call, connect, message, messages, socket_of
from tests.desk import PASSPHRASE, Desk
from tests.fake_program import CALL
from tests.rig.environment import environment
from tests.store_helpers import NOBODY, forked, needs_root


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    desk.role("plain")
    with agency(desk) as started:
        yield started


def answer(agent: Agency, path: Path, *words: str, version: str = __version__) -> tuple[bytes, bytes]:
    with connect(path) as connection:
        connection.sendall(call(agent, *words, version=version))
        found = b""
        while more := connection.recv(65536):
            found += more
    ((kind, payload),) = messages(found)
    return kind, payload


def test_the_doors_say_the_same_of_themselves() -> None:
    assert (reach.VERSION.decode(), reach.PROTOCOL.decode()) == (__version__, PROTOCOL)


def test_an_older_client_uses_it_and_for_a_newer_one_it_makes_room_and_ends_what_was_begun(agent: Agency) -> None:
    agent.desk.role("careful", mfa=True)
    path = socket_of(agent)
    (old,) = agent.agents()
    assert answer(agent, path, "agent", "status", version="0.0.1")[0] == b"X"
    with connect(path) as asked:
        asked.sendall(call(agent, "export", "careful"))
        assert asked.recv(65536)[4:5] == b"A"
        assert answer(agent, path, "agent", "status", version="99.0.0") == (b"D", b"")
        assert not path.exists()
        assert agent.run("agent", "start").returncode == 0
        assert f"pid {old.pid}," not in agent.run("agent", "status").stdout
        assert old.is_running()
        asked.sendall(message(b"a", "interrupted"))
        assert asked.recv(65536)[4:8] == b"X130"
    until(lambda: len(agent.agents()) == 1)
    assert path.exists()
    assert answer(agent, path, "agent", "status", version="0.0.1")[0] == b"X"


def test_it_ends_when_told_to_and_takes_its_socket_along(agent: Agency) -> None:
    path = socket_of(agent)
    (process,) = agent.agents()
    assert agent.run("agent", "stop").returncode == 0
    assert not path.exists()
    until(lambda: not process.is_running())
    assert socket_of(agent) == path
    (process,) = agent.agents()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        process.send_signal(number)
        assert f"pid {process.pid}," in agent.run("agent", "status").stdout
    process.send_signal(signal.SIGTERM)
    until(lambda: not process.is_running())
    assert not path.exists()


def test_what_a_caller_has_open_ends_with_the_caller(agent: Agency) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    reading, writing = os.pipe()
    high = os.dup2(writing, 8000)
    os.close(writing)
    env = environment(agent.desk.home, **agent.env)
    subprocess.run([*CALL, "export", "plain"], env=env, pass_fds=(high,), capture_output=True, check=True, timeout=60)
    os.close(high)
    assert os.read(reading, 1) == b""
    os.close(reading)
    (process,) = agent.agents()
    assert process.terminal() is None
    assert os.getsid(process.pid) != os.getsid(0)
    if psutil.LINUX:
        for number in range(3):
            assert str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) == os.devnull


def test_nothing_secret_is_to_be_seen_of_it(agent: Agency) -> None:
    loaded = agent.run("export", "plain", "--format", "env").stdout
    secrets = [line.partition("=")[2].strip() for line in loaded.splitlines() if "SECRET" in line or "TOKEN" in line]
    assert len(secrets) >= 2
    secrets += [PASSPHRASE, agent.desk.key[1]]
    (process,) = agent.agents()
    files = [path for path in agent.runtime.rglob("*") if path.is_file()]
    seen = "\0".join([*process.cmdline(), *process.environ().values(), *(path.read_text() for path in files)])
    assert not [secret for secret in secrets if secret in seen]
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)


@needs_root
def test_not_even_its_own_user_may_look_into_its_memory() -> None:
    """Root may, so this is seen as somebody else."""

    def hide_and_look() -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        hidden = os.getpid()
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a process is that was nobody else before
        assert forked(lambda: None if Path(f"/proc/{hidden}/environ").read_bytes() else os._exit(1)) == 0
        hide_memory()

        def look() -> None:
            with pytest.raises(PermissionError):
                Path(f"/proc/{hidden}/mem").read_bytes()
            with pytest.raises(PermissionError):
                Path(f"/proc/{hidden}/environ").read_bytes()

        assert forked(look) == 0

    assert forked(hide_and_look) == 0


def test_an_idle_one_sleeps(agent: Agency) -> None:
    agent.run("whoami", "plain")
    (process,) = agent.agents()
    time.sleep(2)  # in which it ends what it began
    before = process.num_ctx_switches().voluntary
    time.sleep(5)
    assert process.num_ctx_switches().voluntary - before <= 1


def test_how_long_it_stays_and_keeps_what_opens_the_stores() -> None:
    life = Lifetime(0)
    assert life.wait(0, held=False) == IDLE == 30 * 60
    life.asked(1000)
    assert not life.is_unused(1000 + IDLE - 1, held=False)
    assert life.is_unused(1000 + IDLE, held=False)
    assert not life.is_unused(1000 + IDLE, held=True)
    assert life.wait(1000 + IDLE, held=True) == KEYS_KEPT - 1000 - IDLE
    assert KEYS_KEPT == 12 * 60 * 60
    assert [life.is_stale(KEYS_KEPT + more) for more in (-1, 0, 1, KEYS_KEPT)] == [False, True, False, True]


class Running:
    """A server in a thread, with a clock of the test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 0.0
        self.memory = Memory()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        lock = os.open(path.with_name("lock"), os.O_CREAT | os.O_RDWR, 0o600)
        self.server = Server(listener.detach(), str(path), lock, memory=self.memory, clock=lambda: self.now)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def at(self, now: float) -> None:
        self.now = now
        self.server.wake()


@pytest.fixture
def running(agent: Agency) -> Iterator[Running]:
    agent.runtime.mkdir(mode=0o700)
    server = Running(agent.runtime / "s")
    yield server
    if server.thread.is_alive():
        server.server.stop()
    server.thread.join(10)
    assert not server.thread.is_alive()


def test_half_an_hour_after_the_last_command_it_goes(agent: Agency, running: Running) -> None:
    running.memory.data_keys["store"] = b"key"
    running.at(IDLE - 60)
    assert answer(agent, running.path, "agent", "status")[0] == b"X"
    running.at(IDLE + 60)
    assert answer(agent, running.path, "agent", "status")[0] == b"X"
    running.at(2 * IDLE + 30)
    assert running.thread.is_alive()
    assert running.memory.data_keys
    running.at(2 * IDLE + 60)
    running.thread.join(10)
    assert not running.thread.is_alive()
    assert not running.path.exists()
    assert not running.memory.data_keys


def test_an_open_question_keeps_it_but_not_the_keys(agent: Agency, running: Running) -> None:
    agent.desk.role("careful", mfa=True)
    with connect(running.path) as asked:
        asked.sendall(call(agent, "export", "careful"))
        assert asked.recv(65536)[4:5] == b"A"
        running.memory.data_keys["store"] = b"key"
        running.at(IDLE)
        until(lambda: not running.memory.data_keys)
        assert running.thread.is_alive()
        asked.sendall(message(b"a", "interrupted"))
        assert asked.recv(65536)[4:8] == b"X130"
    running.thread.join(10)
    assert not running.thread.is_alive()


def test_after_twelve_hours_of_use_the_keys_are_forgotten_before_anything_is_answered(
    agent: Agency, running: Running
) -> None:
    running.memory.data_keys["store"] = b"key"
    for minutes in range(20, 12 * 60, 20):
        running.now = minutes * 60.0
        assert answer(agent, running.path, "agent", "status")[0] == b"X"
    assert running.memory.data_keys
    running.now = KEYS_KEPT
    assert answer(agent, running.path, "agent", "status")[0] == b"X"
    assert not running.memory.data_keys
