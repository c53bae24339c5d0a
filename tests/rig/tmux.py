"""A tmux with one person in front of it, whose windows are typed at and read through tmux itself."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.rig.kinds import MARK
from tests.rig.programs import program
from tests.rig.terminal import TIMEOUT, Terminal

__all__ = ["Tmux", "Window"]


class Tmux:
    """A server of its own that starts with exactly `env`; it ends when its one client's terminal is closed."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        # Below /tmp, since the path of a socket may be no longer than 107 bytes.
        self._directory = tempfile.TemporaryDirectory(prefix="rig-")
        self._words = [program("tmux"), "-S", f"{self._directory.name}/socket", "-f", "/dev/null"]
        first = ["new-session", *argv, ";", "set-option", "-g", "destroy-unattached", "on"]
        self._env = dict(env)
        self._client = Terminal([*self._words, *first], env, cwd=cwd, columns=200)
        self._client.wait(lambda: self._run("list-panes").returncode == 0, "a session")
        self.first = Window(self, self.tell("display-message", "-p", "#{pane_id}"))

    def open(self, argv: Sequence[str]) -> Window:
        """Open a window that runs `argv`."""
        return Window(self, self.tell("new-window", "-P", "-F", "#{pane_id}", *argv))

    def tell(self, *words: str) -> str:
        """Run a command of tmux and return what it prints, without the end of the last line."""
        done = self._run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._directory.cleanup()

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        self._client.quiet(0)
        # From outside of a session tmux takes the PATH of who asks for a window.
        return subprocess.run(
            [*self._words, *words], env=self._env, capture_output=True, text=True, check=False, timeout=TIMEOUT
        )


class Window:
    """A shell in a window of tmux."""

    def __init__(self, tmux: Tmux, pane: str) -> None:
        self._tmux = tmux
        self._pane = pane
        self.wait(lambda: self.ready, "the first prompt")

    @property
    def ready(self) -> bool:
        """Whether the shell waits for a command."""
        return self.lines()[-1].endswith(MARK.rstrip())

    def lines(self) -> list[str]:
        """Return what was ever shown, up to the cursor's line, trailing blanks removed."""
        shown = self._tmux.tell("capture-pane", "-p", "-S", "-", "-t", self._pane).rstrip()
        return [line.rstrip() for line in shown.split("\n")]

    def output(self, command: str) -> list[str]:
        """Type `command` and Enter, and return the lines up to the next prompt, which is the last of them."""
        before = self.lines()
        self._tmux.tell("send-keys", "-t", self._pane, "-l", command)
        self._tmux.tell("send-keys", "-t", self._pane, "Enter")
        self.wait(lambda: len(self.lines()) > len(before) and self.ready, f"the prompt after {command!r}")
        return self.lines()[len(before) :]

    def wait(self, condition: Callable[[], object], what: str, timeout: float = TIMEOUT) -> None:
        """Wait until the condition is true; AssertionError with what is shown when it never is."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"{what}: not within {timeout} s; shown:\n" + "\n".join(self.lines())
            time.sleep(0.02)
