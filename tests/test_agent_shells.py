"""A real agent and real shells that wait at their prompts: it reaches them, and what they have half typed stays."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_rig import Agency, agency, until
from tests.nesting import kind_called, replace, write_rc
from tests.poking import HALF, LOCKED, key_of, load, redrawn, shown_key, type_half
from tests.rig.kinds import KINDS, Kind
from tests.seat import Seat, changes, hour, seated, segment

ENDED = "vault: dev has ended and is taken out of this shell; `vault refresh` loads it again"
RAW = "import time, tty; tty.setcbreak(0); print('raw', flush=True); time.sleep(2); print('unharmed')"


class Place:
    """A seat, and the agent that answers there."""

    def __init__(self, seat: Seat, agent: Agency) -> None:
        self.seat = seat
        self.agent = agent
        seat.env = agent.env

    def stamps(self) -> list[Path]:
        return list(self.agent.runtime.glob("lease-*"))

    def holders(self) -> dict[int, dict[str, object]]:
        """Return what the agent knows of each shell, by its pid."""
        return {each["pid"]: each for each in json.loads(self.agent.run("sessions", "--json").stdout)}


@pytest.fixture
def place(shell_kind: Kind, home: Path) -> Iterator[Place]:
    with seated(shell_kind, home) as seat, agency(seat) as agent:
        yield Place(seat, agent)
        seat.leave()  # or one of them starts another agent, which nobody ends


def test_a_renewal_is_there_before_the_typed_line_runs(place: Place) -> None:
    seat = place.seat
    sh = seat.sit()
    first = load(seat, sh, 10)
    type_half(sh, HALF)
    until(lambda: seat.asked("AssumeRole") == 2)
    renewed = time.monotonic()
    redrawn(sh, *hour("plain"))
    if seat.kind.name == "bash":
        until(place.stamps)
        sh.quiet(0.3)  # the signal comes right after it, and waits for Enter
    else:
        assert time.monotonic() - renewed < 1.5
    key = shown_key(sh)
    second = sh.environ()
    assert key == key_of(second) != key_of(first)
    assert segment(sh) in hour("plain")
    assert "vault:" not in sh.text().split("RDY>", 2)[2]
    assert seat.asked("AssumeRole") == 2


def test_a_lock_in_another_shell_is_there_before_the_typed_line_runs(place: Place) -> None:
    shells = [place.seat.sit() for _ in range(2)]
    before = [sh.environ() for sh in shells]
    for sh in shells:
        sh.run("vault use plain")
        type_half(sh, HALF)
    place.seat.sit().run("vault lock")
    for sh, environ in zip(shells, before, strict=True):
        redrawn(sh, "")
        assert shown_key(sh) == ""
        assert sh.text().count(LOCKED) == 1
        assert changes(environ, sh.environ()) == {}
    assert place.holders() == {}
    assert place.stamps() == []


def test_an_end_that_needs_a_person_is_there_before_the_typed_line_runs(place: Place) -> None:
    sh = place.seat.sit()
    before = sh.environ()
    place.seat.aws.session_seconds = 6
    place.seat.code(sh, "vault use dev")
    type_half(sh, HALF)
    asked = place.seat.asked("AssumeRole")
    time.sleep(max(0.0, int(place.holders()[sh.pid]["expires"]) - time.time()) + 0.5)  # type: ignore[call-overload]
    redrawn(sh, "")
    assert shown_key(sh) == ""
    assert sh.text().count(ENDED) == 1
    assert changes(before, sh.environ()) == {}
    assert place.seat.asked("AssumeRole") == asked


def test_a_wait_is_not_broken_off(place: Place) -> None:
    """By a renewal, a window that changes its size, and a lock: the shell is not at its line editor."""
    seat = place.seat
    sh = seat.sit()
    load(seat, sh, 8)
    sh.send(f'sleep 5 & wait; echo "<{seat.kind.status[1:-1]}>"\r')
    began = time.monotonic()
    until(lambda: seat.asked("AssumeRole") == 2 and place.stamps())
    os.kill(sh.pid, signal.SIGWINCH)
    assert place.agent.run("lock").returncode == 0
    sh.see("^<0>$")
    assert 4.5 < time.monotonic() - began < 9
    sh.prompt()
    assert sh.text().count(LOCKED) == 1
    assert sh.value("AWS_ACCESS_KEY_ID") is None


def test_another_program_in_the_shells_place_is_not_harmed(place: Place) -> None:
    sh = place.seat.sit()
    sh.run("vault use plain")
    sh.send(f'exec python3 -c "{RAW}"\r')
    sh.see("^raw")
    assert place.holders()[sh.pid]["profile"] == "plain"
    assert place.agent.run("lock").returncode == 0
    sh.see("^unharmed")


@pytest.mark.parametrize("other", ["bash", "zsh", "fish"])
def test_another_shell_in_its_place_goes_on_with_it(place: Place, other: str) -> None:
    sh = place.seat.sit()
    sh.run("vault use plain")
    kind = kind_called(other)
    write_rc(place.seat, kind)
    replace(sh, kind)
    assert segment(sh) in hour("plain")
    sh.run("vault status")
    assert place.holders()[sh.pid]["kind"] == other
    type_half(sh, HALF)
    assert place.agent.run("lock").returncode == 0
    redrawn(sh, "")
    assert shown_key(sh) == ""


def test_who_holds_what_is_known_and_an_end_is_seen_at_once(place: Place) -> None:
    seat, began = place.seat, time.time()
    first, second = seat.sit(), seat.sit()
    (seat.home / "work").mkdir()
    first.run("cd work")
    first.run("vault use plain")
    second.run("vault use -")
    assert first.value("AWS_ACCESS_KEY_ID") == second.value("AWS_ACCESS_KEY_ID")
    assert seat.asked("AssumeRole") == 1
    known = place.holders()
    assert known.keys() == {first.pid, second.pid}
    one = known[first.pid]
    assert (one["profile"], one["kind"], one["directory"]) == ("plain", seat.kind.name, str(seat.home / "work"))
    assert str(one["tty"]).startswith("/dev/pts/")
    assert began - 1 < float(str(one["since"])) < time.time() + 1
    assert first.output("vault sessions").splitlines()[0].split() == [
        "Profile", "Left", "Shell", "Pid", "Terminal", "For", "Directory",
    ]  # fmt: skip
    cut = first.output("vault sessions | cut -s -f 1,3,4").splitlines()
    assert cut[0].split() == ["plain", seat.kind.name, str(first.pid)]
    second.run("vault clear")
    assert place.holders().keys() == {first.pid}
    assert first.value("AWS_ACCESS_KEY_ID") is not None
    first.close()
    until(lambda: place.holders() == {}, 5)


def test_after_the_agent_was_killed_a_shell_is_known_again_with_its_next_command(place: Place) -> None:
    sh = place.seat.sit()
    sh.run("vault use plain")
    place.agent.kill()
    sh.run("vault agent start")
    sh.run("vault status")
    assert place.holders()[sh.pid]["profile"] == "plain"
    type_half(sh, HALF)
    assert place.agent.run("lock").returncode == 0
    redrawn(sh, "")
    assert shown_key(sh) == ""


def test_a_shell_within_holds_what_it_loads_itself(place: Place) -> None:
    sh = place.seat.sit()
    sh.run("vault use plain")
    place.seat.role("other")
    outer = sh.pid
    sh.run(f"{place.seat.kind.name} {' '.join(place.seat.kind.interactive)}")
    sh.run("vault use other")
    inner = sh.foreground
    assert {pid: each["profile"] for pid, each in place.holders().items()} == {outer: "plain", inner: "other"}
    sh.run("vault clear")
    assert place.holders().keys() == {outer}
    sh.run("exit")
    assert segment(sh) in hour("plain")


@pytest.mark.parametrize("shell_kind", [KINDS["fish"]], ids=["fish"])
def test_fish_counts_down_while_its_prompt_waits(place: Place) -> None:
    sh = place.seat.sit()
    place.seat.aws.session_seconds = 64
    place.seat.code(sh, "vault use dev")
    type_half(sh, HALF)
    sh.wait(lambda: sh.cur().startswith("dev 0:5"), "the last minute", 8)
    assert sh.cur().endswith(HALF)
