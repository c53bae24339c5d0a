"""A shell inside one of another kind has the variables and nothing else: its copy is its own, the parent's is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nesting import end_now, inside, kind_called, ours, write_rc
from tests.rig.kinds import Kind
from tests.rig.shell import Shell
from tests.seat import Seat, hour, seated, segment

PAIRS = [
    ("bash", "zsh"),
    ("zsh", "fish"),
    ("fish", "bash"),
    ("bash", "powershell"),
    ("powershell", "bash"),
]
"""Who starts whom."""

FORMER = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}
ENDED = "vault: plain has ended and is taken out of this shell; `vault refresh` loads it again"


@pytest.fixture(params=PAIRS, ids=["-in-".join(reversed(pair)) for pair in PAIRS])
def pair(request: pytest.FixtureRequest) -> tuple[Kind, Kind]:
    outer, inner = request.param
    return kind_called(outer), kind_called(inner)


@pytest.fixture
def inner(pair: tuple[Kind, Kind]) -> Kind:
    return pair[1]


@pytest.fixture
def seat(pair: tuple[Kind, Kind], home: Path) -> Iterator[Seat]:
    with seated(pair[0], home) as seat:
        write_rc(seat, pair[1])
        yield seat


@pytest.fixture
def sh(seat: Seat) -> Shell:
    """A shell that has loaded nothing yet and holds what was there before."""
    return seat.sit(env=FORMER)


def test_it_counts_down_and_clears_its_own_copy_only(seat: Seat, sh: Shell, inner: Kind) -> None:
    before = ours(sh.environ())
    sh.run("vault use plain")
    loaded, asked = ours(sh.environ()), len(seat.aws.requests)
    with inside(sh, inner):
        assert segment(sh) in hour("plain")
        assert ours(sh.environ()) == loaded
        assert "loaded by  a parent shell" in sh.output("vault status")
        sh.run("vault clear")
        assert segment(sh) == ""
        assert ours(sh.environ()) == before
        assert sh.output("vault clear") == "vault: nothing is loaded in this shell"
    assert segment(sh) in hour("plain")
    assert ours(sh.environ()) == loaded
    assert len(seat.aws.requests) == asked
    # What was sealed at the first `use` was the parent's to take back, and still is.
    sh.run("vault clear")
    assert ours(sh.environ()) == before


def test_use_in_it_makes_it_the_owner_of_its_copy(seat: Seat, sh: Shell, inner: Kind) -> None:
    seat.role("other")
    before = ours(sh.environ())
    sh.run("vault use plain")
    loaded = ours(sh.environ())
    with inside(sh, inner):
        sh.run("vault use other")
        assert segment(sh) in hour("other")
        own = ours(sh.environ())
        assert own[b"SHELLINT_OWNER"] != loaded[b"SHELLINT_OWNER"]
        assert own[b"SHELLINT_SESSION"] != loaded[b"SHELLINT_SESSION"]
        assert "loaded by  this shell" in sh.output("vault status")
        # Now its own lease, renewed in place.
        sh.run("vault refresh --force")
        renewed = ours(sh.environ())
        assert renewed[b"SHELLINT_SESSION"] == own[b"SHELLINT_SESSION"]
        assert renewed[b"AWS_ACCESS_KEY_ID"] != own[b"AWS_ACCESS_KEY_ID"]
        # What was there before the parent's `use`, not what the parent had loaded.
        sh.run("vault clear")
        assert ours(sh.environ()) == before
    assert segment(sh) in hour("plain")
    assert ours(sh.environ()) == loaded
    sh.run("vault clear")
    assert ours(sh.environ()) == before


def test_it_renews_nothing_for_its_parent_and_the_end_takes_out_its_copy(seat: Seat, sh: Shell, inner: Kind) -> None:
    # So short that an owner would renew it at the first prompt.
    seat.aws.session_seconds_for = {"AssumeRole": 250}
    before = ours(sh.environ())
    sh.run("vault use plain")
    loaded, asked = ours(sh.environ()), len(seat.aws.requests)
    with inside(sh, inner):
        for _ in range(3):
            assert sh.output("") == ""
            assert segment(sh) in {"plain 4m", "plain 3m"}
        assert len(seat.aws.requests) == asked
        assert sh.output(end_now(sh)) == ENDED
        assert segment(sh) == ""
        assert ours(sh.environ()) == before
        assert sh.output("") == ""
        # What ended can be loaded again here, under a lease of this shell's own.
        seat.aws.session_seconds_for = {}
        sh.run("vault refresh")
        assert segment(sh) in hour("plain")
        again = ours(sh.environ())
        assert again[b"SHELLINT_OWNER"] != loaded[b"SHELLINT_OWNER"]
        assert again[b"SHELLINT_SESSION"] != loaded[b"SHELLINT_SESSION"]
    assert ours(sh.environ()) == loaded
    assert sh.output(end_now(sh)) == ENDED
    assert ours(sh.environ()) == before
