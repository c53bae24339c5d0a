"""Questions to a person: on the controlling terminal, whatever stdin and stdout are (a hook captures them)."""

from __future__ import annotations

import contextlib
import os
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from shellint.errors import Interrupted, NeedsHuman

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

__all__ = ["Elsewhere", "Human", "NoHuman", "Terminal", "answered_by", "printable", "say", "tell"]

# What may end or stop the process while the terminal is in our mode; SIGKILL cannot be helped.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGTSTP")
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False}


class Human(Protocol):
    """Someone who may be asked.

    Questions come without the space or colon before the answer: `MFA code for prod`, `Overwrite prod?`. Each raises
    NeedsHuman when nobody is there and Interrupted on Ctrl-C or Ctrl-D.
    """

    def ask(self, question: str) -> str:
        """Ask for a line, shown as it is typed."""
        ...

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown."""
        ...

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask yes or no; Enter alone is the default."""
        ...

    def say(self, line: str) -> None:
        """Tell the person something, on stderr."""
        ...


class Elsewhere(ABC):
    """Mixed into a Human whose terminal is not this process's: what has to happen there is asked of it."""

    @abstractmethod
    def run(
        self,
        command: Sequence[str],
        name: str,
        *,
        env: Mapping[str, str],
        seconds: float,
        notice: float | None,
        longest: int,
    ) -> tuple[int, bytes]:
        """Run a program at that terminal, as `running.run`."""

    @abstractmethod
    def come_here(self) -> NoReturn:
        """Raise what makes the process at that terminal do the whole command by itself."""


class NoHuman:
    """Nobody to ask: `--no-input`, SHELLINT_NO_INPUT=1, or work that goes on by itself."""

    def ask(self, question: str) -> str:
        """Raise NeedsHuman."""
        raise _nobody(question, "input was ruled out by --no-input or SHELLINT_NO_INPUT")

    def ask_secret(self, question: str) -> str:
        """Raise NeedsHuman."""
        return self.ask(question)

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Raise NeedsHuman: a default is an answer only when a person gives it."""
        self.ask(question)
        return False

    def say(self, line: str) -> None:
        """Write the line to stderr."""
        say(line)


class Terminal:
    """The person at the controlling terminal, which is opened anew for each question."""

    def ask(self, question: str) -> str:
        """Ask for a line, shown as it is typed."""
        return _converse(question, echo=True)

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown; the terminal gets its echo back whatever happens."""
        return _converse(question, echo=False)

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask until the answer is yes or no; Enter alone is the default."""
        choices = "[Y/n]" if default else "[y/N]"
        while True:
            answer = _converse(f"{question.rstrip()} {choices}", echo=True).strip().lower()
            if not answer:
                return default
            if answer in _ANSWERS:
                return _ANSWERS[answer]

    def say(self, line: str) -> None:
        """Write the line to stderr."""
        say(line)


@contextlib.contextmanager
def answered_by(todo: str) -> Iterator[None]:
    """Say `todo` where nobody is there to answer the question inside: an option or a variable that gives the answer."""
    try:
        yield
    except NeedsHuman as error:
        raise NeedsHuman(error.what, todo) from None


def say(line: str) -> None:
    """Write a line to stderr."""
    tell(f"{printable(line)}\n")


def tell(text: str) -> None:
    """Write text that holds nothing unprintable to stderr."""
    # A full or vanished stderr must not turn a success into a failure: nor later, when Python flushes what it kept.
    with contextlib.suppress(OSError):
        rest = memoryview(text.encode(errors="replace"))
        while rest:
            rest = rest[os.write(2, rest) :]


def printable(text: str) -> str:
    """Drop control, format and invalid characters: a hostile profile name must not steer the terminal."""
    return "".join(character for character in text if character.isprintable())


def _nobody(question: str, why: str) -> NeedsHuman:
    return NeedsHuman(
        f"a person has to answer and {why}: {printable(question).rstrip(' :')}",
        "run it in a terminal",
    )


def _converse(question: str, *, echo: bool) -> str:
    text = printable(question).rstrip()
    prompt = text + (" " if text.endswith((":", "?")) else ": ")
    try:
        return _console(prompt, echo=echo) if sys.platform == "win32" else _tty(prompt, echo=echo)
    except (KeyboardInterrupt, EOFError):
        raise Interrupted("interrupted") from None
    except OSError:
        raise _nobody(question, "there is no terminal") from None


def _tty(prompt: str, *, echo: bool) -> str:
    """Ask on /dev/tty. Raises OSError without one, EOFError on Ctrl-D, KeyboardInterrupt on Ctrl-C."""
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
    """Ask on the Windows console. Raises like `_tty`."""
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
