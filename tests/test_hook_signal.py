"""The agent's signal disturbs nothing: not what the person has for it, nor what the hook or the shell is doing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import Breakage
from tests.poking import AT_ONCE, HALF, LOCKED, key_of, load, lock_stamp, poke, redrawn, renewed, shown_key, type_half
from tests.rig.kinds import Kind
from tests.seat import Seat, hour, seated, segment


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


OWN = {
    "bash": "trap 'heard=\"$heard:$?\"' URG\n",
    "zsh": 'TRAPURG() { heard="$heard:$?" }\n',
    "fish": 'function mine --on-signal URG; set -g heard "$heard:$status"; end\n',
}
"""A person's own use of the signal."""


@pytest.mark.parametrize("order", ["before", "after", "typed"])
def test_a_person_s_own_trap_is_run_once_a_signal_too(seat: Seat, order: str) -> None:
    own = OWN[seat.kind.name]
    sh = seat.sit(own if order == "after" else "", first=own if order == "before" else "")
    if order == "typed":
        load(seat, sh)
        sh.run(own.strip())
        sh.run("vault use plain")
    else:
        load(seat, sh)
        sh.run("vault refresh")
    sh.run("sh -c 'exit 7'")
    type_half(sh, HALF)
    lock_stamp(seat.home).write_text("1\n")
    poke(sh)
    redrawn(sh, "")
    assert shown_key(sh) == ""
    assert sh.words('"$heard"') == [b":7"]
    assert sh.text().count(LOCKED) == 1


def test_the_status_and_the_last_word_stay_the_person_s(seat: Seat) -> None:
    sh = seat.sit()
    load(seat, sh)
    line = 'echo "<$status>"' if seat.kind.name == "fish" else 'echo "<$? $_>"'
    sh.run("sh -c 'exit 7' word")
    type_half(sh, line)
    poke(sh)
    sh.idle()
    sh.press("\r")
    assert re.findall(r"^<(.*)>$", sh.text(), re.MULTILINE) == ["7" if seat.kind.name == "fish" else "7 word"]


STRICT = {
    "bash": "set -euC -o pipefail\n",
    "zsh": "setopt err_exit no_unset pipefail ksh_arrays local_traps no_clobber\n",
    "fish": "",
}


def test_strict_settings_take_a_signal_too(seat: Seat) -> None:
    sh = seat.sit(STRICT[seat.kind.name])
    first = load(seat, sh)
    type_half(sh, HALF)
    poke(sh, 3)
    sh.idle()
    renewed(seat.home, first)
    poke(sh)
    redrawn(sh, *hour("plain"))
    assert shown_key(sh) != key_of(first)
    secret = sh.environ()[b"AWS_SECRET_ACCESS_KEY"].decode()
    assert not sh.showed(secret)


def test_fifty_signals_in_half_a_second_are_harmless(seat: Seat) -> None:
    sh = seat.sit()
    first = load(seat, sh)
    asked = seat.asked("AssumeRole")
    type_half(sh, HALF)
    renewed(seat.home, first, 10**6)
    for _ in range(50):
        poke(sh)
        time.sleep(0.01)
    redrawn(sh, *hour("plain"))
    key = shown_key(sh)
    second = sh.environ()
    assert key == key_of(second) != key_of(first)
    assert seat.asked("AssumeRole") == asked + 1


def test_signals_during_a_captured_use_change_nothing_of_it(seat: Seat) -> None:
    sh = seat.sit()
    load(seat, sh)
    seat.aws.break_next("AssumeRole", Breakage.SLOW, seconds=1)
    lock_stamp(seat.home).write_text("1\n")
    asked = seat.asked("AssumeRole")
    sh.run()
    sh.send("vault use plain --force\r")
    sh.wait(lambda: seat.asked("AssumeRole") > asked, "the request")
    poke(sh, 20)
    sh.prompt()
    assert sh.status() == 0
    assert segment(sh) in hour("plain")
    assert sh.value("SHELLINT_LOCK") == b"1"


def test_what_the_shell_has_become_survives_the_signal(seat: Seat) -> None:
    sh = seat.sit()
    load(seat, sh)
    sh.send("exec cat\r")
    sh.wait(lambda: not sh.editing and Path(f"/proc/{sh.pid}/comm").read_text() == "cat\n", "the other program")
    poke(sh, 3)
    sh.send("still here\r")
    sh.wait(lambda: sh.text().count("still here") == 2, "what was typed and its echo")


def test_a_deadline_bounds_what_a_signal_begins(seat: Seat) -> None:
    sh = seat.sit()
    first = load(seat, sh)
    seat.aws.break_next("AssumeRole", Breakage.SLOW, seconds=20, times=99)
    type_half(sh, HALF)
    renewed(seat.home, first)
    began = time.monotonic()
    poke(sh)
    if seat.kind.name in AT_ONCE:
        sh.see("^vault: plain ends soon and was not renewed by itself; .vault refresh. renews it or says why$")
        sh.wait(lambda: re.fullmatch(rf"plain 2\dm RDY> {re.escape(HALF)}", sh.cur()), "the prompt below")
    assert shown_key(sh) == key_of(first)
    assert time.monotonic() - began < 10
