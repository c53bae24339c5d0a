"""An interactive shell at which a test types, in a terminal, with an rc file and a home of its own."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.rig import probe
from tests.rig.environment import environment
from tests.rig.kinds import MARK, Kind, as_bytes
from tests.rig.programs import program, version
from tests.rig.terminal import TIMEOUT, Terminal

__all__ = ["Shell"]


class Shell(Terminal):
    """Start `kind` with `rc` as its rc file (after a line that sets the prompt to MARK) and wait for the prompt.

    `env` is laid over `environment(home)`; `flags` are further arguments of the shell; `under` is put before the
    command line (`strace …`), and then `pid` is that program's. With `ready=False` it does not wait for a prompt.
    """

    def __init__(
        self,
        kind: Kind,
        home: Path,
        rc: str = "",
        env: Mapping[str, str] | None = None,
        *,
        flags: Sequence[str] = (),
        under: Sequence[str] = (),
        columns: int = 100,
        lines: int = 24,
        ready: bool = True,
    ) -> None:
        self.kind = kind
        (home / kind.rc).parent.mkdir(parents=True, exist_ok=True)
        (home / kind.rc).write_bytes(as_bytes(kind.prompt + rc))
        self._probes = Path(tempfile.mkdtemp(prefix="rig-"))
        self._probed = 0
        argv = [*under, program(kind.path or kind.name), *kind.interactive, *flags]
        super().__init__(argv, environment(home, **(env or {})), cwd=home, columns=columns, lines=lines)
        if ready:
            try:
                self.prompt()
            except AssertionError:
                self.close()
                raise

    @property
    def ready(self) -> bool:
        """Whether the shell waits for a command and nothing is typed yet."""
        return self.editing and self.cur().endswith(MARK)

    @property
    def abandoned(self) -> int:
        """The exit code of a line that Ctrl-C has ended: 130, but 1 to bash before 4."""
        return 1 if self.kind.name == "bash" and version("bash") < (4,) else 130

    def prompt(self, timeout: float = TIMEOUT) -> None:
        """Wait until the shell waits for a command."""
        self.wait(lambda: self.ready, "the prompt", timeout)

    def press(self, keys: str | bytes, timeout: float = TIMEOUT) -> None:
        """Type `keys` and wait for a later prompt than the present one."""
        now = self.screen.position
        self.send(keys)
        self.wait(lambda: self.screen.position > now and self.ready, "the next prompt", timeout)

    def run(self, command: str | bytes = "", timeout: float = TIMEOUT) -> None:
        """Type `command` and Enter, and wait for the next prompt."""
        self.prompt(timeout)
        self.press(as_bytes(command) + b"\r", timeout)

    def interrupt(self, timeout: float = TIMEOUT) -> None:
        """Press Ctrl-C and wait for the next prompt.

        There must be something to interrupt, typed or running: fish 4 goes on in the same line.
        Shells now and then lose a Ctrl-C that comes in the instant of another key (bash 5.2: 1 in 1000,
        zsh 5.9: 2 in 1000; none once the shell sleeps again), which no person can type. fish 3 loses one in 50 at its
        prompt, and a person presses it again.
        """
        self.idle()
        self.send("\x03")
        if self.kind.name == "fish" and self.editing:
            self.quiet(1)
            if not self.ready:
                self.send("\x03")
        self.prompt(timeout)

    def output(self, command: str, timeout: float = TIMEOUT) -> str:
        """Like `run`, and return what appeared between the typed line and the next prompt's line.

        `command` must be printable: its end on the screen is where the output begins.
        """
        self.prompt(timeout)
        start = self.screen.position
        self.send(command)
        self.wait(lambda: self._since(start).endswith(command), f"the typed {command!r}", timeout)
        typed = self.screen.position
        self.press("\r", timeout)
        return "\n".join(line.rstrip() for line in self.screen.everything()[typed + 1 : self.screen.position])

    def words(self, words: str = "", timeout: float = TIMEOUT) -> list[bytes]:
        """Return what a child gets as its arguments when `words` are typed after its name."""
        return self._probe(words, timeout)[0]

    def environ(self, timeout: float = TIMEOUT) -> dict[bytes, bytes]:
        """Return the environment of a child, exactly."""
        return self._probe("", timeout)[1]

    def value(self, name: str) -> bytes | None:
        """Return what a child finds in variable `name`, None when it is not there. Sets `$?` to 0, as any command."""
        return self.environ().get(name.encode())

    def status(self) -> int:
        """Return the exit code of the last command as a person asks for it, which sets it to 0."""
        return int(self.words(self.kind.status)[0])

    def busy(self, timeout: float = TIMEOUT) -> None:
        """Wait until a child of the shell has the terminal: only then does Ctrl-C reach it."""
        own = self.pid
        self.wait(lambda: self.foreground != own and not self.editing, "a running child", timeout)

    def close(self) -> None:
        """Hang up and remove what the probes wrote."""
        try:
            super().close()
        finally:
            shutil.rmtree(self._probes, ignore_errors=True)

    def _probe(self, words: str, timeout: float) -> tuple[list[bytes], dict[bytes, bytes]]:
        self._probed += 1
        file = self._probes / str(self._probed)
        command = shlex.join([sys.executable, "-I", "-S", probe.__file__, str(file)])
        self.run(self.kind.call.format(words=f"{command} {words}".rstrip()), timeout)
        count, *items = file.read_bytes().split(b"\0")[:-1]
        arguments, variables = items[: int(count)], items[int(count) :]
        return arguments, dict(variable.split(b"=", 1) for variable in variables)

    def _since(self, start: int) -> str:
        """Return what stands from line `start` to the cursor."""
        *full, _ = self.screen.everything()[start : self.screen.position + 1]
        return "".join(full) + self.cur()
