"""The agent's signal reaches a shell that waits at its prompt: what is new is there before the typed line runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.poking import (
    AT_ONCE,
    HALF,
    LOCKED,
    key_of,
    lease_stamp,
    load,
    lock_stamp,
    poke,
    redrawn,
    renewed,
    shown_key,
    type_half,
)
from tests.rig.kinds import KINDS, Kind
from tests.seat import Seat, changes, hour, seated, segment

ENDED = "vault: plain has ended and is taken out of this shell; `vault refresh` loads it again"


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def test_a_renewal_elsewhere_is_there_before_the_typed_line_runs(seat: Seat) -> None:
    sh = seat.sit()
    first = load(seat, sh)
    type_half(sh, HALF)
    renewed(seat.home, first)
    poke(sh)
    redrawn(sh, *hour("plain"))
    key = shown_key(sh)
    second = sh.environ()
    assert key == key_of(second) != key_of(first)
    assert segment(sh) in hour("plain")
    assert "vault:" not in sh.text().split("RDY>", 2)[2]


def test_a_lock_is_there_before_the_typed_line_runs(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    before = sh.environ()
    load(seat, sh)
    type_half(sh, HALF)
    lock_stamp(seat.home).write_text("1\n")
    poke(sh)
    redrawn(sh, "")
    if seat.kind.name in AT_ONCE:
        lines = sh.lines()
        assert lines[lines.index(LOCKED) + 1] == f"RDY> {HALF}", sh.text()
    assert shown_key(sh) == ""
    assert sh.text().count(LOCKED) == 1
    assert changes(before, sh.environ()) == {}


TALL = {
    "zsh": "PROMPT=$'upper\\nRDY> '\n",
    "fish": "function fish_prompt; printf 'upper\\nRDY> '; end\n",
}


@pytest.mark.parametrize("shell_kind", [KINDS[name] for name in AT_ONCE], ids=AT_ONCE)
def test_a_line_goes_above_a_tall_prompt_and_a_long_line(seat: Seat) -> None:
    sh = seat.sit(first=TALL[seat.kind.name])
    load(seat, sh)
    # fish tells its handlers the line as it was at the last word's beginning.
    line = "echo " + 12 * "0123456789" + " end"
    sh.send(line)
    sh.wait(lambda: "".join(sh.lines()[-24:]).rstrip().endswith(line), "the typed line")
    sh.idle()
    lock_stamp(seat.home).write_text("1\n")
    poke(sh)
    sh.see("^" + LOCKED)
    sh.wait(lambda: sh.lines()[sh.screen.cursor.y - 2].strip() == "upper", "the prompt below")
    lines = sh.lines()
    at = lines.index(LOCKED)
    below = [text for text in lines[at + 1 : sh.screen.cursor.y + 1] if text]
    assert below == ["upper", f"RDY> {line}"[:100], f"RDY> {line}"[100:]]
    assert "upper" not in lines[at - 1]


def test_a_lease_that_was_taken_away_goes_as_by_a_lock(seat: Seat) -> None:
    sh = seat.sit()
    before = sh.environ()
    environ = load(seat, sh)
    type_half(sh, HALF)
    lease_stamp(seat.home, environ[b"SHELLINT_SESSION"]).write_text("0\n")
    poke(sh)
    redrawn(sh, "")
    assert shown_key(sh) == ""
    assert sh.text().count(LOCKED) == 1
    assert changes(before, sh.environ()) == {}


def test_an_end_is_there_before_the_typed_line_runs(seat: Seat) -> None:
    sh = seat.sit()
    before = sh.environ()
    load(seat, sh)
    ends = int(time.time()) + 3
    sh.run(sh.kind.export("SHELLINT_EXPIRES", str(ends)))
    type_half(sh, HALF)
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    poke(sh)
    redrawn(sh, "")
    assert shown_key(sh) == ""
    assert sh.text().count(ENDED) == 1
    assert changes(before, sh.environ()) == {}


def test_an_end_after_a_renewal_elsewhere_is_none(seat: Seat) -> None:
    """The machine slept over it: the agent has renewed the session before the shell came to it."""
    sh = seat.sit()
    first = load(seat, sh)
    renewed(seat.home, first)
    stamp = lease_stamp(seat.home, first[b"SHELLINT_SESSION"])
    stamp.rename(stamp.with_name("later"))
    sh.run(f"{sh.kind.export('SHELLINT_EXPIRES', '1000000000')}; mv run/shellint/later run/shellint/{stamp.name}")
    second = sh.environ()
    assert segment(sh) in hour("plain")
    assert key_of(second) != key_of(first)
