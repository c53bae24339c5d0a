"""The end of a session: gone at the next prompt, what was there before is back, and `refresh` loads it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import shellint
from shellint.render import SHELLS, render_hook
from tests.rig.kinds import Kind
from tests.rig.shell import Shell
from tests.seat import Seat, changes, hour, question, seated, segment

ENDED = "vault: dev has ended and is taken out of this shell; `vault refresh` loads it again"
TAKEN_OUT = "vault: dev is taken out of this shell; `vault clear` puts back what was there before"
BEFORE = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def load_short(seat: Seat, sh: Shell, seconds: int = 3) -> None:
    """Load `dev` for some seconds; nothing can renew it without a code."""
    seat.aws.session_seconds = seconds
    seat.code(sh, "vault use dev")
    assert segment(sh).startswith("dev 0:0")
    seat.aws.session_seconds = None


def sabotaged(seat: Seat) -> str:
    """Return a hook whose program is the script `program`, which a test can rename, or hold up by a file `slow`."""
    script = seat.home / "program"
    main = Path(shellint.__file__).with_name("__main__.py")
    script.write_text(
        f'#!/bin/sh\nif [ -e slow ]; then touch begun; exec sleep 60; fi\nexec {sys.executable} -I {main} "$@"\n'
    )
    script.chmod(0o755)
    shell = SHELLS[seat.kind.name]
    return render_hook(shell, command="vault", program=(str(script),), version="0", prompt=True)


def test_it_is_gone_at_the_next_prompt_and_refresh_loads_it_again(seat: Seat) -> None:
    sh = seat.sit(env=BEFORE)
    before = sh.environ()
    load_short(seat, sh)
    assert sh.output("sleep 3.5") == ENDED
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    assert sh.output("") == ""
    seat.code(sh, "vault refresh")
    assert sh.status() == 0
    assert segment(sh) in hour("dev")
    assert sh.value("AWS_VAULT") == b"dev"
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}


def test_dash_after_the_end_loads_it_again(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    load_short(seat, sh)
    assert sh.output("sleep 3.5") == ENDED
    seat.code(sh, "vault use -")
    assert segment(sh) in hour("dev")
    sh.run("vault use -")
    assert segment(sh) in hour("plain")


def test_a_program_that_cannot_run_leaves_it_to_the_hook_and_a_later_clear_restores(seat: Seat) -> None:
    sh, script = seat.sit(hook=sabotaged(seat), env=BEFORE), seat.home / "program"
    before = sh.environ()
    load_short(seat, sh)
    script.rename(script.with_name("away"))
    shown = sh.output("sleep 3.5")
    assert shown.splitlines()[-1] == TAKEN_OUT
    assert segment(sh) == ""
    gone = changes(before, sh.environ())
    assert gone.pop("SHELLINT_SAVED")
    assert gone == dict.fromkeys(BEFORE)
    assert sh.output("") == ""
    script.with_name("away").rename(script)
    assert sh.output("vault clear") == ""
    assert sh.status() == 0
    assert changes(before, sh.environ()) == {}


def test_after_that_refresh_loads_it_again_too(seat: Seat) -> None:
    sh, script = seat.sit(hook=sabotaged(seat), env=BEFORE), seat.home / "program"
    before = sh.environ()
    load_short(seat, sh)
    script.rename(script.with_name("away"))
    sh.run("sleep 3.5")
    script.with_name("away").rename(script)
    seat.code(sh, "vault refresh")
    assert segment(sh) in hour("dev")
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}


def test_saved_that_nobody_can_read_still_takes_everything_out(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    load_short(seat, sh)
    sh.run("export SHELLINT_SAVED='a[$(touch hit)]'")
    assert sh.output("sleep 3.5").splitlines()[-1] == ENDED
    left = {name for name in sh.environ() if name.startswith((b"AWS_", b"SHELLINT_"))}
    assert left == {b"AWS_ENDPOINT_URL", b"SHELLINT_AGENT", b"SHELLINT_FILE_PASSPHRASE"}
    assert not (seat.home / "hit").exists()


def test_a_store_that_is_gone_takes_everything_out_and_names_what_is_lost(seat: Seat) -> None:
    sh = seat.sit(env=BEFORE)
    load_short(seat, sh)
    for file in (seat.home / ".local" / "share" / "shellint").glob("store*"):
        file.unlink()
    shown = sh.output("sleep 3.5")
    assert "vault: AWS_SECRET_ACCESS_KEY was set before and could not be put back" in shown
    assert ENDED in shown
    after = sh.environ()
    assert after[b"AWS_PROFILE"] == b"mine"
    assert after[b"AWS_REGION"] == b"eu-north-1"
    assert not {b"AWS_ACCESS_KEY_ID", b"AWS_SECRET_ACCESS_KEY", b"AWS_SESSION_TOKEN", b"SHELLINT_SESSION"} & {*after}


def test_ctrl_c_while_it_is_taken_out_does_not_loop(seat: Seat) -> None:
    sh = seat.sit(hook=sabotaged(seat), env=BEFORE)
    before = sh.environ()
    load_short(seat, sh)
    (seat.home / "slow").touch()
    sh.send("sleep 3.5\r")
    sh.wait((seat.home / "begun").exists, "the program, started by the prompt")
    sh.send("\x03")
    sh.prompt(timeout=10)
    sh.run()
    assert segment(sh) == ""
    assert TAKEN_OUT in sh.text()
    assert sh.value("AWS_ACCESS_KEY_ID") is None
    (seat.home / "slow").unlink()
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}


def test_a_question_left_open_over_the_end_is_no_harm(seat: Seat) -> None:
    sh = seat.sit()
    load_short(seat, sh)
    sh.send("vault use prod\r")
    question(sh)
    sh.quiet(3.5)
    sh.press(seat.mfa.fresh_code() + "\r")
    assert segment(sh) in hour("prod")
    sh.run("vault clear")
    assert sh.value("AWS_VAULT") is None
