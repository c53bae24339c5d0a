"""What the program leaves behind in itself and in the command it becomes: descriptors, limits, signals, variables."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.outcome import unforeseen
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, PASSPHRASE, Desk
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        yield Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))


def through_sh(desk: Desk, script: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh, in which `"$@"` is `vault WORDS`, so that it can close and redirect what it wants."""
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", str(BIN / "vault"), *words],
        env=environment(desk.home, **{**desk.env, **env}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_a_closed_or_full_descriptor_changes_no_exit_code(desk: Desk, closed: str) -> None:
    """Nor does a file of ours take its place: the store is read as it was."""
    store = desk.home / ".local" / "share" / "shellint" / "store.json"
    before = store.read_bytes()
    assert through_sh(desk, f'"$@" {closed}', "list").returncode == 0
    assert through_sh(desk, f'"$@" {closed}', "exec", "base", "true").returncode == 0
    assert through_sh(desk, f'"$@" {closed}', "exec", "nosuch", "true").returncode == 1
    assert store.read_bytes().startswith(before[:40])


def test_a_full_disk_behind_stdout_is_one_clear_line(desk: Desk) -> None:
    result = through_sh(desk, '"$@" >/dev/full', "list")
    assert (result.returncode, result.stderr) == (1, "vault: the answer cannot be written: No space left on device\n")


def test_the_passphrase_descriptor_is_not_the_commands(desk: Desk) -> None:
    script = f'exec 5<<END\n{PASSPHRASE}\nEND\n"$@"'
    words = ("exec", "--passphrase-fd", "5", "base", "--", "sh", "-c", "cat <&5")
    result = through_sh(desk, script, *words)
    assert result.returncode != 0
    assert PASSPHRASE not in result.stdout + result.stderr


def test_the_command_gets_the_limits_signals_and_alarms_of_its_caller(desk: Desk) -> None:
    probe = (
        "import resource, signal; print(resource.getrlimit(resource.RLIMIT_CORE)[0], "
        "signal.getsignal(signal.SIGXFSZ) is signal.SIG_DFL, signal.getitimer(signal.ITIMER_REAL)[0])"
    )
    words = (
        "exec",
        "base",
        "--",
        "sh",
        "-c",
        'ulimit -c; grep SigIgn /proc/self/status; "$@"',
        "sh",
        "python3",
        "-c",
        probe,
    )
    result = through_sh(desk, 'ulimit -c 8; "$@"', *words, SHELLINT_DEADLINE="50")
    limit, ignored, seen = result.stdout.splitlines()
    assert limit == "8"
    assert int(ignored.split()[1], 16) & (1 << 12) == 0  # SIGPIPE is number 13
    assert seen.endswith("0.0")


def test_python_puts_no_variable_into_the_commands_environment(desk: Desk) -> None:
    """In the C locale it sets LC_CTYPE for itself (PEP 538)."""
    result = through_sh(desk, '"$@"', "exec", "base", "--", "env", LANG="C")
    names = {line.partition("=")[0] for line in result.stdout.splitlines()}
    assert "AWS_SESSION_TOKEN" in names
    assert "LC_CTYPE" not in names
    kept = through_sh(desk, '"$@"', "exec", "base", "--", "env", LANG="C", LC_CTYPE="C.UTF-8")
    assert "LC_CTYPE=C.UTF-8" in kept.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "code"), [("", 127), ("nosuch", 127), ("/etc/passwd", 126), ("/etc/passwd/x", 127)]
)
def test_a_command_that_cannot_be_run_has_the_exit_code_of_a_shell(desk: Desk, command: str, code: int) -> None:
    result = vault(desk, "exec", "base", "--", command)
    assert (result.returncode, result.stdout) == (code, "")
    assert len(result.stderr.splitlines()) == 1


def test_a_hooks_mark_from_outside_shows_no_secret_on_a_terminal(desk: Desk) -> None:
    env = environment(desk.home, **desk.env, SHELLINT_SHELL="bash", SHELLINT_PID="1")
    with Terminal([str(BIN / "vault"), "use", "base"], env, cwd=desk.home) as terminal:
        terminal.see("this shell has no hook")
        assert terminal.wait_exit() == 2
        assert "AWS_SECRET" not in terminal.text()


def test_an_unknown_shell_is_refused_before_anybody_is_asked(desk: Desk) -> None:
    before = len(desk.aws.requests)
    result = vault(desk, "use", "base", SHELLINT_SHELL="tcsh", SHELLINT_PID="1")
    assert (result.returncode, result.stdout) == (2, "")
    assert len(desk.aws.requests) == before


def test_a_hostile_deadline_is_none(desk: Desk) -> None:
    assert vault(desk, "list", SHELLINT_DEADLINE="9" * 400).returncode == 0


def test_no_memory_is_written_to_disk_when_a_question_is_quit(desk: Desk, tmp_path: Path) -> None:
    desk.profile("asking", source_profile="base", mfa_serial=desk.mfa.serial)
    argv = ["/bin/sh", "-c", f'ulimit -c unlimited; exec "{BIN / "vault"}" exec asking true']
    with Terminal(argv, environment(desk.home, **desk.env), cwd=tmp_path) as terminal:
        terminal.see("MFA code for")
        terminal.ctrl("\\")
        assert terminal.wait_exit() != 0
    assert list(tmp_path.iterdir()) == []


SIGNATURE = "_-Zz09" * 8
TOKENS = {
    "secret key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "JWT": f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.{SIGNATURE}",
    "JWT of short parts": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSIsImEiOjF9.",
    "short parts of base64url": "ab_cd-ef" * 5,
    "encoded for a URL": "IQoJb3JpZ2lu%2FX2VjEPr%2B%2F%2F" * 3,
}


@pytest.mark.parametrize("token", TOKENS)
def test_debug_shows_where_it_was_and_no_token(token: str) -> None:
    def fail() -> None:
        raise ValueError(f"odd answer: Bearer {TOKENS[token]}: from https://host/?code={TOKENS[token]}&x=1")

    try:
        fail()
    except ValueError as error:
        told = unforeseen(error, debug=True).failure
    assert not any(TOKENS[token][at : at + 12] in told for at in range(len(TOKENS[token]) - 11))
    assert "odd answer: Bearer …: from https://" in told
    assert f"{Path(__file__).name}" in told
