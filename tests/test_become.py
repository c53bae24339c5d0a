"""Where a process cannot become another program (Windows) it waits for the command, and ends as that does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shellint import process
from tests.rig.environment import environment
from tests.rig.terminal import Terminal

# Becomes its arguments as on Windows, and says what is said where that fails.
BECOME = """\
import os, sys
from shellint.process import become
code, why = become(sys.argv[1:], dict(os.environ), None, platform="win32")
print(why)
sys.exit(code)
"""
# Waits until it is interrupted, says so, and ends in its own way.
STUBBORN = """\
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
print("interrupted")
sys.exit(9)
"""


def become(*command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", BECOME, *command]
    return subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("code", [0, 7, 255])
def test_the_exit_code_is_the_commands(code: int) -> None:
    done = become("/bin/sh", "-c", f"cat; echo told >&2; exit {code}", stdin="given")
    assert (done.returncode, done.stdout, done.stderr) == (code, "given", "told\n")


@pytest.mark.parametrize(
    ("command", "code", "why"),
    [("nosuch", 127, "command not found"), ("/tmp", 126, "Permission denied")],
)
def test_what_cannot_be_started_has_the_exit_code_of_a_shell(command: str, code: int, why: str) -> None:
    done = become(command)
    assert (done.returncode, done.stdout, done.stderr) == (code, f"{why}\n", "")


def test_ctrl_c_is_for_the_command_to_decide(tmp_path: Path) -> None:
    words = [sys.executable, "-c", BECOME, sys.executable, "-c", STUBBORN]
    with Terminal(words, environment(tmp_path), cwd=Path(__file__).parents[1]) as terminal:
        terminal.see("^ready$")
        terminal.ctrl("c")
        assert terminal.wait_exit() == 9
        assert [line for line in terminal.lines() if line] == ["ready", "^Cinterrupted"]


@pytest.mark.parametrize(
    ("code", "ended"), [(0, 0), (0xC000013A, -0x3FFFFEC6), (0xFFFFFFFF, -1), (0x7FFFFFFF, 0x7FFFFFFF)]
)
def test_an_exit_code_of_32_bits_is_one_that_python_can_end_with(
    code: int, ended: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No program on Linux has one, so here it is the runner that says so."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code))
    monkeypatch.setattr(process, "_restore", lambda _: None)  # this process has still to go on
    with pytest.raises(SystemExit) as caught:
        process.become(["anything"], {}, None, platform="win32")
    assert caught.value.code == ended
