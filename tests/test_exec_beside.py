"""The server of `exec --serve` serves before the command runs, or nothing runs."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shellint.actions.beside import start
from shellint.endpoints.server import listen
from shellint.errors import ShellintError
from shellint.lease import Wish
from shellint.request import Request
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.command import elsewhere
from tests.desk import BIN, Desk
from tests.rig.environment import environment, fresh_home
from tests.rig.programs import program

FAILED = (
    "vault: the server for plain could not be started: {}\n       nothing was run: try again, or leave out --serve\n"
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path / "home"))
        desk.role("plain")
        yield desk


@pytest.mark.parametrize("calls", ["clone,fork", "fork,vfork,clone", "pipe,pipe2"])
def test_where_no_process_can_be_started_the_command_is_none_either(desk: Desk, calls: str) -> None:
    """The first of them lets the server start and fails it where it lets go of us."""
    inject = ("-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error=EAGAIN")
    done = subprocess.run(
        [program("strace"), *inject, BIN / "vault", "exec", "--serve", "plain", "--", "echo", "ran"],
        env=environment(desk.home, **desk.env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == elsewhere(desk) + FAILED.format("Resource temporarily unavailable")


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ("import sys; sys.stdin.buffer.read(); sys.exit('no words')", "it ended without a word"),
        ("import os; os.close(0); os.write(1, b'no room')", "no room"),
        ("this is no Python", "it ended without a word"),
        (
            "import os, sys; sys.path[:] = sys.argv[1:]; import shellint.actions.beside as it\n"
            "os.fork = lambda: (_ for _ in ()).throw(BlockingIOError(11, 'no more of them'))\n"
            "it.main()",
            "no more of them",
        ),
    ],
)
def test_a_server_that_does_not_serve_is_one_line_and_leaves_nothing(desk: Desk, server: str, why: str) -> None:
    request = Request(environment(desk.home, **desk.env), NoHuman(), lambda: 0.0)
    before = psutil.Process().children()
    with listen() as listener:
        address = listener.getsockname()
        with pytest.raises(ShellintError) as caught:
            start(request, Wish("plain"), listener, "token", program=server)
    assert (caught.value.what, caught.value.exit_code) == (f"the server for plain could not be started: {why}", 1)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(address):
        pass
    assert psutil.Process().children() == before
