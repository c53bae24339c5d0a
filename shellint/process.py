"""What this process does to itself: where its output goes, what it leaves on disk, what it becomes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from shellint.errors import ShellintError

__all__ = ["become", "move_stdout", "no_core_dumps", "run_beside", "write"]

# Seconds between two looks at whether a process is still there.
_LOOK = 0.5


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


def become(program: Sequence[str], env: Mapping[str, str], cores: tuple[int, int] | None) -> tuple[int, str]:
    """Replace this process, so that signals, job control and the exit code are the command's own.

    When that fails, return why, behind the exit code shells have for it: 127 not found, 126 not to be run.
    """
    _restore(cores)
    try:
        os.execvpe(program[0], list(program), dict(env))  # noqa: S606
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 127, "command not found"
    except OSError as error:
        return 126, error.strerror or "it may not be run"


def run_beside(work: Callable[[], None]) -> None:
    """Have another process do `work` until this one, or the program that it becomes, has ended.

    It is nobody's child, so that no `wait` in that program ever finds a process which it did not start; it has no
    terminal, so that Ctrl-C and the end of the window are the program's alone; and it holds none of the descriptors
    that were handed to us, so that a pipe ends when the program ends.
    """
    ourselves = os.getpid()
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    try:
        import threading
        import time

        import psutil

        os.setsid()
        _let_go()
        beside = psutil.Process(ourselves)  # it waits for us, so this is the right one
        if os.fork():
            os._exit(0)

        def end() -> None:
            with contextlib.suppress(psutil.NoSuchProcess):
                # A dead one that nobody asks after is still there, and `wait` would wait for that.
                while beside.is_running() and beside.status() != psutil.STATUS_ZOMBIE:
                    time.sleep(_LOOK)
            os._exit(0)

        threading.Thread(target=end, daemon=True).start()
        work()
    finally:
        os._exit(1)  # whatever happens here, it is not ours to return into what called us


def _let_go() -> None:
    """Point at nothing what was handed to us; were it closed, something of ours would get its number."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        numbers = [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208  numbers, not paths
    except OSError:
        numbers = list(range(256))
    for number in numbers:
        with contextlib.suppress(OSError):
            if number < 3 or os.get_inheritable(number):  # what we opened ourselves is not inheritable (PEP 446)
                os.dup2(null, number)


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
