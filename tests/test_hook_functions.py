"""`vault` called from within a person's function, and beside functions that carry the names of builtins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.kinds import KINDS
from tests.seat import Seat, changes, seated

BOTH = pytest.mark.parametrize("kind", ["bash", "zsh"])
REMOVE = {"bash": "unset -f builtin", "zsh": "unfunction builtin"}


@pytest.fixture
def seat(kind: str, home: Path) -> Iterator[Seat]:
    with seated(KINDS[kind], home) as each:
        yield each


@BOTH
def test_a_function_called_builtin_sees_no_secret(seat: Seat, kind: str) -> None:
    sh = seat.sit()
    before = sh.environ()
    sh.run('builtin() { echo "SEEN $*"; }')
    sh.run("vault use plain || echo re'fused'")
    shown = bytes(sh.raw)
    assert b"vault: a function called builtin stands in the way, so nothing was changed" in shown
    assert b"refused" in shown
    assert b"SEEN export" not in shown
    assert b"SEEN eval" not in shown
    sh.run(REMOVE[kind])
    assert changes(before, sh.environ()) == {}
    assert not seat.asked("AssumeRole")
    sh.run("vault use plain")
    assert sh.value("AWS_VAULT") == b"plain"


@BOTH
def test_a_readonly_local_of_the_caller_changes_nothing(seat: Seat) -> None:
    sh = seat.sit()
    before = sh.environ()
    sh.run("f() { local -r AWS_REGION=x; vault use plain || echo refused; }; f")
    sh.see("^refused$")
    assert changes(before, sh.environ()) == {}
    assert not seat.asked("AssumeRole")


@BOTH
def test_locals_of_the_caller_leave_nothing_half_done(seat: Seat, kind: str) -> None:
    """bash takes them out and changes the shell; zsh, where that is not to be had, changes nothing."""
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    before = sh.environ()
    sh.run("f() { local AWS_PROFILE=x AWS_REGION=x AWS_ACCESS_KEY_ID=x; vault use plain; }; f")
    after = changes(before, sh.environ())
    if kind == "zsh":
        sh.see("^vault: AWS_ACCESS_KEY_ID is local to a function here, so nothing was changed$")
        assert after == {}
        return
    assert (after["AWS_PROFILE"], after["AWS_REGION"], after["AWS_VAULT"]) == (None, b"eu-west-1", b"plain")
    assert after["AWS_ACCESS_KEY_ID"] == after["SHELLINT_KEY"]
    sh.run("vault clear")
    # What the function had made of them is what was there before.
    assert {name: value for name, value in changes(before, sh.environ()).items() if value != b"x"} == {}


@BOTH
def test_no_colour_on_a_terminal_that_has_none(seat: Seat) -> None:
    sh = seat.sit(env={"TERM": "dumb"})
    sh.run("vault use plain")
    assert b"\x1b[32m" not in bytes(sh.raw)
    sh.see(r"^plain (60|59)m ")
