"""What a prompt reads of the two stamps: it costs no process, and nothing but another number means anything."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.poking import LOCKED, lease_stamp, lock_stamp, renewed
from tests.rig.kinds import Kind
from tests.rig.processes import Trace
from tests.rig.programs import version
from tests.seat import Seat, changes, hour, seated, segment


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


NOTHING = {
    "empty": b"",
    "letters": b"x\n",
    "code": b"a[$(touch hit)]\n",
    "negative": b"-1\n",
    "too long": b"1234567890123\n",
    "spaces": b"  \n",
    "NUL and bytes": b"\x00\xff\xfe\x1b[2J\n",
    "much": b"9" * 100_000,
}


def test_what_is_no_number_counts_as_not_there(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = sh.environ()
    stamps = [lock_stamp(seat.home), lease_stamp(seat.home, loaded[b"SHELLINT_SESSION"])]
    for stamp in stamps:
        for name, content in NOTHING.items():
            stamp.write_bytes(content)
            assert sh.output("") == "", name
            assert segment(sh) in hour("plain"), name
        stamp.unlink()
        for make in (Path.mkdir, os.mkfifo):
            make(stamp)
            assert sh.output("") == ""
            stamp.rmdir() if stamp.is_dir() else stamp.unlink()
    assert changes(loaded, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


def test_another_lock_stamp_takes_everything_out_at_the_next_prompt(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"})
    before = sh.environ()
    lock_stamp(seat.home).write_text("41\n")
    sh.run("vault use plain")
    assert sh.value("SHELLINT_LOCK") == b"41"
    assert segment(sh) in hour("plain")
    assert sh.output("") == ""
    lock_stamp(seat.home).write_text("42\n")
    assert sh.output("") == LOCKED
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    assert sh.output("") == ""
    sh.run("vault refresh")
    assert segment(sh) in hour("plain")
    assert sh.value("SHELLINT_LOCK") == b"42"


def test_a_typed_line_does_not_run_with_what_was_locked_meanwhile(seat: Seat) -> None:
    """Before bash runs it nobody looks, unless the agent's signal says so, or bash-preexec is there."""
    sh = seat.sit()
    sh.run("vault use plain")
    lock_stamp(seat.home).write_text("1\n")
    empty = sh.value("AWS_ACCESS_KEY_ID") is None
    assert empty is (seat.kind.name != "bash")
    assert segment(sh) == ""


STRANGE = {
    "bash": "set -euC; IFS=0123456789; shopt -s nullglob failglob; read() { echo fake; }; local() { echo fake; }\n",
    "zsh": "setopt ksh_arrays sh_word_split no_unset err_exit no_clobber; IFS=0123456789; read() { echo fake; }\n",
    "fish": "set -g IFS 0123456789; function read; echo fake; end\n",
}


def test_strange_settings_read_the_same(seat: Seat) -> None:
    sh = seat.sit(STRANGE[seat.kind.name])
    before = sh.environ()
    lock_stamp(seat.home).write_text("10\n")
    sh.run("vault use plain")
    loaded = sh.environ()
    assert segment(sh) in hour("plain")
    assert sh.output("") == ""
    lease_stamp(seat.home, loaded[b"SHELLINT_SESSION"]).write_text(f"{loaded[b'SHELLINT_EXPIRES'].decode()}\n")
    assert sh.output("") == ""
    assert segment(sh) in hour("plain")
    lock_stamp(seat.home).write_text("12\n")
    assert sh.output("") == LOCKED
    assert changes(before, sh.environ()) == {}


def test_a_shell_within_drops_its_copy_and_renews_nothing(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = sh.environ()
    asked = seat.asked("AssumeRole")
    renewed(seat.home, loaded)
    sh.run(f"{seat.kind.name} {' '.join(seat.kind.interactive)}")
    assert sh.foreground != sh.pid
    assert segment(sh) in hour("plain")
    assert sh.value("AWS_ACCESS_KEY_ID") == loaded[b"AWS_ACCESS_KEY_ID"]
    assert seat.asked("AssumeRole") == asked
    lease_stamp(seat.home, loaded[b"SHELLINT_SESSION"]).unlink()
    lock_stamp(seat.home).write_text("1\n")
    sh.run()
    assert sh.text().count(LOCKED) == 1
    assert sh.value("AWS_ACCESS_KEY_ID") is None


def test_a_shell_that_begins_with_what_was_locked_drops_it_at_once(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    environ = {name.decode(): value.decode() for name, value in sh.environ().items()}
    lock_stamp(seat.home).write_text("1\n")
    within = seat.sit(env={name: value for name, value in environ.items() if name.startswith(("AWS_", "SHELLINT_"))})
    assert "vault:" not in within.text()
    assert within.value("AWS_ACCESS_KEY_ID") is None


def test_a_stamp_that_stays_ahead_costs_one_renewal_and_no_process_at_a_prompt(seat: Seat, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    sh = seat.sit(under=trace.argv)
    lock_stamp(seat.home).write_text("7\n")
    seat.aws.session_seconds_for = {"AssumeRole": 1500}
    sh.run("vault use plain")
    loaded = sh.environ()
    asked = seat.asked("AssumeRole")
    renewed(seat.home, loaded, 10**6)
    sh.run()
    assert seat.asked("AssumeRole") == asked + 1
    trace.mark()
    for _ in range(20):
        sh.run()
    assert seat.asked("AssumeRole") == asked + 1
    if not (seat.kind.name == "fish" and version("fish") < (3, 6)):
        assert trace.calls() == []
    assert segment(sh) in {"plain 25m", "plain 24m"}


def test_without_a_runtime_directory_the_lease_stamps_are_below_tmp(seat: Seat) -> None:
    sh = seat.sit(env={"XDG_RUNTIME_DIR": "relative"})
    sh.run("vault use plain")
    directory = Path(f"/tmp/shellint-{os.geteuid()}")
    directory.mkdir(mode=0o700, exist_ok=True)
    stamp = directory / lease_stamp(seat.home, sh.value("SHELLINT_SESSION")).name
    try:
        stamp.write_text("0\n")
        assert sh.output("") == LOCKED
    finally:
        stamp.unlink()
        with contextlib.suppress(OSError):
            directory.rmdir()
