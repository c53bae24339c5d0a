"""Renewal ahead of the end: silent when nobody is needed, one line when somebody is, and never a nuisance."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import Breakage
from tests.rig.kinds import Kind
from tests.rig.shell import Shell
from tests.seat import Seat, changes, hour, question, seated, segment


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def now(sh: Shell) -> str:
    """Return what is typed so that the time to renew has come, without waiting for half of a session to pass."""
    return sh.kind.keep.format(name="__shellint_renew", value=0)


def again(sh: Shell) -> str:
    """Return what is typed so that the pause after a try is over."""
    return sh.kind.keep.format(name="__shellint_next", value=0)


def ends(environ: dict[bytes, bytes]) -> float:
    return float(environ[b"SHELLINT_EXPIRES"])


def sleep_until(sh: Shell, moment: float) -> str:
    """Let the shell sleep, with no prompt meanwhile, and return what shows before its next one."""
    return sh.output(f"sleep {max(0.0, moment - time.time()):.2f}")


def test_w7_it_is_renewed_silently_in_its_second_half_once_a_minute_at_most(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 6}
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    before = sh.environ()
    sh.run("vault use plain")
    first = sh.environ()
    asked = seat.asked("AssumeRole")
    assert sleep_until(sh, ends(first) - 2.5) == ""
    second = sh.environ()
    assert seat.asked("AssumeRole") == asked + 1
    assert set(changes(first, second)) == {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"),
        *("AWS_SESSION_EXPIRATION", "SHELLINT_EXPIRES", "SHELLINT_KEY", "SHELLINT_SAVED"),
    }
    assert ends(second) >= ends(first) + 3
    assert sleep_until(sh, ends(second) - 2) == ""
    assert seat.asked("AssumeRole") == asked + 1
    ended = "vault: plain has ended and is taken out of this shell; `vault refresh` loads it again"
    assert sleep_until(sh, ends(second) + 0.2) == ended
    assert changes(before, sh.environ()) == {}
    assert seat.asked("AssumeRole") == asked + 1


def test_a_code_that_would_be_needed_is_announced_once_and_never_asked_for(seat: Seat) -> None:
    seat.aws.session_seconds = 50
    sh = seat.sit()
    seat.code(sh, "vault use dev")
    loaded, asked = sh.environ(), len(seat.aws.requests)
    first, second = sh.output(now(sh)).splitlines()
    assert re.fullmatch(r"vault: dev ends in [1-4]\ds", first)
    assert second == "       `vault refresh` renews it"
    assert sh.output("") == ""
    assert sh.output(again(sh)) == ""
    assert changes(loaded, sh.environ()) == {}
    assert len(seat.aws.requests) == asked
    seat.aws.session_seconds = None
    seat.code(sh, "vault refresh")
    assert sh.value("SHELLINT_SESSION") == loaded[b"SHELLINT_SESSION"]
    assert segment(sh) in hour("dev")


def test_a_passphrase_that_would_be_needed_is_announced_once_and_never_asked_for(seat: Seat) -> None:
    sh = seat.sit(without=("SHELLINT_FILE_PASSPHRASE",))
    sh.send("vault use plain\r")
    sh.see("^Passphrase of ")
    sh.press(seat.env["SHELLINT_FILE_PASSPHRASE"] + "\r")
    asked = len(seat.aws.requests)
    assert "`vault refresh` renews it" in sh.output(now(sh))
    assert segment(sh).startswith("plain ")
    assert sh.output("") == ""
    assert len(seat.aws.requests) == asked
    assert not sh.showed(seat.env["SHELLINT_FILE_PASSPHRASE"])


def pause(sh: Shell) -> int:
    """Return the seconds until the next try, as the hook has it, rounded to minutes."""
    return round((int(sh.words('"$__shellint_next"')[0]) - time.time()) / 60) * 60


def test_a_failure_is_said_once_and_tried_again_after_longer_and_longer_pauses(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 50}
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = sh.environ()
    seat.aws.fail_next("AssumeRole", "AccessDenied", times=99)
    asked = seat.asked("AssumeRole")
    assert "AccessDenied" in sh.output(now(sh))
    assert seat.asked("AssumeRole") == asked + 1
    assert pause(sh) == 60
    assert sh.output("") == ""
    assert seat.asked("AssumeRole") == asked + 1
    for tries, seconds in enumerate((120, 240, 480, 900, 900), 2):
        assert sh.output(again(sh)) == ""
        assert seat.asked("AssumeRole") == asked + tries
        assert pause(sh) == seconds
    assert changes(loaded, sh.environ()) == {}
    assert segment(sh).startswith("plain 0:")


def test_a_renewal_from_a_prompt_has_three_seconds(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 50}
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = sh.environ()
    seat.aws.break_next("AssumeRole", Breakage.SLOW, seconds=20, times=99)
    began = time.monotonic()
    assert sh.output(now(sh)) == ""
    assert 2.5 < time.monotonic() - began < 10
    assert changes(loaded, sh.environ()) == {}
    assert segment(sh).startswith("plain 0:")


def test_ctrl_c_abandons_a_renewal_and_not_the_session(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 50}
    sh = seat.sit()
    sh.run("vault use plain")
    loaded, asked = sh.environ(), seat.asked("AssumeRole")
    seat.aws.break_next("AssumeRole", Breakage.SLOW, seconds=20)
    began = time.monotonic()
    sh.send(f"{now(sh)}\r")
    sh.wait(lambda: seat.asked("AssumeRole") > asked, "the request of the renewal")
    sh.send("\x03")
    sh.prompt()
    assert time.monotonic() - began < 2.5
    sh.run()
    assert segment(sh).startswith("plain 0:")
    assert changes(loaded, sh.environ()) == {}


def test_what_the_person_changed_since_is_not_renewed_over(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 50}
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = sh.environ()
    sh.run("export AWS_REGION=us-east-2 AWS_VAULT=mine AWS_PROFILE=other")
    seat.aws.session_seconds_for = {}
    assert sh.output(now(sh)) == ""
    after = changes(loaded, sh.environ())
    assert after["AWS_ACCESS_KEY_ID"]
    assert (after["AWS_REGION"], after["AWS_VAULT"], after["AWS_PROFILE"]) == (b"us-east-2", b"mine", b"other")


def test_a_refresh_that_is_typed_asks_on_the_terminal(seat: Seat) -> None:
    seat.aws.session_seconds = 50
    sh = seat.sit()
    seat.code(sh, "vault use dev")
    seat.aws.session_seconds = None
    sh.send("vault refresh\r")
    question(sh)
    sh.interrupt()
    assert sh.status() == sh.abandoned
    assert segment(sh).startswith("dev 0:")
