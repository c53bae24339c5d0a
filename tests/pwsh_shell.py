"""PowerShell 7 for the tests: where it is, how it is typed at, and how it runs a text without a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from shellint.render import SHELLS, render_hook, render_script
from tests.aws import StrictAws
from tests.fake_program import FakeProgram
from tests.rig import probe
from tests.rig.environment import environment
from tests.rig.kinds import Kind
from tests.rig.powershell import find_powershell, powershell_kind
from tests.rig.shell import Shell
from tests.rig.terminal import TIMEOUT
from tests.seat import Seat

__all__ = ["LINE", "STRICT", "Piped", "Pwsh", "PwshSeat", "fake_hook", "powershell", "pwsh_seated"]

LINE = "Invoke-Expression (& vault hook powershell | Out-String)\n"
"""What stands in a profile."""

STRICT = """Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
"""
"""The strictest that a person sets in a profile."""


def powershell() -> str:
    """Return the path of PowerShell; without it the test fails where CI=true is set, and is skipped elsewhere."""
    path = find_powershell(os.environ)
    if path is None:
        verdict = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        verdict("PowerShell 7 is neither $SHELLINT_TEST_PWSH nor `pwsh` on PATH")
    return path


def pwsh_kind() -> Kind:
    """Return PowerShell as one more kind of shell for the rig."""
    return powershell_kind(powershell())


class Pwsh(Shell):
    """PowerShell at a terminal. Its children share its process group, so the foreground tells nothing."""

    def busy(self, timeout: float = TIMEOUT) -> None:
        """Wait until a child has the terminal."""
        self.wait(lambda: not self.editing, "a running child", timeout)


class PwshSeat(Seat):
    """A seat at PowerShell."""

    def sit(
        self,
        rc: str = "",
        *,
        first: str = "",
        hook: str | None = None,
        env: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
        **options: Any,
    ) -> Pwsh:
        """Open a PowerShell whose profile is `first`, the hook line, `rc`."""
        given = {name: value for name, value in (self.env | dict(env or {})).items() if name not in without}
        text = f"{first}\n{LINE if hook is None else hook}{rc}"
        return self._shells.enter_context(Pwsh(self.kind, self.home, text, given, **options))


@contextmanager
def pwsh_seated(home: Path) -> Iterator[PwshSeat]:
    """Give a seat at PowerShell; its shells are closed at the end."""
    kind = pwsh_kind()
    with StrictAws() as aws, ExitStack() as shells:
        yield PwshSeat(kind, home, aws, shells)


def fake_hook(fake: FakeProgram, *, name: str = "vault", prompt: bool = True, script: bool = True) -> Path:
    """Return a file with the hook that calls `fake`; without `script` the command is not a file but a function."""
    shell, command = SHELLS["powershell"], fake.directory / "vault.ps1"
    command.write_text(render_script(shell, version="1"))
    hook = fake.directory / f"hook-{name}-{prompt}-{script}.ps1"
    hook.write_text(
        render_hook(
            shell,
            command=name,
            program=fake.words,
            version="1",
            prompt=prompt,
            script=str(command) if script else "",
        )
    )
    return hook


class Piped:
    """One PowerShell without a terminal that is given a line at a time; what it prints is one list of lines."""

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        self.home = home
        self.status = (True, 0)
        """What $? and $LASTEXITCODE were after the last line."""
        self._count = 0
        self._out = (home / "out").open("wb")
        self._child = subprocess.Popen(
            [powershell(), "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", "-"],
            env=environment(home, NO_COLOR="1", **env),
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )
        self._look("")

    def load(self, hook: Path) -> str:
        """Evaluate a hook, as the line in a profile does, and return what that printed."""
        return self.run(f"Invoke-Expression (Get-Content -Raw '{hook}')")

    def run(self, line: str) -> str:
        """Run one line and return what it printed, errors and the program's stderr included; `status` is set."""
        start = self._size()
        self._send(line)
        ok, code = self._look('"$?" "$LASTEXITCODE"')[0]
        self.status = (ok == b"True", int(code or 0))
        return self._printed(start)

    def environ(self) -> dict[bytes, bytes]:
        """Return the environment of a child, exactly."""
        return self._look("")[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._child.stdin
        self._child.stdin.close()
        try:
            self._child.wait(10)
        finally:
            self._child.kill()
            self._child.wait()
            self._out.close()

    def _look(self, words: str) -> tuple[list[bytes], dict[bytes, bytes]]:
        self._count += 1
        file = self.home / f"look-{self._count}"
        self._send(f"& '{sys.executable}' -I -S '{probe.__file__}' '{file}' {words}")
        end = time.monotonic() + TIMEOUT
        while not file.exists():
            assert time.monotonic() < end, self._printed(0)
            assert self._child.poll() is None, self._printed(0)
            time.sleep(0.002)
        count, *items = file.read_bytes().split(b"\0")[:-1]
        arguments, variables = items[: int(count)], items[int(count) :]
        return arguments, dict(variable.split(b"=", 1) for variable in variables)

    def _send(self, line: str) -> None:
        assert self._child.stdin
        assert "\n" not in line
        self._child.stdin.write(line.encode() + b"\n")
        self._child.stdin.flush()

    def _size(self) -> int:
        return (self.home / "out").stat().st_size

    def _printed(self, start: int) -> str:
        return (self.home / "out").read_bytes()[start:].decode(errors="replace").replace("\r", "")
