"""Programs that stand in for those which give MFA codes: each knows the exact words it has to be called with."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

__all__ = ["Shelf", "Turn"]

_PROGRAM = """#!{python} -I
import json, os, sys
turns = json.loads({turns!r})
with open(__file__ + ".calls", "a+") as calls:
    calls.seek(0)
    number = len(calls.readlines())
    # Beside the three there are this file and the listing itself.
    json.dump({{"argv": sys.argv[1:], "terminals": [os.isatty(fd) for fd in range(3)],
               "descriptors": len(os.listdir("/proc/self/fd")) - 2}}, calls)
    calls.write("\\n")
if number >= len(turns) or turns[number]["argv"] not in (None, sys.argv[1:]):
    sys.exit("Usage: this is none of my command lines: " + repr(sys.argv[1:]))
turn = turns[number]
sys.stderr.write(turn["stderr"])
sys.stderr.flush()
os.write(1, turn["stdout"].encode("latin-1"))
exec(turn["then"])
sys.exit(turn["code"])
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """One call: the arguments expected, what is printed (bytes as Latin-1), and the exit code after running `then`.

    `argv` is None where the test looks at them afterwards.
    """

    argv: Sequence[str] | None
    stdout: str = ""
    code: int = 0
    stderr: str = ""
    then: str = ""


class Shelf:
    """A directory of such programs; `path` is a PATH that has nothing else."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir()
        self.path = str(directory)

    def put(self, name: str, *turns: Turn) -> None:
        """Put a program there which expects to be called once for each turn, and fails when called otherwise."""
        data = json.dumps([{key: getattr(turn, key) for key in Turn.__slots__} for turn in turns])
        file = self._directory / name
        file.write_text(_PROGRAM.format(python=sys.executable, turns=data))
        file.chmod(0o700)

    def calls(self, name: str) -> list[dict[str, Any]]:
        """Return what each call of a program saw: `argv`, `terminals`, `descriptors` (how many)."""
        log = self._directory / f"{name}.calls"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def running(self) -> list[int]:
        """Return the pids of all that were started from here and have not ended."""
        path = f"{self.path}/"
        return [
            process.pid
            for process in psutil.process_iter(["cmdline"])
            if any(word.startswith(path) for word in process.info["cmdline"] or ())
        ]
