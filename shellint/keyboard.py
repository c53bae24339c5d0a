"""A line typed at the controlling terminal, whose mode is what it was afterwards, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["ask", "is_there"]

# What may end or stop the process while the terminal is in our mode; SIGKILL cannot be helped.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGTSTP")


def is_there() -> bool:
    """Tell whether there is a controlling terminal."""
    try:
        os.close(os.open("CONIN$" if sys.platform == "win32" else "/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True


def ask(prompt: str, *, echo: bool) -> str:
    """Ask there. Raises OSError without one, EOFError on Ctrl-D, KeyboardInterrupt on Ctrl-C."""
    return _console(prompt, echo=echo) if sys.platform == "win32" else _tty(prompt, echo=echo)


def _tty(prompt: str, *, echo: bool) -> str:
    terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    try:
        with _line_mode(terminal, prompt.encode(errors="replace"), echo=echo):
            answer = b""
            while not answer.endswith(b"\n"):
                more = os.read(terminal, 4096)
                if not more:
                    raise EOFError
                answer += more
    except BaseException:
        # The cursor stands behind the half-typed answer: whatever is written next starts on a line of its own.
        with contextlib.suppress(OSError):
            os.write(terminal, b"\n")
        raise
    else:
        if not echo:
            os.write(terminal, b"\n")
    finally:
        os.close(terminal)
    return answer.removesuffix(b"\n").decode(errors="surrogateescape")


@contextlib.contextmanager
def _line_mode(terminal: int, prompt: bytes, *, echo: bool) -> Iterator[None]:
    """Write the prompt with the terminal editing lines, with or without echo, and give its former mode back at the end.

    Also when a signal ends or stops the process, the way of readpassphrase(3): mode back, then the signal once more
    with the handler that was there before; whoever continues after it is asked again.
    """
    import signal
    import termios
    import threading

    handlers: dict[int, Any] = {}

    def enter() -> None:
        termios.tcsetattr(terminal, termios.TCSANOW, wanted)
        os.write(terminal, prompt)

    def leave() -> None:
        # From the background it would stop us (SIGTTOU), and the shell has put its own mode there already.
        with contextlib.suppress(OSError, termios.error):
            if os.tcgetpgrp(terminal) == os.getpgrp():
                termios.tcsetattr(terminal, termios.TCSANOW, before)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        leave()
        signal.signal(number, handlers[number])
        signal.raise_signal(number)
        signal.signal(number, on_signal)
        enter()

    before = termios.tcgetattr(terminal)
    wanted = _edited(before, echo=echo)
    try:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in _SIGNALS):
                handler = signal.getsignal(number)
                if handler not in {signal.SIG_IGN, None}:
                    handlers[number] = handler
                    signal.signal(number, on_signal)
        enter()
        yield
    except termios.error as error:
        raise OSError(*error.args) from None
    finally:
        leave()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _edited(mode: list[Any], *, echo: bool) -> list[Any]:
    """Return the mode for a line that is edited by the kernel, also where a key binding asks from raw mode."""
    import termios

    input_flags, output_flags, control_flags, local_flags, *rest = mode
    shown = termios.ECHO | termios.ECHOE | termios.ECHOK
    input_flags |= termios.ICRNL
    local_flags |= termios.ICANON | termios.ISIG
    local_flags = local_flags | shown if echo else local_flags & ~(shown | termios.ECHONL)
    return [input_flags, output_flags, control_flags, local_flags, *rest]


def _console(prompt: str, *, echo: bool) -> str:
    if echo:
        with open("CONOUT$", "w") as out, open("CONIN$") as console:  # noqa: PTH123  devices, not paths
            out.write(prompt)
            out.flush()
            answer = console.readline()
        if not answer:
            raise EOFError
        return answer.removesuffix("\n")
    import getpass

    return getpass.getpass(prompt)
