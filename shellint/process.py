"""What this process does to itself: where its output goes, what it leaves on disk, what it becomes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from shellint.errors import ShellintError

__all__ = ["become", "move_stdout", "no_core_dumps", "write"]


def no_core_dumps() -> tuple[int, int] | None:
    """Write no memory to disk, whatever ends us while keys are in it; return the limits as they were."""
    if sys.platform == "win32":
        return None
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    return before


def move_stdout() -> int:
    """Point descriptor 1 at stderr and return where it pointed before: only who has that number can write there."""
    out = os.dup(1)
    os.dup2(2, 1)
    return out


def write(descriptor: int, text: str) -> None:
    """Write all of `text`. Raises BrokenPipeError when nobody reads, else ShellintError."""
    rest = memoryview(text.encode("utf-8", "surrogateescape"))
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ShellintError(f"the answer cannot be written: {error.strerror}") from None


def become(
    program: Sequence[str], env: Mapping[str, str], cores: tuple[int, int] | None, *, platform: str = sys.platform
) -> tuple[int, str]:
    """Replace this process, so that signals, job control and the exit code are the command's own.

    Windows has no such thing: there this process waits for the command, and ends as it does (SystemExit).
    When the command cannot be started, return why, behind the exit code shells have for it: 127 not found, 126 not to
    be run.
    """
    _restore(cores)
    try:
        if platform == "win32":
            sys.exit(_run(program, env))
        os.execvpe(program[0], list(program), dict(env))  # noqa: S606
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 127, "command not found"
    except OSError as error:
        return 126, error.strerror or "it may not be run"


def _run(program: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command and return its exit code, which Windows counts to 2**32 and Python to half of that."""
    import shutil
    import signal
    import subprocess

    for name in ("SIGINT", "SIGBREAK"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: None)  # the console sends it to the command too, which decides
    found = shutil.which(program[0], path=env.get("PATH", ""))
    code = subprocess.run([found or program[0], *program[1:]], env=dict(env), check=False).returncode
    return code - (1 << 32) if code >> 31 == 1 else code


def _restore(cores: tuple[int, int] | None) -> None:
    """Undo what a program that follows would keep: ignored signals, an alarm, limits."""
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)
    if sys.platform != "win32" and cores is not None:
        import resource

        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_CORE, cores)
