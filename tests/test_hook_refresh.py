"""`refresh` asks for exactly what was asked for, `use -` goes back, `region` stays where it was put."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import RequestRecord
from tests.rig.kinds import Kind
from tests.seat import Seat, changes, question, seated, segment


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def last(seat: Seat) -> RequestRecord:
    return seat.aws.requests[-1]


def test_refresh_asks_for_exactly_that_again(seat: Seat) -> None:
    """Also when what the environment said at `use` has changed since."""
    target, decoy = seat.role("target"), seat.role("decoy")
    sh = seat.sit(env={"AWS_SESSION_TAGS": "team=blue", "AWS_ROLE_ARN": decoy.arn})
    sh.run(f"vault use base --role-arn {target.arn} --duration 15m --region eu-west-3")
    assert sh.status() == 0
    used = last(seat)
    assert used.parameters["RoleArn"] == target.arn
    assert used.parameters["DurationSeconds"] == "900"
    assert used.parameters["Tags.member.1.Value"] == "blue"
    assert used.region == "eu-west-3"
    before = sh.environ()
    sh.run(f"export AWS_SESSION_TAGS=team=red AWS_ROLE_ARN={decoy.arn}")
    sh.run("vault refresh --force")
    assert sh.status() == 0
    assert last(seat) is not used
    assert (last(seat).parameters, last(seat).region) == (used.parameters, used.region)
    after = sh.environ()
    assert after[b"AWS_REGION"] == b"eu-west-3"
    assert after[b"AWS_ACCESS_KEY_ID"] != before[b"AWS_ACCESS_KEY_ID"]
    assert after[b"SHELLINT_REQUEST"] == before[b"SHELLINT_REQUEST"]
    assert after[b"AWS_ROLE_ARN"] == decoy.arn.encode()


def test_the_role_that_the_environment_named_is_asked_for_again(seat: Seat) -> None:
    """`use` unsets AWS_ROLE_ARN, and `clear` brings it back."""
    target = seat.role("target")
    sh = seat.sit(env={"AWS_ROLE_ARN": target.arn})
    sh.run("vault use base")
    used = last(seat)
    assert used.parameters["RoleArn"] == target.arn
    assert sh.value("AWS_ROLE_ARN") is None
    sh.run("vault refresh --force")
    assert last(seat) is not used
    assert last(seat).parameters == used.parameters
    sh.run("vault clear")
    assert sh.value("AWS_ROLE_ARN") == target.arn.encode()


def test_a_region_that_was_set_survives_the_refresh_and_clear_undoes_it(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_REGION": "eu-north-1"})
    before = sh.environ()
    sh.run("vault use plain")
    loaded = sh.environ()
    sh.run("vault region us-east-2")
    assert sh.status() == 0
    assert set(changes(loaded, sh.environ())) == {
        *("AWS_REGION", "AWS_DEFAULT_REGION", "SHELLINT_REQUEST", "SHELLINT_SAVED"),
    }
    sh.run("vault refresh --force")
    assert sh.value("AWS_REGION") == sh.value("AWS_DEFAULT_REGION") == b"us-east-2"
    assert last(seat).region == "us-east-2"
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}
    sh.run("vault region us-east-2")
    assert sh.status() == 1
    assert changes(before, sh.environ()) == {}


def test_dash_goes_back_and_forth(seat: Seat) -> None:
    seat.role("two")
    sh = seat.sit()
    sh.run("vault use -")
    assert sh.status() == 2
    sh.run("vault use plain --duration 15m")
    sh.run("vault use two")
    sh.run("vault use -")
    assert segment(sh) in {"plain 15m", "plain 14m"}
    sh.run("vault use -")
    assert segment(sh).startswith("two ")
    sh.run("vault region ap-south-1")
    sh.run("vault use -")
    assert segment(sh) in {"plain 15m", "plain 14m"}
    sh.run("vault use -")
    assert sh.value("AWS_REGION") == b"ap-south-1"


def test_dash_after_clear_is_what_was_cleared(seat: Seat) -> None:
    seat.role("two")
    sh = seat.sit()
    sh.run("vault use two")
    sh.run("vault use plain --duration 15m")
    sh.run("vault clear")
    assert segment(sh) == ""
    sh.run("vault use -")
    assert segment(sh) in {"plain 15m", "plain 14m"}
    sh.run("vault clear")
    sh.run("vault use two")
    sh.run("vault use -")
    assert segment(sh) in {"plain 15m", "plain 14m"}


def test_dash_in_a_new_shell_is_the_profile_last_used_anywhere(seat: Seat) -> None:
    seat.sit().run("vault use plain")
    other = seat.sit()
    other.run("vault use -")
    assert segment(other).startswith("plain ")


def test_use_without_a_name_lets_one_pick(seat: Seat) -> None:
    sh = seat.sit()
    sh.send("vault use\r")
    question(sh, "Profile")
    listed = dict(re.findall(r"^ +(\d+) +(\S+)$", sh.text(), re.MULTILINE))
    assert set(listed.values()) == {"default", "base", "plain", "dev", "prod"}
    sh.send("p\r")
    sh.see(r"'p' is none of them")
    sh.press(next(number for number, name in listed.items() if name == "plain") + "\r")
    assert segment(sh).startswith("plain ")
    sh.run("vault clear")
    sh.send("vault use\r")
    question(sh, "Profile")
    sh.press("pl\r")
    assert segment(sh).startswith("plain ")


def test_refresh_of_nothing_is_an_error_that_says_so(seat: Seat) -> None:
    sh = seat.sit()
    assert "vault: nothing is loaded in this shell" in sh.output("vault refresh && touch hit")
    assert sh.status() == 1
    assert not (seat.home / "hit").exists()
    sh.run("vault use plain")
    sh.run("vault clear")
    assert "vault: nothing is loaded in this shell" in sh.output("vault refresh")
