"""A signal, from the terminal or by `kill`, reaches the command once and nobody else: there is nobody else to reach."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.aws import StrictAws
from tests.desk import BIN, Desk
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal
from tests.serving import URI, door_in, wait_until
from tests.test_exec_serve import is_over, listens_at

OPTIONS = pytest.mark.parametrize("options", [(), ("--serve",)], ids=["plain", "served"])

# Says whether the terminal is its own, and writes down each signal as it comes, until SIGUSR1.
COUNTING = """\
import os, signal, sys

NAMES = ("SIGINT", "SIGTERM", "SIGTSTP", "SIGQUIT", "SIGHUP", "SIGCONT", "SIGUSR1")
SIGNALS = [getattr(signal, name) for name in NAMES]
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
print("ready", os.tcgetpgrp(0) == os.getpgrp() == os.getpid() == os.getsid(0), flush=True)
while (got := signal.sigwait(SIGNALS)) != signal.SIGUSR1:
    os.write(out, f"{signal.Signals(got).name}\\n".encode())
sys.exit(7)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))
        desk.role("plain")
        yield desk


@contextmanager
def counting(desk: Desk, options: tuple[str, ...], file: Path) -> Iterator[Terminal]:
    words = [str(BIN / "vault"), "exec", *options, "plain", "--", sys.executable, "-I", "-c", COUNTING, str(file)]
    with Terminal(words, environment(desk.home, **desk.env), cwd=desk.home) as terminal:
        terminal.see("^ready True$")
        yield terminal


def group_of(leader: int) -> list[int]:
    """Return the processes of a process group."""
    members = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError):  # others come and go
            if pid and os.getpgid(pid) == leader:
                members.append(pid)
    return members


def arrives(file: Path, *expected: str) -> None:
    """Wait until the last of them is there; then these are all."""
    wait_until(lambda: file.exists() and file.read_text().split()[-1:] == [expected[-1]], expected[-1])
    assert file.read_text().split() == list(expected)


@OPTIONS
def test_what_the_terminal_sends_reaches_the_command_alone_and_once(
    desk: Desk, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "signals"
    with counting(desk, options, file) as terminal:
        assert terminal.foreground == terminal.pid
        assert group_of(terminal.pid) == [terminal.pid]
        assert psutil.Process(terminal.pid).children() == []
        for count, key in enumerate("cz\\", 1):
            terminal.ctrl(key)
            arrives(file, *("SIGINT", "SIGTSTP", "SIGQUIT")[:count])
        os.kill(terminal.pid, signal.SIGUSR1)
        assert terminal.wait_exit() == 7


@OPTIONS
def test_what_kill_sends_reaches_the_command_once_and_its_server_goes_on_serving(
    desk: Desk, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file, sent = tmp_path / "signals", ("SIGINT", "SIGTERM", "SIGTSTP", "SIGQUIT", "SIGHUP", "SIGCONT")
    with counting(desk, options, file) as terminal:
        environ = psutil.Process(terminal.pid).environ()
        door = door_in(environ, listens_at(environ[URI])) if options else None
        for count, name in enumerate(sent, 1):
            os.kill(terminal.pid, getattr(signal, name))
            arrives(file, *sent[:count])
        if door:
            assert door.document()["AccessKeyId"].startswith("ASIA")
        os.kill(terminal.pid, signal.SIGUSR1)
        assert terminal.wait_exit() == 7
    if door:
        wait_until(lambda: is_over(door.process), "the end of the server")


@OPTIONS
def test_a_window_that_is_closed_ends_the_command_and_the_server_after_it(
    desk: Desk, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with counting(desk, options, tmp_path / "signals") as terminal:
        command = psutil.Process(terminal.pid)
        environ = command.environ()
        server = listens_at(environ[URI]) if options else None
    wait_until(lambda: is_over(command.pid), "the end of the command")
    if server:
        wait_until(lambda: is_over(server), "the end of the server")
