"""fish's universal variables: other shells share them, so that one shell alone can cover them but not take them out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.variables import REPLACED
from tests.rig.kinds import Kind
from tests.rig.shell import Shell
from tests.seat import Seat, changes, hour, seated, segment

pytestmark = pytest.mark.parametrize("shell_kind", ["fish"], indirect=True)

OVER = {
    "AWS_REGION": "eu-north-1",
    "AWS_VAULT": "theirs",
    "AWS_ACCESS_KEY_ID": "AKIATHEIRS",
    "AWS_SESSION_TOKEN": "old",
}
"""Some that `use` sets."""


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def ours(environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in environ.items() if name.startswith((b"AWS", b"SHELLINT_"))}


def test_one_that_would_have_to_go_stops_use_before_it_begins(seat: Seat) -> None:
    """Each name in turn: nothing changes, no code is asked for, and the message says what to type."""
    sh = seat.sit(columns=150)
    for name in (*REPLACED, "AWSUME_OTHER"):
        sh.run(f"set -Ux {name} mine")
        before = sh.environ()
        shown = sh.output("vault use dev && touch hit")
        assert shown.splitlines() == [
            f"vault: {name} is a universal exported variable, so nothing was changed",
            f"       it cannot be taken out of one shell alone: set -e -U {name}",
        ]
        assert sh.status() == 1
        assert changes(before, sh.environ()) == {}
        sh.run(f"set -e -U {name}")
    assert seat.aws.requests == []
    assert not (seat.home / "hit").exists()
    sh.run("set -U AWS_PROFILE unexported; set -U AWSUME_X unexported")
    sh.run("vault use plain")
    assert sh.status() == 0
    assert segment(sh) in hour("plain")


def test_those_that_are_set_are_covered_and_come_back(seat: Seat) -> None:
    sh = seat.sit()
    for name, value in OVER.items():
        sh.run(f"set -Ux {name} {value}")
    before = sh.environ()
    sh.run("vault use plain")
    loaded = sh.environ()
    assert loaded[b"AWS_REGION"] == b"eu-north-1"
    assert loaded[b"AWS_VAULT"] == b"plain"
    assert loaded[b"AWS_ACCESS_KEY_ID"].startswith(b"ASIA")
    sh.run("vault region us-east-2")
    assert sh.value("AWS_REGION") == b"us-east-2"
    with Shell(seat.kind, seat.home, seat.hook("fish"), seat.env) as other:
        # It covers nothing: it has what all shells share.
        assert ours(other.environ()) == ours(before)
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}
    sh.run("set -U AWS_REGION us-west-1")
    assert sh.value("AWS_REGION") == b"us-west-1"


def test_one_that_appeared_since_is_in_nobodys_way(seat: Seat) -> None:
    """It stops neither the end of what is loaded nor its renewal, and `clear` says whose it is."""
    sh = seat.sit()
    sh.run("vault use plain")
    with Shell(seat.kind, seat.home, seat.hook("fish"), seat.env) as other:
        other.run("set -Ux AWS_PROFILE since")
    sh.wait(lambda: sh.value("AWS_PROFILE") == b"since", "the variable of the other shell")
    sh.run("vault refresh --force")
    assert sh.status() == 0
    assert sh.output("vault clear") == "vault: AWS_PROFILE was changed since and is left as it is"
    assert sh.value("AWS_PROFILE") == b"since"
    assert sh.value("AWS_ACCESS_KEY_ID") is None
