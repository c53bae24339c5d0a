"""The lean front door is as good as the whole program: the same words, codes and environments for whatever comes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import shellint
from shellint.hook import kept_hook
from tests.agent_rig import Agency, agency, until
from tests.agent_wire import socket_of
from tests.desk import Desk
from tests.fake_program import CALL
from tests.rig.environment import environment

Done = tuple[int, bytes, bytes]

HEAVY = (
    "import sys; sys.path.append(sys.argv.pop(1)); from shellint import lean; lean.ask(); print(*sorted(sys.modules))"
)
ALLOWED = {"shellint", "shellint.lean", "shellint.reach", "_socket", "_signal", "resource"}
"""What it may have beyond an empty interpreter."""


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    desk.role("plain")
    with agency(desk) as started:
        socket_of(started)
        assert started.run("export", "plain").returncode == 0  # so that no door has to get it first
        yield started


def both(agent: Agency, *words: str | bytes, env: Mapping[str, str | None] | None = None, **how: object) -> Done:
    """Call it with the agent and without, check that the same comes of it, and return that."""
    results = []
    for switch in ("auto", "off"):
        given: dict[str, str | None] = dict(environment(agent.desk.home, **{**agent.env, "SHELLINT_AGENT": switch}))
        given |= env or {}
        variables = {name: value for name, value in given.items() if value is not None}
        options: dict[str, object] = {"cwd": agent.desk.home, **how}
        done = subprocess.run([*CALL, *words], env=variables, capture_output=True, check=False, timeout=60, **options)  # type: ignore[call-overload]
        results.append((done.returncode, done.stdout.replace(f"AGENT={switch}".encode(), b"AGENT"), done.stderr))
    assert results[0] == results[1]
    return results[0]


def program(path: Path, text: str = "#!/bin/sh\necho ran\n", mode: int = 0o755) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("nosuch", 127), ("./nosuch", 127), ("nosuch\x1b[31m/x", 127), ("noshebang", 126), ("./closed", 126),
        ("closed", 126),        (".", 126), ("", 127), ("bin/twice", 0), ("twice", 0), ("./broken", 127),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_said_in_the_same_words(agent: Agency, command: str, code: int) -> None:
    home = agent.desk.home
    program(home / "first" / "twice", mode=0o644)
    program(home / "bin" / "twice")
    program(home / "first" / "noshebang", "\0\1\2")
    program(home / "first" / "closed", mode=0o600)
    program(home / "closed", mode=0o600)
    program(home / "broken", "#!/nosuch/interpreter\n")
    env = {"PATH": f"/dev/null:{home}/first::bin:/usr/bin:/bin"}
    found, out, told = both(agent, "exec", "plain", "--", command, env=env)
    assert (found, out) == (code, b"" if code else b"ran\n")
    assert (told.count(b"\n"), b"\x1b" in told) == (int(code > 0), False)


@pytest.mark.parametrize("path", ["", ":", None, "/nosuch", "relative"])
def test_a_path_is_searched_as_ever(agent: Agency, path: str | None) -> None:
    program(agent.desk.home / "here")
    program(agent.desk.home / "relative" / "there")
    for command in ("here", "there", "true"):
        code, _, _ = both(agent, "exec", "plain", "--", command, env={"PATH": path})
        found = {"here": path in {"", ":"}, "there": path == "relative", "true": path is None}
        assert code == (0 if found[command] else 127)


def test_words_and_variables_arrive_byte_for_byte(agent: Agency) -> None:
    show = ["sh", "-c", 'printf "[%s]" "$@"; env -0 | sort -z', "sh"]
    odd = [b"\xff\xfe", b"", b"a\nb", "ü".encode(), b"--serve", b"-"]
    code, out, _ = both(agent, "exec", "plain", "--", *show, *odd, env={"AWS_ODD": "\udcff\udc80", "ODD": "\udcff\n"})
    assert code == 0
    assert out.startswith(b"".join(b"[%s]" % word for word in odd))
    assert b"AWS_ODD=\xff\x80\0" in out
    assert b"ODD=\xff\n\0" in out


@pytest.mark.parametrize("name", ["BIG", "AWS_BIG"])
def test_an_environment_of_a_megabyte_is_handed_on(agent: Agency, name: str) -> None:
    big = {f"{name}{number}": "x" * 100_000 for number in range(11)}
    code, out, _ = both(agent, "exec", "plain", "--", "sh", "-c", "env | wc -c", env=dict(big))
    assert (code, int(out) > 1_100_000) == (0, True)


def test_what_python_sets_for_itself_does_not_reach_the_command(agent: Agency) -> None:
    unset = dict.fromkeys(("LANG", "LC_ALL", "LC_CTYPE"))
    for locale, seen in (({}, b""), ({"LANG": "C"}, b"LANG=C\n"), ({"LC_CTYPE": "C.UTF-8"}, b"LC_CTYPE=C.UTF-8\n")):
        shown = both(agent, "exec", "plain", "--", "sh", "-c", "env | grep -E '^L(C_|ANG)'; true", env=unset | locale)
        assert shown == (0, seen, b"")


def test_limits_and_signals_are_the_callers(agent: Agency) -> None:
    import resource

    for core in (0, 4096, resource.RLIM_INFINITY):
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if hard not in {resource.RLIM_INFINITY, core} and core > hard:
            continue

        def limit(soft: int = core, hard: int = hard) -> None:
            resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))

        code, out, _ = both(agent, "exec", "plain", "--", "sh", "-c", "ulimit -S -c", preexec_fn=limit)
        assert (code, out.strip()) == (0, b"unlimited" if core == resource.RLIM_INFINITY else b"%d" % (core // 512))
    code, out, _ = both(agent, "exec", "plain", "--", "sh", "-c", "grep SigIgn /proc/$$/status")
    assert int(out.split()[1], 16) & (1 << signal.SIGPIPE - 1) == 0
    assert both(agent, "exec", "plain", "--", "sh", "-c", "kill -PIPE $$")[0] == -signal.SIGPIPE


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_descriptor_is_no_file_of_ours(agent: Agency, closed: str) -> None:
    env = environment(agent.desk.home, **agent.env)
    file = agent.desk.home / "seen"
    look = f"ls -l /proc/self/fd | grep -v /proc/ > '{file}'"
    words = [*CALL, "exec", "plain", "--", "sh", "-c", look]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *words], env=env, check=False, timeout=60)
    assert done.returncode == 0
    assert not [line for line in file.read_text().splitlines() if str(agent.desk.home) in line and "seen" not in line]


def test_a_directory_that_is_gone_and_files_named_from_where_one_is(agent: Agency) -> None:
    gone, config = agent.desk.home / "gone", agent.desk.home / "sub" / "config"
    config.parent.mkdir()
    config.write_text(agent.desk.config.read_text().replace("profile plain", "profile renamed"))
    assert both(agent, "export", "renamed", env={"AWS_CONFIG_FILE": "config"}, cwd=config.parent)[0] == 0
    assert both(agent, "export", "renamed", env={"AWS_CONFIG_FILE": "sub/config"})[0] == 0
    assert both(agent, "export", "renamed", env={"AWS_CONFIG_FILE": str(agent.desk.config)})[0] == 1

    def lose() -> None:
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()

    assert both(agent, "export", "plain", "--format", "env", preexec_fn=lose)[0] == 0


def test_the_time_limit_of_a_prompt_holds_whoever_answers(agent: Agency) -> None:
    (process,) = agent.agents()
    process.suspend()
    begin = time.monotonic()
    done = agent.run("status", SHELLINT_DEADLINE="1")
    assert (done.returncode, done.stdout) == (-signal.SIGALRM, "")
    assert time.monotonic() - begin < 5
    process.resume()
    for switch in ("auto", "off"):
        for words in (["sleep", "1.5"], ["sh", "-c", "echo ${SHELLINT_DEADLINE-none}"]):
            done = agent.run(
                "exec", "plain", "--", *words, SHELLINT_DEADLINE="1" if switch == "auto" else "5", SHELLINT_AGENT=switch
            )
            assert (done.returncode, done.stdout) == (0, "" if words[0] == "sleep" else "none\n"), done.stderr


def test_an_answer_that_cannot_be_written_is_said(agent: Agency) -> None:
    for switch in ("auto", "off"):
        with Path("/dev/full").open("wb") as full:
            env = environment(agent.desk.home, **agent.env) | {"SHELLINT_AGENT": switch}
            done = subprocess.run([*CALL, "export", "plain"], env=env, stdout=full, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (
            1,
            b"vault: the answer cannot be written: No space left on device\n",
        )


def test_it_imports_what_an_empty_interpreter_has_and_two_files_of_ours(agent: Agency) -> None:
    python = [sys.executable, "-I", "-S", "-c"]
    bare = subprocess.run(
        [*python, "import sys; print(*sorted(sys.modules))"], capture_output=True, text=True, check=True
    )
    root = str(Path(shellint.__file__).parents[1])
    env = environment(agent.desk.home, **agent.env)
    done = subprocess.run(
        [*python, HEAVY, root, "agent", "status"], env=env, capture_output=True, text=True, check=True
    )
    answered, imported = done.stdout.splitlines()
    assert answered.startswith("running")
    assert set(imported.split()) - set(bare.stdout.split()) <= ALLOWED


def test_a_hook_kept_from_before_an_upgrade_is_rendered_again_by_the_agent_that_starts(agent: Agency) -> None:
    text = agent.run("hook", "bash").stdout
    assert agent.run("agent", "stop").returncode == 0
    kept = kept_hook("bash", environment(agent.desk.home, **agent.env))
    kept.write_text("# of another version\n")
    assert agent.run("agent", "start").returncode == 0
    until(lambda: kept.read_text() == text)


def test_a_hook_calls_the_program_that_printed_it(agent: Agency, tmp_path: Path) -> None:
    copied = tmp_path / "elsewhere" / "shellint"
    shutil.copytree(Path(shellint.__file__).parent, copied, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(shellint.__file__).parents[1] / "shells", copied.parent / "shells")
    env = environment(agent.desk.home, **agent.env)
    words = [sys.executable, "-I", "-S", str(copied / "client.py"), "hook", "bash"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert str(copied / "client.py") in done.stdout
    assert CALL[-1] not in done.stdout
