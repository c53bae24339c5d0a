"""A terminal, and a program of its own session that asks on it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# The program that asks: its own session, its standard streams anything but the terminal.
PROGRAM = """
import os, resource, signal, sys, threading
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if sys.argv[1]:
    os.open(sys.argv[1], os.O_RDWR)  # the first terminal that a session leader opens becomes the controlling one
from shellint.errors import ShellintError
from shellint.terminal import Terminal
terminal = Terminal()
try:
    exec(sys.argv[2])
except ShellintError as error:
    print(type(error).__name__, error.what)
    sys.exit(error.exit_code)
"""
SECRET = "print(ascii(terminal.ask_secret('Passphrase')))"
ASK = "print(ascii(terminal.ask('MFA code for prod')))"
CONFIRM = "print(terminal.confirm('Overwrite prod?'))"


class Asked:
    """A terminal, and a program that asks on it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.shown = b""
        self.program: subprocess.Popen[str] | None = None
        self.before = self.mode

    @property
    def mode(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    @property
    def echoes(self) -> bool:
        return bool(self.mode[3] & termios.ECHO)

    def run(self, code: str, *, controlling: bool = True) -> None:
        self.before = self.mode
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, os.ttyname(self.slave) if controlling else "", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )

    def see(self, text: str, *, times: int = 1) -> None:
        """Wait until the terminal has shown the text so many times."""
        deadline = time.monotonic() + 20
        while self.shown.count(text.encode()) < times:
            ready, _, _ = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{text!r} never showed; the terminal shows {self.shown!r}"
            self.shown += os.read(self.master, 4096)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode(errors="surrogateescape"))

    def signal(self, number: int) -> None:
        assert self.program
        self.program.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for the program's end: its exit code and what it wrote to stdout. It must have said nothing else."""
        assert self.program
        out, err = self.program.communicate(timeout=20)
        assert err == ""
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 4096)
        return self.program.returncode, out

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)
        if self.program:
            self.program.kill()
            self.program.communicate()
