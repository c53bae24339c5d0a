"""A shell that becomes another one keeps its pid: it stays the owner, to renew, to clear and to see the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nesting import end_now, kind_called, ours, replace, write_rc
from tests.rig.kinds import Kind
from tests.seat import Seat, hour, seated, segment

PAIRS = [("bash", "zsh"), ("zsh", "fish"), ("fish", "bash"), ("bash", "powershell")]
"""Each test goes there and back again."""

FORMER = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}
ENDED = "vault: plain has ended and is taken out of this shell; `vault refresh` loads it again"


@pytest.fixture(params=PAIRS, ids=["-and-".join(pair) for pair in PAIRS])
def pair(request: pytest.FixtureRequest) -> tuple[Kind, Kind]:
    first, second = request.param
    return kind_called(first), kind_called(second)


@pytest.fixture
def seat(pair: tuple[Kind, Kind], home: Path) -> Iterator[Seat]:
    with seated(pair[0], home) as seat:
        write_rc(seat, pair[1])
        yield seat


def test_it_renews_in_place_and_clears_what_the_other_loaded(seat: Seat, pair: tuple[Kind, Kind]) -> None:
    sh = seat.sit(env=FORMER)
    before, pid = ours(sh.environ()), sh.foreground
    for kind in reversed(pair):
        sh.run("vault use plain")
        loaded = ours(sh.environ())
        replace(sh, kind)
        assert segment(sh) in hour("plain")
        assert ours(sh.environ()) == loaded
        assert "loaded by  this shell" in sh.output("vault status")
        sh.run("vault refresh --force")
        renewed = ours(sh.environ())
        assert renewed[b"AWS_ACCESS_KEY_ID"] != loaded[b"AWS_ACCESS_KEY_ID"]
        assert renewed[b"SHELLINT_SESSION"] == loaded[b"SHELLINT_SESSION"]
        assert renewed[b"SHELLINT_OWNER"] == str(pid).encode()
        sh.run("vault clear")
        assert segment(sh) == ""
        assert ours(sh.environ()) == before


def test_it_sees_the_end_and_refresh_loads_it_again(seat: Seat, pair: tuple[Kind, Kind]) -> None:
    sh = seat.sit(env=FORMER)
    before = ours(sh.environ())
    for kind in reversed(pair):
        sh.run("vault use plain")
        replace(sh, kind)
        assert segment(sh) in hour("plain")
        assert sh.output(end_now(sh)) == ENDED
        assert segment(sh) == ""
        assert ours(sh.environ()) == before
        sh.run("vault refresh")
        assert segment(sh) in hour("plain")
        assert sh.value("SHELLINT_OWNER") == str(sh.foreground).encode()
        sh.run("vault clear")
        assert ours(sh.environ()) == before
