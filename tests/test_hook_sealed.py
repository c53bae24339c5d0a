"""Own exported keys rest in the sealed store while a profile is loaded, and come back when it can be opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import PASSPHRASE
from tests.rig.kinds import Kind
from tests.rig.shell import Shell
from tests.seat import Seat, changes, question, seated

OWN = {"AWS_ACCESS_KEY_ID": "AKIAOWNOWNOWNOWNOWN1", "AWS_SECRET_ACCESS_KEY": "own/secret", "AWS_PROFILE": "mine"}
LATER = "could not be put back: `vault clear` tries again"


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as each:
        yield each


def typed(sh: Shell, command: str, passphrase: str = PASSPHRASE) -> None:
    """Type a command, and the passphrase it asks for."""
    sh.send(command + "\r")
    question(sh, "Passphrase of")
    sh.press(passphrase + "\r")


def test_the_own_keys_come_back_when_the_passphrase_is_typed(seat: Seat) -> None:
    sh = seat.sit(env=OWN, without=("SHELLINT_FILE_PASSPHRASE",), columns=240)
    before = sh.environ()
    typed(sh, "vault use plain")
    assert sh.value("AWS_SECRET_ACCESS_KEY") not in {None, b"own/secret"}
    typed(sh, "vault clear")
    assert changes(before, sh.environ()) == {}


def test_after_the_end_they_wait_for_the_next_clear(seat: Seat) -> None:
    """Nobody is asked at a prompt: the credentials go, the rest comes back, the keys wait in the store."""
    seat.aws.session_seconds = 3
    sh = seat.sit(env=OWN, without=("SHELLINT_FILE_PASSPHRASE",), columns=240)
    before = sh.environ()
    typed(sh, "vault use plain")
    ends = float(sh.value("SHELLINT_EXPIRES") or 0)
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    sh.run()
    sh.wait(lambda: LATER in sh.text(), "the line that says what waits")
    sh.prompt()
    assert (sh.value("AWS_PROFILE"), sh.value("AWS_ACCESS_KEY_ID")) == (b"mine", None)
    typed(sh, "vault clear")
    assert changes(before, sh.environ()) == {}


def test_ctrl_c_at_the_passphrase_changes_nothing_and_wrong_ones_lose_nothing(seat: Seat) -> None:
    sh = seat.sit(env=OWN, without=("SHELLINT_FILE_PASSPHRASE",), columns=240)
    before = sh.environ()
    typed(sh, "vault use plain")
    loaded = sh.environ()
    sh.send("vault clear\r")
    question(sh, "Passphrase of")
    sh.interrupt()
    assert changes(loaded, sh.environ()) == {}
    sh.send("vault clear\r")
    for _ in range(2):
        question(sh, "Passphrase of")
        sh.send("wrong\r")
        sh.see("wrong passphrase")
    question(sh, "Passphrase of")
    sh.press("wrong\r")
    assert (sh.value("AWS_PROFILE"), sh.value("AWS_SESSION_TOKEN"), sh.value("SHELLINT_KEY")) == (b"mine", None, None)
    typed(sh, "vault clear")
    assert changes(before, sh.environ()) == {}
