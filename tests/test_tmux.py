"""A tmux gives each new window the variables that its server started with: live ones, and those that have ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.nesting import NAMES, kind_called, ours
from tests.rig import probe
from tests.rig.environment import environment
from tests.rig.kinds import MARK, Kind
from tests.rig.programs import program
from tests.rig.tmux import Tmux, Window
from tests.seat import Seat, hour, seated

FORMER = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}
ENDED = "vault: plain has ended and is taken out of this shell; `vault refresh` loads it again"
PROMPT = MARK.rstrip()
LIVE = {f"{text} {PROMPT}" for text in hour("plain")}


@pytest.fixture(params=NAMES)
def kind(request: pytest.FixtureRequest) -> Kind:
    program("tmux")
    return kind_called(request.param)


@pytest.fixture
def seat(kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(kind, home) as seat:
        yield seat


def environ(kind: Kind, window: Window, file: Path) -> dict[bytes, bytes]:
    """Return what a child of the shell in a window has of a session."""
    file.unlink(missing_ok=True)
    window.output(kind.call.format(words=f"'{sys.executable}' -I -S '{probe.__file__}' '{file}'"))
    _, *variables = file.read_bytes().split(b"\0")[:-1]
    return ours(dict(variable.split(b"=", 1) for variable in variables))


def start(seat: Seat, loaded: Mapping[bytes, bytes]) -> Tmux:
    """Start tmux in a shell that holds `loaded`."""
    variables = {os.fsdecode(name): os.fsdecode(value) for name, value in loaded.items()}
    return Tmux(argv(seat.kind), environment(seat.home, **(seat.env | variables)), seat.home)


def argv(kind: Kind) -> list[str]:
    return [kind.path or program(kind.name), *kind.interactive]


def test_live_ones_count_down_and_are_cleared_window_by_window(seat: Seat, tmp_path: Path) -> None:
    sh = seat.sit(env=FORMER)
    before = ours(sh.environ())
    sh.run("vault use plain")
    loaded, asked = ours(sh.environ()), len(seat.aws.requests)
    with start(seat, loaded) as tmux:
        window = tmux.open(argv(seat.kind))
        assert window.lines()[-1] in LIVE
        assert environ(seat.kind, window, tmp_path / "look") == loaded
        assert window.output("vault clear") == [PROMPT]
        assert environ(seat.kind, window, tmp_path / "look") == before
        # The next one gets what the server has, and so has the first.
        assert tmux.open(argv(seat.kind)).lines()[-1] in LIVE
        assert tmux.first.output("")[-1] in LIVE
        *said, prompt = tmux.first.output("vault use plain --force")
        assert said[-1].startswith("vault: plain for 1h")
        assert prompt in LIVE
        own = environ(seat.kind, tmux.first, tmp_path / "look")
        assert own[b"SHELLINT_OWNER"] == tmux.tell("display-message", "-p", "-t", ":0", "#{pane_pid}").encode()
    assert len(seat.aws.requests) == asked + 1
    assert ours(sh.environ()) == loaded


def test_ended_ones_are_dropped_before_the_first_prompt_and_in_an_older_window_with_one_line(
    seat: Seat, tmp_path: Path
) -> None:
    sh = seat.sit(env=FORMER)
    before = ours(sh.environ())
    sh.run("vault use plain")
    with start(seat, ours(sh.environ())) as tmux:
        assert tmux.first.lines()[-1] in LIVE
        assert tmux.first.output(seat.kind.export("SHELLINT_EXPIRES", "1000000000")) == [ENDED, PROMPT]
        assert tmux.first.output("") == [PROMPT]
        assert environ(seat.kind, tmux.first, tmp_path / "look") == before
        tmux.tell("set-environment", "-g", "SHELLINT_EXPIRES", "1000000000")
        window = tmux.open(argv(seat.kind))
        # A window that is resized while zsh starts has an empty line above.
        assert [line for line in window.lines() if line] == [PROMPT]
        assert window.output("vault clear") == ["vault: nothing is loaded in this shell", PROMPT]
        assert environ(seat.kind, window, tmp_path / "look") == before
