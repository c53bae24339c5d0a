"""The person at the other end of a connection, as the sources know one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import NoReturn

from shellint.agent.wire import Malformed, changes, receive, send
from shellint.errors import ConfigError, Interrupted, NeedsHuman
from shellint.terminal import Elsewhere, NoHuman, printable

__all__ = ["ComeHere", "Line", "Nobody", "Person"]


class ComeHere(BaseException):
    """The client has to do the whole command: no `except Exception` on the way may keep that from it."""


class Line:
    """A connection that one thread at a time may use: a sign of life comes from another."""

    def __init__(self, connection: socket.socket, env: Mapping[str, str]) -> None:
        self._connection = connection
        self._env = env
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        """Tell the person something."""
        with contextlib.suppress(OSError), self._lock:
            send(self._connection, b"S", f"{printable(line)}\n")

    def asked(self, style: str, question: str) -> str:
        """Return what the person answers. Raises NeedsHuman and Interrupted."""
        status, *rest = self._exchange(b"A", style, question)
        if status == b"ok":
            return b"\0".join(rest).decode(errors="surrogateescape")
        text = [each.decode(errors="surrogateescape") for each in rest]
        raise NeedsHuman(*text[:2]) if status == b"error" and text else Interrupted("interrupted")

    def run(
        self,
        command: Sequence[str],
        name: str,
        *,
        terminal: bool,
        env: Mapping[str, str],
        seconds: float,
        notice: float | None,
        longest: int,
    ) -> tuple[int, bytes]:
        """Have the client run a program, as `running.run`; in its directory, with what `env` changes of its own."""
        limits = (seconds, "" if notice is None else notice, longest, int(terminal))
        status, *rest = self._exchange(b"R", name, *limits, len(command), *command, *changes(self._env, env))
        if status == b"ok" and rest:
            return int(rest[0]), b"\0".join(rest[1:])
        if status == b"error" and rest:
            raise ConfigError(*(each.decode(errors="replace") for each in rest[:2]))
        raise Interrupted("interrupted")

    def _exchange(self, kind: bytes, *fields: str | float) -> list[bytes]:
        try:
            with self._lock:
                send(self._connection, kind, *map(str, fields))
                return receive(self._connection, kind.lower())
        except (OSError, Malformed):
            raise Interrupted("interrupted") from None


class Person(Elsewhere):
    """Somebody who may be asked, at the client's terminal."""

    terminal = True

    def __init__(self, line: Line) -> None:
        self._line = line

    def is_there(self) -> bool:
        """Tell whether the client has a terminal."""
        return self._line.asked("there", "") == "yes"

    def ask(self, question: str) -> str:
        """Ask for a line."""
        return self._line.asked("ask", question)

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown."""
        return self._line.asked("secret", question)

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask yes or no."""
        return self._line.asked("yes" if default else "no", question) == "yes"

    def say(self, line: str) -> None:
        """Tell the person something."""
        self._line.say(line)

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
        """Run a program there."""
        return self._line.run(
            command, name, terminal=self.terminal, env=env, seconds=seconds, notice=notice, longest=longest
        )

    def come_here(self) -> NoReturn:
        """Raise ComeHere."""
        raise ComeHere


class Nobody(NoHuman, Person):
    """A caller that may not be asked: `--no-input`."""

    terminal = False

    def say(self, line: str) -> None:
        """Tell the caller something."""
        self._line.say(line)
