"""A session ends in a PowerShell that somebody sits at, waits in front of, or has left for a shell inside of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pwsh_shell import STRICT, Pwsh, PwshSeat, powershell, pwsh_seated
from tests.rig.environment import fresh_home
from tests.rig.processes import Trace
from tests.seat import changes, hour, question, segment

ENDED = "vault: dev has ended and is taken out of this shell; `vault refresh` loads it again"
BEFORE = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PwshSeat]:
    with pwsh_seated(fresh_home(tmp_path_factory.mktemp("seat") / "home")) as seat:
        yield seat


@pytest.fixture(scope="module")
def shared(seat: PwshSeat) -> Pwsh:
    return seat.sit(first=STRICT, env=BEFORE)


@pytest.fixture
def sh(seat: PwshSeat, shared: Pwsh) -> Pwsh:
    """A strict shell with nothing loaded and nothing cached."""
    seat.aws.session_seconds = None
    shared.run("vault clear; vault clear --cached")
    return shared


def load_short(seat: PwshSeat, sh: Pwsh) -> float:
    """Load `dev` for some seconds and return when it ends; nothing can renew it without a code."""
    seat.aws.session_seconds = 8
    seat.code(sh, "vault use dev")
    assert segment(sh).startswith("dev 0:0"), sh.text()
    seat.aws.session_seconds = None
    return int((sh.value("SHELLINT_EXPIRES") or b"").decode())


def test_it_is_gone_at_the_next_prompt_and_refresh_loads_it_again(seat: PwshSeat, sh: Pwsh) -> None:
    before = sh.environ()
    ends = load_short(seat, sh)
    assert ENDED in sh.output(f"sleep {max(0.0, ends - time.time()) + 0.2:.1f}")
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    assert sh.output("") == ""
    seat.code(sh, "vault refresh")
    assert segment(sh) in hour("dev")
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}


def test_a_line_typed_after_the_end_runs_without_the_credentials(seat: PwshSeat, sh: Pwsh) -> None:
    """The prompt waited meanwhile; what the line asks about the command before it is still true."""
    ends = load_short(seat, sh)
    sh.run("$PSNativeCommandUseErrorActionPreference = $false")
    sh.run("sh -c 'exit 7'")
    assert segment(sh).startswith("dev 0:0")
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    shown = sh.output('"$LASTEXITCODE $env:AWS_SECRET_ACCESS_KEY $env:AWS_SESSION_TOKEN|"')
    assert shown.splitlines()[0] == ENDED
    assert shown.splitlines()[-1] == "7 sealed meanwhile |"
    assert segment(sh) == ""
    sh.run("$PSNativeCommandUseErrorActionPreference = $true")


def test_the_segment_has_a_colour_for_the_time_left(seat: PwshSeat, sh: Pwsh) -> None:
    sh.run("vault use plain")
    assert b"\x1b[32m" + segment(sh).encode() in bytes(sh.raw)
    seat.aws.session_seconds = 500
    sh.run("vault use plain --force")
    assert segment(sh) == "plain 8m"
    assert b"\x1b[33mplain 8m" in bytes(sh.raw)
    seat.aws.session_seconds = 49
    sh.run("vault use plain --force")
    assert segment(sh).startswith("plain 0:4")
    assert b"\x1b[31mplain 0:4" in bytes(sh.raw)
    start = len(sh.raw)
    sh.run("$env:NO_COLOR = '1'")
    sh.run()
    assert segment(sh).startswith("plain 0:4")
    assert b"\x1b[31mplain" not in bytes(sh.raw[start:]).split(b"NO_COLOR")[-1]
    sh.run("$env:NO_COLOR = $null")


def test_a_prompt_defined_anew_shows_the_segment_again(seat: PwshSeat, sh: Pwsh) -> None:
    sh.run("vault use plain")
    sh.run("function prompt { 'RDY> ' }")
    sh.run()
    assert segment(sh) in hour("plain")
    # As an editor's integration does: it keeps the prompt that is there, and calls it.
    sh.run('$kept = $function:prompt; function prompt { "e $(& $kept)" }')
    for _ in range(3):
        sh.run()
    assert segment(sh) in {f"e {text}" for text in hour("plain")}
    sh.run("function prompt { 'RDY> ' }; Remove-Variable kept")


def test_a_shell_inside_counts_down_and_clears_its_own_copy_only(seat: PwshSeat, sh: Pwsh) -> None:
    sh.run("vault use plain")
    loaded = sh.environ()
    sh.run(f"& '{powershell()}' -NoLogo")
    assert segment(sh) in hour("plain")
    sh.run("vault clear")
    assert segment(sh) == ""
    assert sh.value("AWS_PROFILE") == b"mine"
    sh.run("exit")
    assert segment(sh) in hour("plain")
    assert changes(loaded, sh.environ()) == {}


@pytest.mark.parametrize("expires", ["1", "a[$(touch hit)]"])
def test_a_shell_that_starts_with_ended_credentials_drops_them_silently(seat: PwshSeat, expires: str) -> None:
    inherited = {
        "SHELLINT_SESSION": "00",
        "SHELLINT_KEY": "ASIAOLD",
        "AWS_ACCESS_KEY_ID": "ASIAOLD",
        "AWS_SECRET_ACCESS_KEY": "old",
        "AWS_VAULT": "prod",
        "SHELLINT_EXPIRES": expires,
    }
    fresh = seat.sit(first=STRICT, env=inherited)
    assert fresh.text() == "RDY>"
    assert fresh.environ().keys().isdisjoint(map(str.encode, inherited))
    assert not (seat.home / "hit").exists()


def test_ctrl_c_at_the_passphrase_leaves_the_terminal_echoing(seat: PwshSeat) -> None:
    sh = seat.sit(first=STRICT, without=("SHELLINT_FILE_PASSPHRASE",), columns=240)
    before = sh.environ()
    sh.send("vault use plain\r")
    question(sh, "(?i)passphrase")
    assert not sh.echoes
    sh.send("corr")
    sh.interrupt()
    assert sh.words('"$LASTEXITCODE"') == [b"130"]
    assert changes(before, sh.environ()) == {}
    sh.send("cat\r")
    sh.busy()
    sh.wait(lambda: sh.echoes, "an echo")
    sh.send("\x04")
    sh.prompt()
    assert not sh.showed("corr")


def test_twenty_prompts_start_no_process_while_the_time_falls(seat: PwshSeat, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    sh = seat.sit(first=STRICT, under=trace.argv)
    seat.aws.session_seconds = 55
    sh.run("vault use plain --force", timeout=60)
    sh.run("1", timeout=60)
    trace.mark()
    shown = []
    for number in range(20):
        sh.run(f"{number}", timeout=60)
        shown.append(segment(sh))
        if number in {7, 14}:
            sh.run("[Threading.Thread]::Sleep(1100)")
    assert trace.calls() == []
    assert all(text.startswith("plain 0:") for text in shown)
    assert shown == sorted(shown, reverse=True)
    assert len(set(shown)) >= 3
    sh.run("& /bin/true", timeout=60)
    assert trace.calls() != []
