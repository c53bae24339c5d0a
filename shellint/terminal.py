"""Questions to a person: on the controlling terminal, whatever stdin and stdout are (a hook captures them)."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NoReturn, Protocol

from shellint import keyboard
from shellint.errors import Interrupted, NeedsHuman

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Elsewhere", "Human", "NoHuman", "Terminal", "answered_by", "printable", "say", "somebody", "tell"]

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
    def is_there(self) -> bool:
        """Tell whether there is a terminal."""

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


def somebody(human: Human) -> bool:
    """Tell whether a person is there; without a terminal there is none."""
    if isinstance(human, NoHuman):
        return False
    if isinstance(human, Elsewhere):
        return human.is_there()
    return keyboard.is_there() if isinstance(human, Terminal) else True


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
        return keyboard.ask(prompt, echo=echo)
    except (KeyboardInterrupt, EOFError):
        raise Interrupted("interrupted") from None
    except OSError:
        raise _nobody(question, "there is no terminal") from None
