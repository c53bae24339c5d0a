"""The agent's leases with a clock of the test's own, and programs at terminals that stand for shells."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from shellint import __version__
from shellint.agent.leases import Leases
from shellint.agent.shells import find_shell
from shellint.agent.wire import Call
from shellint.cli.options import Invocation
from shellint.memory import Memory
from shellint.outcome import outcome_of
from shellint.paths import paths_from
from shellint.store import PassphraseSource, Store
from shellint.terminal import NoHuman
from tests.agent_rig import until
from tests.desk import Desk
from tests.rig.environment import environment
from tests.rig.terminal import Terminal

__all__ = ["HOUR", "Room"]

HOUR = 3600.0
LISTENS = """
import os, signal, sys, tty
signal.signal(signal.SIGURG, lambda *_: os.write(1, b'poked\\n'))
tty.setcbreak(0)
print('ready', flush=True)
while sys.stdin.read(1): pass
"""


class Room:
    """The agent's leases with a clock of the test's own, and programs at terminals that stand for shells."""

    def __init__(self, desk: Desk, programs: ExitStack, directory: Path) -> None:
        self.desk = desk
        self.now = self.began = time.time()
        self.directory = directory
        self.memory = Memory()
        self.leases = Leases(directory, self.memory, lambda: None, lambda: None, now=lambda: self.now)
        self.env = environment(desk.home, **desk.env)
        self._programs = programs
        self._asked_before = 0
        self._asked_before = self.asked()

    def shell(self) -> Terminal:
        terminal = self._programs.enter_context(Terminal([sys.executable, "-c", LISTENS], self.env, cwd=self.desk.home))
        terminal.see("^ready")
        return terminal

    def run(self, terminal: Terminal, *words: str, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Run a command in a shell as its hook does, with what it holds in `env`, and return what it holds then."""
        before = {**(env or self.env), "SHELLINT_SHELL": "bash", "SHELLINT_PID": str(terminal.pid)}
        outcome = outcome_of(words, Invocation(before, "bash", nobody=NoHuman(), human=NoHuman(), memory=self.memory))
        assert outcome.code == 0, outcome
        after = outcome.change.applied_to(before) if outcome.change else before
        self.leases.note(Call(__version__, 1, False, str(self.desk.home), words, before), after)
        return after

    def touched(self, terminal: Terminal, when: float) -> None:
        """Have the terminal look as if somebody typed there last at that time."""
        found = find_shell(terminal.pid)
        assert found
        os.utime(found[0].tty, (when, when))

    def pass_time(self, seconds: float) -> list[float]:
        """Do what is due in that time, and return when there was something, in seconds from the beginning."""
        end, woken = self.now + seconds, []
        while self.now + (wait := self.leases.wait(self.now)) <= end:
            self.now += wait + 0.001
            woken.append(self.now - self.began)
            self.leases.tick(self.now)
            until(lambda: not any(each.renewing for each in self.leases._held.values()))
        self.now = end
        return woken

    def leave(self, terminal: Terminal) -> None:
        """Close a shell, and have the agent see it."""
        shells = len(self.leases.shells())
        terminal.close()
        until(lambda: self._tick() < shells)

    def asked(self) -> int:
        return sum(record.action == "AssumeRole" for record in self.desk.aws.requests) - self._asked_before

    def stored(self) -> int:
        """Return how many sessions the store has."""
        return len(Store(paths_from(self.env).store, PassphraseSource(NoHuman(), self.env)).names("session"))

    def stamps(self) -> list[str]:
        return [each.read_text().strip() for each in self.directory.glob("lease-*")]

    def _tick(self) -> int:
        self.leases.tick(self.now)
        return len(self.leases._held)
