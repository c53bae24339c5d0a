"""Which processes a shell starts, seen by strace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.rig.programs import program

__all__ = ["Call", "Trace"]

_CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>clone3?|v?fork|execve)\((?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that starts a process or replaces one; `rest` is its arguments as strace prints them."""

    pid: int
    name: str
    rest: str


class Trace:
    """Start a shell with `under=trace.argv`; `calls()` is what it did so far, `mark()` forgets that."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.argv = (program("strace"), "-f", "-o", str(file), "-e", "trace=clone,clone3,fork,vfork,execve")
        self._seen = 0

    def mark(self) -> None:
        """Let `calls` begin here."""
        self._seen = self.file.stat().st_size

    def calls(self) -> list[Call]:
        """Return the process-creating calls since the last mark, threads left out."""
        with self.file.open("rb") as trace:
            trace.seek(self._seen)
            lines = trace.read().decode(errors="replace").splitlines()
        found = (_CALL.match(line) for line in lines)
        return [
            Call(int(call["pid"]), call["name"], call["rest"])
            for call in found
            if call and "CLONE_THREAD" not in call["rest"]
        ]
