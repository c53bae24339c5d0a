"""The rig's own tests, on plain shells: what it reports is what a person, or a child of the shell, would see."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pyte
import pytest
from hypothesis import given

from tests.hostile import NAMES, VALUES, decoded, encoded, names, values
from tests.rig.environment import environment
from tests.rig.kinds import KINDS, MARK, Kind
from tests.rig.processes import Trace
from tests.rig.programs import program
from tests.rig.screen import Screen
from tests.rig.script import run_script
from tests.rig.shell import Shell

StartShell = Callable[..., Shell]


def test_status_is_that_of_the_last_command(shell: StartShell) -> None:
    sh = shell()
    sh.run("sh -c 'exit 7'")
    assert sh.status() == 7
    assert sh.status() == 0


def test_output_is_what_appeared_between_two_prompts(shell: StartShell) -> None:
    sh = shell()
    assert sh.output("printf '%s\\n' a '' c") == "a\n\nc"
    assert sh.output("true") == ""
    assert sh.output("seq 1 100").split() == [str(number) for number in range(1, 101)]
    wrapped = "x" * 250
    assert sh.output(f"echo {wrapped}").replace("\n", "") == wrapped


def test_a_cleared_screen_is_no_lost_prompt(shell: StartShell) -> None:
    sh = shell()
    sh.run("echo before")
    sh.run("clear")
    assert sh.text() == "RDY>"
    assert sh.showed("before")
    assert sh.output("echo after") == "after"


def test_the_rc_file_is_read_and_its_prompt_wins(shell: StartShell, shell_kind: Kind) -> None:
    sh = shell(shell_kind.prompts.format(prompt="[mine] RDY> ") + shell_kind.export("FROM_RC", "1"))
    assert sh.cur() == "[mine] RDY> "
    assert sh.value("FROM_RC") == b"1"


def test_an_rc_file_without_a_prompt_fails_with_the_screen(shell: StartShell) -> None:
    with pytest.raises(AssertionError, match=r"the program has ended; the screen:\nbroken rc"):
        shell("echo broken rc; exec false\n")


def test_a_child_sees_nothing_from_outside(shell: StartShell, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "outside")
    seen = shell(env={"MINE": "1"}).environ()
    own = {"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "LC_CTYPE"}
    assert {os.fsdecode(name) for name in seen} - own == set(environment(home)) | {"MINE"}


def test_hostile_values_typed_and_exported_reach_a_child_exactly(shell: StartShell) -> None:
    sh = shell()
    sent = {f"V{number}": encoded(value) for number, value in enumerate(VALUES.values()) if len(value) < 6_000}
    for name, value in sent.items():
        sh.run(sh.kind.export(name, value), timeout=90)  # the line editor of bash 3.2 takes its time over long lines
    seen = sh.environ()
    assert {name: seen.get(name.encode()) for name in sent} == sent


def test_hostile_values_in_a_script_reach_a_child_exactly(shell_kind: Kind, home: Path) -> None:
    lines = [shell_kind.export(f"V{number}", encoded(value)) for number, value in enumerate(VALUES.values())]
    done = run_script(shell_kind, "\n".join([*lines, "env -0"]), environment(home))
    assert (done.returncode, done.stderr) == (0, b"")
    seen = dict(entry.split(b"=", 1) for entry in done.stdout.split(b"\0")[:-1])
    assert [seen[b"V%d" % number] for number in range(len(VALUES))] == [encoded(value) for value in VALUES.values()]


def test_an_empty_variable_is_not_an_absent_one(shell: StartShell) -> None:
    sh = shell()
    sh.run(sh.kind.export("X", ""))
    assert sh.value("X") == b""
    sh.run(sh.kind.unset.format(name="X"))
    assert sh.value("X") is None


def test_words_are_the_arguments_of_a_child(shell: StartShell) -> None:
    sh = shell()
    sh.run(sh.kind.keep.format(name="unexported", value="'a  b'"))
    assert sh.words('"$unexported" "" {1,2}') == [b"a  b", b"", b"1", b"2"]


def test_ctrl_c_at_the_prompt_drops_what_is_typed(shell: StartShell) -> None:
    sh = shell()
    sh.send("touch hit")
    sh.see("RDY> touch hit$")
    assert not sh.ready
    sh.interrupt()
    # To fish a line that was dropped is no command.
    assert sh.status() == {"fish": 0}.get(sh.kind.name, sh.abandoned)
    assert sh.output("command ls") == "run"


def test_ctrl_c_reaches_a_running_child(shell: StartShell) -> None:
    sh = shell()
    sh.send("sleep 60\r")
    sh.busy()
    sh.interrupt()
    assert sh.status() == 130


def test_showed_finds_a_secret_however_it_reached_the_screen(shell: StartShell) -> None:
    sh = shell()
    secret = "s3cret" * 40
    assert not sh.showed(secret)
    sh.send(secret)
    sh.wait(lambda: sh.showed(secret), "the secret, typed over three lines")
    sh.interrupt()
    sh.run("printf 'hid''den\\r      \\n'")
    assert sh.showed("hidden")
    assert "hidden" not in sh.text()


def test_a_resized_terminal_tells_its_size(shell: StartShell) -> None:
    sh = shell()
    sh.resize(50, 20)
    sh.run()
    assert sh.output("stty size") == "20 50"


@pytest.mark.parametrize("lines", [7, 40])
def test_a_smaller_screen_keeps_the_cursor_on_its_line(lines: int) -> None:
    screen, typed = Screen(20, 24, str), [str(line) for line in range(lines)]
    pyte.ByteStream(screen).feed("\r\n".join(typed).encode())
    before, shown = screen.position, screen.before_cursor
    screen.resize(20, 20)
    assert (screen.position, screen.before_cursor, screen.lines) == (before, shown, 20)
    assert [line.rstrip() for line in screen.everything()[: before + 1]] == typed


def test_queries_are_answered(shell: StartShell, home: Path) -> None:
    sh = shell()
    sh.run("""bash -c 'printf "\\033[6n"; IFS= read -rs -d R reply; printf %s "$reply" >reply'""")
    assert (home / "reply").read_bytes().startswith(b"\x1b[")


def test_exit_code_of_the_shell(shell: StartShell) -> None:
    sh = shell()
    sh.send("exit 5\r")
    assert sh.wait_exit() == 5


def test_closing_leaves_no_process(shell: StartShell) -> None:
    sh = shell()
    sh.send("sleep 60\r")
    sh.busy()
    # Until it has become another program, a child of bash may swallow the signal.
    sh.wait(lambda: psutil.Process(sh.foreground).name() == "sleep", "the program itself")
    processes = [psutil.Process(sh.foreground), psutil.Process(sh.pid)]
    sh.close()
    _, alive = psutil.wait_procs(processes, timeout=5)
    # A machine whose first process reaps nobody keeps the dead as zombies.
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_condition_that_never_holds_fails_with_the_screen(shell: StartShell) -> None:
    sh = shell()
    sh.run("echo here")
    with pytest.raises(AssertionError, match=r"(?s)see 'nowhere': not within 0.2 s; the screen:.*here"):
        sh.see("nowhere", timeout=0.2)


def test_a_script_has_its_own_exit_code_streams_and_flags(shell_kind: Kind, home: Path) -> None:
    done = run_script(shell_kind, "echo out; echo err >&2; echo $absent; exit 4", environment(home))
    assert (done.returncode, done.stdout, done.stderr) == (4, b"out\n\n", b"err\n")
    parsed = run_script(shell_kind, "echo unreached", environment(home), "-n")
    assert (parsed.returncode, parsed.stdout, parsed.stderr) == (0, b"", b"")


def test_twenty_empty_prompts_start_no_process(shell: StartShell, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    sh = shell(under=trace.argv)
    assert [call.name for call in trace.calls()][:1] == ["execve"]
    trace.mark()
    for _ in range(20):
        sh.run()
    assert trace.calls() == []


def test_a_prompt_that_runs_a_program_is_caught_each_time(shell: StartShell, shell_kind: Kind, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    prompt = shell_kind.output.format(command="date") + f" {MARK}"
    sh = shell(shell_kind.expands + shell_kind.prompts.format(prompt=prompt), under=trace.argv)
    trace.mark()
    for _ in range(20):
        sh.run()
    assert sum("date" in call.rest for call in trace.calls() if call.name == "execve") >= 20


def test_threads_are_no_processes(shell: StartShell, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    sh = shell(under=trace.argv)
    trace.mark()
    sh.run(f"{sys.executable} -I -S -c 'import threading as t; t.Thread(target=print).start()'")
    assert len(trace.calls()) == 2
    assert "CLONE_THREAD" in trace.file.read_text()


@pytest.mark.parametrize(
    ("ci", "verdict"),
    [("true", pytest.fail.Exception), ("false", pytest.skip.Exception), (None, pytest.skip.Exception)],
)
def test_a_missing_program_fails_in_ci_and_skips_elsewhere(
    ci: str | None, verdict: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(verdict, match="no-such-shell is not installed"):
        program("no-such-shell")


def test_every_kind_stands_under_its_own_name() -> None:
    assert {"bash", "zsh", "fish"} == set(KINDS)
    assert all(name == kind.name for name, kind in KINDS.items())


@pytest.mark.parametrize("table", [VALUES, NAMES], ids=["values", "names"])
def test_hostile_rows_differ_and_are_what_their_bytes_say(table: dict[str, str]) -> None:
    assert len(set(table.values())) == len(table)
    assert all(decoded(encoded(value)) == value and "\0" not in value for value in table.values())


@given(value=values, name=names)
def test_generated_values_and_names_are_canonical(value: str, name: str) -> None:
    assert decoded(encoded(value)) == value
    assert "\0" not in value + name
    assert name == name.strip() != ""
    assert len(name.splitlines()) == 1
