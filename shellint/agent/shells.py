"""A shell as another process sees it: does it live, how long has nobody typed, does it wait for a line."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import termios
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Shell", "Watch", "find_shell"]

SWEEP = 15.0
"""Seconds between two looks at the shells of whose end no event tells."""


@dataclass(frozen=True, slots=True)
class Shell:
    """A process by its pid and the time it began (clock ticks or seconds, as the system has it); `tty` may be empty."""

    pid: int
    begun: float
    tty: str

    def lives(self) -> bool:
        """Tell whether it is still there, and no other process has its pid."""
        return _begun(self.pid) == self.begun

    def idle(self, now: float) -> float:
        """Return for how many seconds nobody has typed, as w(1) shows it: the access time of the terminal."""
        try:
            return max(0.0, now - Path(self.tty).stat().st_atime)
        except OSError:
            return float("inf")

    def poke(self) -> bool:
        """Send SIGURG if it waits for a line at its editor, and tell whether it was sent.

        At any other time a signal would break off a `wait` in it.
        """
        if not (self._edits() and self.lives()):
            return False
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGURG)
            return True
        return False

    def _edits(self) -> bool:
        try:
            terminal = os.open(self.tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            if termios.tcgetattr(terminal)[3] & termios.ICANON:
                return False
        except termios.error:
            return False
        finally:
            os.close(terminal)
        return _is_foreground(self.pid)


class Watch:
    """Tells which shells have ended: by an event where the kernel has pidfd_open(2), else by a look each 15 s.

    `descriptor` can be read when there is such an event; None where there is never one.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll() if hasattr(select, "epoll") and hasattr(os, "pidfd_open") else None
        self._followed: dict[Shell, int | None] = {}
        self._swept = 0.0

    @property
    def descriptor(self) -> int | None:
        """What to wait for."""
        return self._epoll.fileno() if self._epoll else None

    def follow(self, shells: Collection[Shell]) -> None:
        """Watch these from now on, and no others."""
        for shell in self._followed.keys() - set(shells):
            descriptor = self._followed.pop(shell)
            if descriptor is not None:
                os.close(descriptor)  # which takes it out of the epoll set too
        for shell in shells:
            if shell not in self._followed:
                self._followed[shell] = self._open(shell)

    def ended(self, now: float) -> list[Shell]:
        """Return those of which it is known by now that they have ended."""
        ready = {descriptor for descriptor, _ in self._epoll.poll(0)} if self._epoll else set()
        sweep = now >= self.next(now)
        if sweep:
            self._swept = now
        return [
            shell
            for shell, descriptor in self._followed.items()
            if (descriptor in ready if descriptor is not None else sweep and not shell.lives())
        ]

    def next(self, now: float) -> float:
        """Return when to look without an event."""
        if None not in self._followed.values():
            return float("inf")
        return min(self._swept, now) + SWEEP  # the clock may have been put back

    def _open(self, shell: Shell) -> int | None:
        if self._epoll is None:
            return None
        try:
            descriptor = os.pidfd_open(shell.pid)
        except OSError:
            return None
        if not shell.lives():
            os.close(descriptor)  # that of another process, which has the pid by now
            return None
        self._epoll.register(descriptor, select.EPOLLIN)
        return descriptor


def find_shell(pid: int) -> tuple[Shell, str] | None:
    """Return the process with that pid, and its program's name, if it is one of the effective user's."""
    begun = _begun(pid)
    if begun is None:
        return None
    try:
        process = psutil.Process(pid)
        if process.uids().effective != os.geteuid():
            return None
        return Shell(pid, begun, _terminal(pid)), process.name()
    except psutil.Error:
        return None


def _begun(pid: int) -> float | None:
    stat = _stat(pid)
    if stat:
        return None if stat[0] in {"Z", "X"} else float(stat[19])
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def _terminal(pid: int) -> str:
    """Return the path of its terminal. Not as psutil has it, which looks at the terminals that there are only once."""
    stat = _stat(pid)
    if not stat:
        (name,) = _ps(pid, "tty") or ("",)
        return f"/dev/{name}" if name.startswith("tty") else ""
    number = int(stat[4])
    for path in (f"/dev/pts/{os.minor(number)}", f"/dev/tty{os.minor(number)}"):
        with contextlib.suppress(OSError):
            if Path(path).stat().st_rdev == number:
                return path
    return ""


def _is_foreground(pid: int) -> bool:
    """Tell whether the terminal's foreground group is that process's: asked of the terminal, only its session may."""
    stat = _stat(pid)
    if stat:
        return stat[2] == stat[5]
    shown = _ps(pid, "pgid", "tpgid")
    return len(shown) == 2 and shown[0] == shown[1]


def _ps(pid: int, *columns: str) -> list[str]:
    options = [word for column in columns for word in ("-o", f"{column}=")]
    command = ["/bin/ps", *options, "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stdout.split()


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on (proc_pid_stat(5)); nothing where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  no path of ours
            return file.read().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return []
