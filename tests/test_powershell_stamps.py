"""The two stamps in PowerShell, which hears no signal: read at each prompt and before a typed line runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.poking import LOCKED, lease_stamp, lock_stamp, renewed
from tests.pwsh_shell import STRICT, Pwsh, PwshSeat, pwsh_seated
from tests.rig.environment import fresh_home
from tests.rig.processes import Trace
from tests.seat import changes, hour, segment

LIMITED = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PwshSeat]:
    with pwsh_seated(fresh_home(tmp_path_factory.mktemp("seat") / "home")) as seat:
        yield seat


@pytest.fixture
def sh(seat: PwshSeat) -> Pwsh:
    """A strict shell, with `plain` loaded while the lock stamp was 41."""
    lock_stamp(seat.home).write_text("41\n")
    seat.aws.session_seconds_for = {"AssumeRole": 1500}
    sh = seat.sit(first=STRICT, env={"AWS_PROFILE": "mine"})
    sh.run("vault use plain --force", timeout=60)
    seat.aws.session_seconds_for = {}
    assert sh.value("SHELLINT_LOCK") == b"41"
    return sh


@pytest.mark.parametrize("limited", [False, True], ids=["full", "constrained"])
def test_a_typed_line_does_not_run_with_what_was_locked_meanwhile(seat: PwshSeat, sh: Pwsh, limited: bool) -> None:
    if limited:
        sh.run(LIMITED)
    lock_stamp(seat.home).write_text("not a number\n")
    sh.run("1")
    assert segment(sh).startswith("plain ")
    lock_stamp(seat.home).write_text("42\n")
    assert sh.value("AWS_ACCESS_KEY_ID") is None
    assert segment(sh) == ""
    assert sh.text().count(LOCKED) == 1
    assert sh.value("AWS_PROFILE") == b"mine"
    assert sh.value("SHELLINT_LOCK") is None


def test_a_lease_that_was_taken_away_goes_as_by_a_lock(seat: PwshSeat, sh: Pwsh) -> None:
    lease_stamp(seat.home, sh.value("SHELLINT_SESSION")).write_text("0\n")
    sh.run("1")
    assert sh.text().count(LOCKED) == 1
    assert segment(sh) == ""


def test_a_renewal_elsewhere_is_there_before_the_typed_line_runs(seat: PwshSeat, sh: Pwsh, tmp_path: Path) -> None:
    """Once a minute at most, and the other prompts start no process."""
    first, asked = sh.environ(), seat.asked("AssumeRole")
    renewed(seat.home, first, 10**6)
    second = sh.environ()
    assert changes(first, second)["AWS_ACCESS_KEY_ID"]
    assert segment(sh) in hour("plain")
    for number in range(3):
        sh.run(f"{number}")
    assert seat.asked("AssumeRole") == asked + 1


def test_twenty_prompts_with_both_stamps_start_no_process(seat: PwshSeat, tmp_path: Path) -> None:
    lock_stamp(seat.home).write_text("41\n")
    trace = Trace(tmp_path / "trace")
    sh = seat.sit(first=STRICT, under=trace.argv)
    sh.run("vault use plain --force", timeout=60)
    environ = sh.environ()
    lease_stamp(seat.home, environ[b"SHELLINT_SESSION"]).write_bytes(environ[b"SHELLINT_EXPIRES"] + b"\n")
    sh.run("1", timeout=60)
    trace.mark()
    for number in range(20):
        sh.run(f"{number}", timeout=60)
    assert trace.calls() == []
    assert segment(sh) in hour("plain")
