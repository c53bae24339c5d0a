"""A program that is run for what it prints: bounded in time and size, with the person at hand but nothing of ours."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import IO, TYPE_CHECKING

from shellint.errors import ConfigError
from shellint.terminal import Elsewhere, NoHuman

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence

    from shellint.terminal import Human

__all__ = ["run"]

# A program may leave something running that keeps its output open; what it has printed by its end is all there is.
_LINGER = 1.0
# Seconds for putting the terminal back in order, once a program is told to end.
_GRACE = 1.0


def run(
    command: Sequence[str],
    name: str,
    *,
    human: Human,
    env: Mapping[str, str],
    seconds: float,
    notice: float | None = None,
    longest: int = 4096,
) -> tuple[int, bytes]:
    """Run a program, called `name` in an error, and return its exit code and what it printed.

    It runs where `human` is; unless that is NoHuman, it has the controlling terminal there for questions (stdin) and
    for what it tells (stderr). After `notice` seconds the person is told what is waited for; after `seconds` it is
    ended, with all that it started.
    Raises ConfigError then, when it prints more than `longest` bytes, and when it cannot be started.
    """
    if isinstance(human, Elsewhere):
        return human.run(command, name, env=env, seconds=seconds, notice=notice, longest=longest)
    import subprocess
    import threading

    with _terminal(human) as (keyboard, screen):
        try:
            process = subprocess.Popen(
                command, stdin=keyboard, stdout=subprocess.PIPE, stderr=screen, env=dict(env), bufsize=0
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its command line is none"
            raise ConfigError(f"{name} could not be started: {why}", "correct its name or install it") from None
    printed = bytearray()
    reader = threading.Thread(target=_read, args=(process, printed, longest), daemon=True)
    reader.start()
    try:
        code = _wait(process, name, human, seconds, notice)
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{name} gave no answer in {seconds:g} s", "run it by hand to see why") from None
    except KeyboardInterrupt:
        # It had the same Ctrl-C from the terminal, and may have to give it back its echo.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        raise
    finally:
        if process.returncode is None:
            _end(process)
    reader.join(_LINGER)
    if len(printed) > longest:
        raise ConfigError(f"{name} printed more than {longest} bytes", "run it by hand to see what")
    return code, bytes(printed)


def _wait(process: subprocess.Popen[bytes], name: str, human: Human, seconds: float, notice: float | None) -> int:
    import subprocess

    if notice is None or notice >= seconds:
        return process.wait(seconds)
    try:
        return process.wait(notice)
    except subprocess.TimeoutExpired:
        human.say(f"waiting for {name}")
    return process.wait(seconds - notice)


def _read(process: subprocess.Popen[bytes], printed: bytearray, longest: int) -> None:
    # A thread, because a pipe can be waited for with a time limit only where there is select(), not on Windows.
    pipe = process.stdout
    if pipe is None:
        return
    with pipe:
        while len(printed) <= longest and (more := pipe.read(4096)):
            printed += more
    if len(printed) > longest:
        process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its descendants: it may be a shell that waits for what really hangs."""
    import psutil

    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(process.pid)
        tree = [*parent.children(recursive=True), parent]
        for each in tree:
            with contextlib.suppress(psutil.Error):
                each.terminate()
        _, left = psutil.wait_procs(tree, _GRACE)
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.kill()
    process.wait()


@contextlib.contextmanager
def _terminal(human: Human) -> Iterator[tuple[IO[bytes], IO[bytes] | None]]:
    """Yield what to read answers from and where to tell what: the controlling terminal, where someone is there.

    Without it there is nothing to read, and stderr is the caller's (None).
    """
    devices = ("CONIN$", "CONOUT$") if sys.platform == "win32" else ("/dev/tty", "/dev/tty")
    with contextlib.ExitStack() as opened:
        if not isinstance(human, NoHuman):
            with contextlib.suppress(OSError):
                keyboard, screen = (
                    opened.enter_context(open(device, mode))  # noqa: PTH123  devices, not paths
                    for device, mode in zip(devices, ("rb", "wb"), strict=True)
                )
                yield keyboard, screen
                return
        yield opened.enter_context(open(os.devnull, "rb")), None  # noqa: PTH123
