"""What PowerShell says of the last command: `$?`, `$LASTEXITCODE`, `&&`, at the next prompt and in the next line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.render import SHELLS, render_change
from tests.fake_program import FakeProgram, loaded
from tests.pwsh_shell import STRICT, Piped, Pwsh, PwshSeat, fake_hook, pwsh_seated
from tests.rig.environment import environment, fresh_home

BEFORE = {"AWS_PROFILE": "mine"}
ASKING = 'function prompt { "[$?|$LASTEXITCODE] RDY> " }\n'
"""A prompt of the person's own."""


@pytest.fixture
def seat(home: Path) -> Iterator[PwshSeat]:
    with pwsh_seated(home) as seat:
        yield seat


@pytest.mark.parametrize("strict", ["", STRICT], ids=["plain", "strict"])
def test_the_prompt_and_the_next_line_see_what_the_command_was(seat: PwshSeat, strict: str) -> None:
    sh = seat.sit(first=ASKING + strict)
    for command, ok, code in (
        ("vault use plain", True, 0),
        ("sh -c 'exit 7'", False, 7),
        ("vault refresh", True, 0),
        ("vault use nosuch && 'ran'", False, 1),
        ("vault exec plain true", True, 0),
        ("vault exec plain -- sh -c 'exit 7' && 'ran'", False, 7),
        ("sh -c 'exit 0'", True, 0),
        ("vault clear --nonsense", False, 2),
        ("vault clear", True, 0),
    ):
        assert "ran" not in sh.output(command).splitlines(), command
        assert shown(sh) == f"[{ok}|{code}]", command
        assert sh.output('"$? $LASTEXITCODE"') == f"{ok} {code}", command


def shown(sh: Pwsh) -> str:
    """Return what the person's own prompt shows before its mark, without our segment."""
    return sh.cur().split()[-2]


class Bench:
    """A PowerShell with the hook of a program that can be made unfit to run."""

    def __init__(self, shell: Piped, fake: FakeProgram) -> None:
        self.shell = shell
        self.fake = fake
        self.program = fake.directory / "program"

    def load(self, seconds: int, profile: str = "prod") -> None:
        """Load a session of `profile` that ends in `seconds`."""
        self.program.chmod(0o755)
        self.fake.answer("use it", render_change(SHELLS["powershell"], loaded(BEFORE, profile, seconds, time.time())))
        assert self.shell.run("vault use it") == ""
        assert b"AWS_SECRET_ACCESS_KEY" in self.shell.environ()


def quiet_desktop(base: Path) -> Path:
    """Return a folder with a silent `xdg-open`: PowerShell hands it what may not be run, and does not wait for it."""
    folder = base / "desktop"
    folder.mkdir()
    opener = folder / "xdg-open"
    opener.write_text("#!/bin/sh\n")
    opener.chmod(0o755)
    return folder


@pytest.fixture(scope="module", params=["script", "function"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    base = tmp_path_factory.mktemp(request.param)
    home, fake = fresh_home(base / "home"), FakeProgram(base / "program")
    fake.words = (str(fake.directory / "program"),)
    with Piped(home, BEFORE | {"PATH": f"{quiet_desktop(base)}:{environment(home)['PATH']}"}) as shell:
        assert shell.load(fake_hook(fake, script=request.param == "script")) == ""
        yield Bench(shell, fake)


def test_a_program_that_may_not_be_run_is_no_success_of_the_one_before(bench: Bench) -> None:
    """PowerShell hands such a file to the desktop to be opened, and $LASTEXITCODE stays as it was."""
    bench.load(3590)
    bench.program.chmod(0o644)
    for words in ("use it", "clear", "exec prod"):
        assert "went on" not in bench.shell.run(f"sh -c 'exit 0'; vault {words} && 'went on'")
        bench.shell.run(f"sh -c 'exit 0'; vault {words}")
        assert bench.shell.status == (False, 127)
    assert b"AWS_SECRET_ACCESS_KEY" in bench.shell.environ()


def test_ended_credentials_go_when_the_program_may_not_be_run(bench: Bench) -> None:
    bench.load(-5)
    bench.program.chmod(0o644)
    printed = bench.shell.run("sh -c 'exit 0'; $null = prompt")
    assert "vault: prod is taken out of this shell; `vault clear` puts back what was there before\n" in printed
    assert b"AWS_SECRET_ACCESS_KEY" not in bench.shell.environ()
    assert bench.shell.run("$null = prompt") == ""


@pytest.mark.parametrize(
    ("profile", "name"),
    [("p\x1b]0;title\x07rod\r\n\x9b31m", "p]0;titlerod31m"), ("\x07\x1b\x7f\x85", "the session")],
    ids=["some", "nothing-else"],
)
def test_no_line_about_a_profile_carries_control_bytes(bench: Bench, profile: str, name: str) -> None:
    bench.load(-5, profile)
    bench.fake.answer("clear --expired --no-input", code=1)
    assert bench.shell.run("$null = prompt") == (
        f"vault: {name} is taken out of this shell; `vault clear` puts back what was there before\n"
    )
    bench.load(3590, profile)
    assert bench.shell.run("$env:AWS_ACCESS_KEY_ID = 'AKIAPASTED'; $null = prompt") == (
        f"vault: other AWS keys were put into this shell; {name} is let go, the keys are left as they are\n"
    )
