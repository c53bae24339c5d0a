"""A program in a pseudo-terminal, driven by conditions on its rendered screen instead of by pauses."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import pexpect
import psutil
import pyte

from tests.rig.kinds import as_bytes
from tests.rig.screen import Screen

__all__ = ["TIMEOUT", "Terminal"]

TIMEOUT = 20.0
"""Seconds until a condition counts as never coming true; generous, since a loaded machine is no failure."""

_UNSHOWN = re.compile(rb"\x1b\[[<=>?][0-9;]*u")
"""The keyboard protocol that fish 4 turns on and off: pyte would print it."""
_BEGUN = re.compile(rb"\x1b(?:\[[<=>?]?[0-9;]*)?$")

T = TypeVar("T")


class Terminal:
    """Run `argv` with exactly `env` in a terminal of its own; nothing runs in the background here.

    What the program writes is read while a method waits, so a test that waits for nothing sees nothing new.
    """

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], *, cwd: Path, columns: int = 100, lines: int = 24
    ) -> None:
        self.raw = bytearray()
        self._held = b""
        self.open = True
        self.screen = Screen(columns, lines, self._write)
        self._stream = pyte.ByteStream(self.screen)
        with warnings.catch_warnings():
            # Python 3.12 warns of a fork beside threads; the child only calls exec.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._child: Any = pexpect.spawn(
                argv[0], list(argv[1:]), env=dict(env), cwd=str(cwd), dimensions=(lines, columns)
            )
        self._fd: int = self._child.child_fd

    @property
    def pid(self) -> int:
        """The process in the terminal."""
        return int(self._child.pid)

    @property
    def foreground(self) -> int:
        """The process group that has the terminal: Ctrl-C reaches it and nobody else."""
        return os.tcgetpgrp(self._fd)

    @property
    def editing(self) -> bool:
        """Whether a line editor reads key by key; a program that just runs or reads a line leaves this false."""
        return not termios.tcgetattr(self._fd)[3] & termios.ICANON

    @property
    def echoes(self) -> bool:
        """Whether the terminal itself shows what is typed."""
        return bool(termios.tcgetattr(self._fd)[3] & termios.ECHO)

    def lines(self) -> list[str]:
        """Return the lines on the screen, trailing blanks removed."""
        return [self.screen.row(y).rstrip() for y in range(self.screen.lines)]

    def text(self) -> str:
        """Return the screen as one text."""
        return "\n".join(self.lines()).rstrip()

    def cur(self) -> str:
        """Return the cursor's line, up to the cursor."""
        return self.screen.before_cursor

    def showed(self, secret: str) -> bool:
        """Tell whether `secret` was ever on the screen, wrapped over lines or not, or in any byte sent to it."""
        return as_bytes(secret) in self.raw or secret in "".join(self.screen.everything())

    def send(self, keys: str | bytes) -> None:
        """Type `keys` and read meanwhile: a line editor that echoes a long line blocks until somebody reads."""
        left = as_bytes(keys)
        while left and self.open:
            _, writable, _ = select.select([], [self._fd], [], 0.05)
            if writable:
                left = left[self._write(left[:512]) :]
            self._read(0)

    def ctrl(self, letter: str) -> None:
        """Press Ctrl and `letter`."""
        self.send(bytes([ord(letter.upper()) & 0x1F]))

    def wait(self, condition: Callable[[], T], what: str, timeout: float = TIMEOUT) -> T:
        """Read until `condition()` is true and return it; AssertionError with the screen when it never is."""
        end = time.monotonic() + timeout
        while not (value := condition()):
            if not self.open or time.monotonic() > end:
                why = f"not within {timeout} s" if self.open else "the program has ended"
                raise AssertionError(f"{what}: {why}; the screen:\n{self.text()}")
            self._read(0.05)
        return value

    def see(self, pattern: str, timeout: float = TIMEOUT) -> re.Match[str]:
        """Wait until the screen matches `pattern` (multi-line)."""
        found = self.wait(lambda: re.search(pattern, self.text(), re.MULTILINE), f"see {pattern!r}", timeout)
        assert found
        return found

    def quiet(self, seconds: float = 0.15) -> None:
        """Wait until nothing was written for `seconds`."""
        while self._read(seconds):
            pass

    def idle(self) -> None:
        """Wait until the program in front sleeps, which at a prompt means: it has taken every key so far."""
        self.wait(lambda: not self._in_front_runs(), "a program that waits")

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal, as dragging the window does."""
        self.screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def wait_exit(self, timeout: float = TIMEOUT) -> int:
        """Wait until the program ends and return its exit code, as a shell counts it (128 + signal)."""
        end = time.monotonic() + timeout
        while self._child.isalive():
            assert time.monotonic() < end, f"the program does not end; the screen:\n{self.text()}"
            self._read(0.02)
        status: int | None = self._child.exitstatus
        return status if status is not None else 128 + self._child.signalstatus

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, as closing the window does."""
        terminal = self._child.ptyproc
        self.open = False
        terminal.fileobj.close()
        try:
            self.wait_exit(5)
        except AssertionError:
            self._child.kill(signal.SIGKILL)
            self.wait_exit()
        terminal.delayafterclose = 0
        self._child.close()

    def _in_front_runs(self) -> bool:
        try:
            front = psutil.Process(self.foreground)
            if sys.platform != "darwin":
                return front.status() == psutil.STATUS_RUNNING
            # There each is called running (https://github.com/giampaolo/psutil/issues/2675).
            spent = front.cpu_times()
            self._read(0.05)
            return front.cpu_times() != spent
        except psutil.NoSuchProcess:  # the group outlives its leader
            return False

    def _write(self, data: bytes) -> int:
        return os.write(self._fd, data)

    def _read(self, seconds: float) -> bool:
        """Take what the program wrote, waiting for it at most `seconds`; tell whether there was any."""
        if not self.open:
            time.sleep(min(seconds, 0.05))
            return False
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux: the last process in the terminal has closed it
            data = b""
        self.open = bool(data)
        self.raw += data
        data = self._held + data
        begun = _BEGUN.search(data)
        self._held = begun[0] if begun else b""
        self._stream.feed(_UNSHOWN.sub(b"", data.removesuffix(self._held)))
        return self.open
