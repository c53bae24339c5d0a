"""The server of `exec --serve`, beside the command: a program of its own, which ends when the command has ended.

It is no fork of this process: what has used the frameworks of macOS (for the keychain, for proxies) may not go on in
one (https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from shellint.actions.serve import sessions_of
from shellint.endpoints.container import container
from shellint.endpoints.documents import refusal
from shellint.endpoints.server import serve
from shellint.errors import ShellintError
from shellint.lease import Wish
from shellint.memory import Memory
from shellint.request import Request
from shellint.terminal import NoHuman

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

__all__ = ["main", "start"]

_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from shellint.actions.beside import main; main()"
_READY = b"ready"
# Seconds between two looks at whether the command is still there.
_LOOK = 0.5


def start(request: Request, wish: Wish, listener: socket.socket, token: str, *, program: str = _PROGRAM) -> None:
    """Have the sessions for `wish` served to who has the `token`, until this process, or what it becomes, has ended.

    The server is nobody's child, so that no `wait` in the command ever finds a process which it did not start; it has
    no terminal, so that Ctrl-C and the end of the window are the command's alone; and it holds no descriptor of ours,
    so that a pipe ends when the command ends. What it has to know goes through a pipe.
    Raises ShellintError when it does not serve; then nothing is left of it.
    """
    import subprocess

    order = {
        "env": dict(request.env),
        "user": request.user,
        "host": request.host,
        "data_keys": {store: key.hex() for store, key in request.memory.data_keys.items()},
        "wish": wish.encode(),
        "token": token,
        "listener": listener.fileno(),
        "command": os.getpid(),
    }
    try:
        with subprocess.Popen(
            [sys.executable, "-I", "-c", program, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
            env={name: value for name, value in request.env.items() if not name.startswith(("AWS_", "SHELLINT_"))},
            start_new_session=True,
        ) as process:
            said, _ = process.communicate(json.dumps(order).encode())
    except OSError as error:
        said = _why(error)
    if said != _READY:
        why = said.decode(errors="replace") or "it ended without a word"
        raise ShellintError(
            f"the server for {wish.profile} could not be started: {why}",
            "nothing was run: try again, or leave out --serve",
        )


def main() -> None:
    """Serve as stdin says. Tell stdout that it is so, or why not, and let go of both; nothing is ever returned to."""
    try:
        order = json.loads(sys.stdin.buffer.read())
        if os.fork():
            os._exit(0)
        work = _work(order)
        _end_with(order["command"])
    except Exception as error:  # noqa: BLE001  whatever it is, the one who started us tells it
        with contextlib.suppress(OSError):
            os.write(1, _why(error))
        os._exit(1)
    os.write(1, _READY)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(null, number)
    work()


def _work(order: dict[str, Any]) -> Callable[[], None]:
    import socket
    import time

    wish = Wish.decode(order["wish"])
    if wish is None:
        raise ValueError("the wish is none")
    request = Request(
        env=order["env"],
        human=NoHuman(),
        now=time.time,
        user=order["user"],
        host=order["host"],
        memory=Memory({store: bytes.fromhex(key) for store, key in order["data_keys"].items()}),
    )
    listener = socket.socket(fileno=order["listener"])
    listener.set_inheritable(False)
    answer = container(sessions_of(request, wish).get, order["token"], time.time)
    return lambda: serve(listener, answer, refusal=refusal)


def _end_with(command: int) -> None:
    """End this process when the command has ended."""
    import threading
    import time

    import psutil

    process = psutil.Process(command)  # it waits for us, so this is the right one

    def look() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            # A dead one that nobody asks after is still there, and `wait` would wait for that.
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_LOOK)
        os._exit(0)

    threading.Thread(target=look, daemon=True).start()


def _why(error: Exception) -> bytes:
    return (getattr(error, "strerror", None) or type(error).__name__).encode()
