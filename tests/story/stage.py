"""Type in a real shell as a person would, print what the terminal shows as it happens, and check."""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Self

import click

from tests.rig.kinds import MARK, Kind
from tests.rig.screen import Screen
from tests.rig.shell import Shell
from tests.story.house import House

__all__ = ["Failed", "Stage"]

OURS = ("AWS_", "SHELLINT_")


class Failed(Exception):
    """Something of the story did not happen; the text is one line that says what."""


class Stage:
    """A shell of a kind in a house, without the hook; a context manager."""

    def __init__(self, kind: Kind, house: House, *, columns: int = 130) -> None:
        self.kind = kind
        self.house = house
        self.before: dict[str, str] = {}
        self.secrets = {house.key.secret_access_key}
        self.checks = 0
        self._shell = Shell(kind, house.home, env=house.env, columns=columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shell.close()

    def type(self, command: str, *answers: tuple[str, str]) -> str:
        """Type a command, answer its questions, and return what it showed.

        `answers` are pairs: what must stand on the line of the cursor, and what is typed then. Raises Failed when the
        command ends without having asked.
        """
        shell = self._shell
        shell.prompt()
        start = shell.screen.position
        shell.send(f"{command}\r")
        try:
            for question, answer in answers:
                self._question(question, command, start)
                shell.send(f"{answer}\r")
            shell.wait(lambda: self._is_back(start), f"the prompt after `{command}`")
        finally:
            # The mark by which the rig knows a prompt is not what a person has in theirs.
            shown = (line.replace(MARK, "$ ") for line in shell.screen.everything()[start : shell.screen.position])
            lines = [line.rstrip() for line in shown]
            for line in lines:
                click.echo(f"    {line}".rstrip())
        return "\n".join(lines[1:])

    def check(self, what: str, holds: object, found: object = None) -> None:
        """Say that `what` is so, or raise Failed with what was found instead."""
        if not holds:
            raise Failed(f"not so: {what}" + (f" (found {found!r})" if found is not None else ""))
        self.checks += 1
        click.echo(f"{click.style('  ok', fg='green')} {what}")

    def segment(self) -> str:
        """Return what stands before the person's own prompt."""
        self._shell.prompt()
        return self._shell.cur().removesuffix(MARK).strip()

    def variables(self) -> dict[str, str]:
        """Return what a child of the shell finds in the variables of AWS and of ours."""
        found = {name.decode(): value.decode() for name, value in self._shell.environ().items()}
        self.secrets |= {found[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") if name in found}
        return {name: value for name, value in found.items() if name.startswith(OURS)}

    def seconds_shown(self, profile: str, longest: float) -> list[int]:
        """Press Enter once a second until `profile` has left the prompt; return the seconds shown up to then.

        Raises Failed when it is still there after `longest` seconds.
        """
        shown = []
        end = time.time() + longest
        while segment := self.segment():
            found = re.fullmatch(rf"{re.escape(profile)} 0:(\d\d)", segment)
            if not found or time.time() > end:
                raise Failed(f"the prompt shows {segment!r} where {profile} should count down its last seconds")
            shown.append(int(found[1]))
            self._next_second()
            self.type("")
        return shown

    @property
    def screen(self) -> Screen:
        """The terminal's screen."""
        return self._shell.screen

    def shown(self, secret: str) -> bool:
        """Tell whether `secret` was ever on the terminal."""
        return self._shell.showed(secret)

    def _question(self, question: str, command: str, start: int) -> None:
        self._shell.wait(lambda: question in self._shell.cur() or self._is_back(start), f"the question {question!r}")
        if self._is_back(start):
            raise Failed(f"`{command}` did not ask for: {question}")

    def _next_second(self) -> None:
        # A little later: the clock that a shell reads is some milliseconds behind.
        end = int(time.time()) + 1.05
        self._shell.wait(lambda: time.time() > end, "the next second")

    def _is_back(self, start: int) -> bool:
        return self._shell.ready and self._shell.screen.position > start
