"""Where the agent listens: nobody else can have prepared the place, reach it, or stand in it."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellint import reach
from tests.agent_rig import Agency, agency
from tests.agent_wire import call, connect, socket_of
from tests.desk import Desk
from tests.store_helpers import NOBODY, forked, needs_root


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    desk.role("plain")
    with agency(desk) as started:
        yield started


def drop_root() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def test_its_files_are_for_its_user_alone(agent: Agency) -> None:
    path = socket_of(agent)
    assert stat.S_IMODE(agent.runtime.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.lstat().st_mode) for each in agent.runtime.iterdir()} == {0o600}
    assert path.name.startswith(f"agent-{reach.PROTOCOL.decode()}-")


@needs_root
def test_another_user_is_kept_away_by_the_mode(agent: Agency) -> None:
    path = socket_of(agent)
    agent.runtime.parent.chmod(0o711)

    def try_it() -> None:
        drop_root()
        with pytest.raises(PermissionError):
            connect(path)

    assert forked(try_it) == 0
    agent.runtime.chmod(0o711)  # the mode of the socket keeps them away too
    assert forked(try_it) == 0


@needs_root
def test_another_user_is_refused_whatever_the_mode(agent: Agency) -> None:
    path, command = socket_of(agent), call(agent, "export", "plain")
    for each in (agent.runtime.parent, agent.runtime, path):
        each.chmod(0o777)

    def try_it() -> None:
        drop_root()
        with connect(path) as connection:
            try:
                connection.sendall(command)
                assert connection.recv(65536) == b""
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has closed already

    assert forked(try_it) == 0
    for each in (agent.runtime.parent, agent.runtime):
        each.chmod(0o700)
    assert agent.run("agent", "status").returncode == 0


@needs_root
def test_a_socket_of_another_user_is_told_nothing(agent: Agency) -> None:
    path = socket_of(agent)
    (process,) = agent.agents()
    process.kill()
    process.wait()
    path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    os.seteuid(NOBODY)
    listener.listen()  # whose socket it is, the kernel takes from here
    os.seteuid(0)
    listener.settimeout(10)
    with listener:
        done = agent.run("credential-process", "plain")
        assert done.returncode == 0, done.stderr
        came, _ = listener.accept()
        with came:
            assert came.recv(1) == b""
    assert not agent.agents()


def linked(runtime: Path) -> None:
    runtime.with_name("elsewhere").mkdir(mode=0o700)
    runtime.symlink_to("elsewhere")


def open_to_the_group(runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o770)


def anothers(runtime: Path) -> None:
    runtime.mkdir(mode=0o700)
    os.chown(runtime, NOBODY, NOBODY)


def a_file(runtime: Path) -> None:
    runtime.touch(mode=0o700)


@needs_root
@pytest.mark.parametrize("prepare", [linked, open_to_the_group, anothers, a_file])
def test_a_directory_that_somebody_may_have_prepared_is_not_used(
    agent: Agency, prepare: Callable[[Path], None]
) -> None:
    prepare(agent.runtime)
    before = agent.runtime.lstat()
    done = agent.run("credential-process", "plain")
    assert (done.returncode, done.stderr) == (0, "")
    assert not agent.agents()
    assert agent.runtime.lstat() == before
    assert not list(agent.runtime.parent.glob("*/*"))


@pytest.mark.parametrize("make", [os.mkfifo, Path.touch, Path.mkdir])
def test_what_else_has_the_sockets_name_hinders_no_command(agent: Agency, make: Callable[[Path], object]) -> None:
    path = socket_of(agent)
    (process,) = agent.agents()
    process.kill()
    process.wait()
    path.unlink()
    make(path)
    done = agent.run("credential-process", "plain")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(agent.agents()) == (0 if path.is_dir() else 1)


@needs_root
@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_a_runtime_directory_that_others_may_write_in_is_as_good_as_none(
    tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`su` leaves the variable as it was."""
    tmp_path.chmod(mode)
    if mode == 0o700:
        os.chown(tmp_path, NOBODY, NOBODY)
    monkeypatch.setattr(reach, "environ", {b"XDG_RUNTIME_DIR": os.fsencode(tmp_path)})
    own = Path(f"/tmp/shellint-{os.geteuid()}")
    was_there = own.exists()
    try:
        assert reach.runtime_directory() == os.fsencode(own)
    finally:
        if not was_there:
            shutil.rmtree(own)
    assert not list(tmp_path.iterdir())
