"""fish's two prompts, the event and the function: state changes with the one, the other is drawn again and again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rig.kinds import MARK, Kind
from tests.rig.shell import Shell
from tests.seat import Seat, hour, seated, segment

pytestmark = pytest.mark.parametrize("shell_kind", ["fish"], indirect=True)

ENDED = "vault: dev has ended and is taken out of this shell; `vault refresh` loads it again"


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


@pytest.fixture
def shells() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def copies(sh: Shell) -> int:
    """Return how many copies of the person's prompt there are."""
    return len(re.findall(r"^__shellint_theirs_*$", sh.output("functions -an | cat"), re.MULTILINE))


def test_loaded_as_often_as_one_likes_it_wraps_the_prompt_once(seat: Seat) -> None:
    hook = seat.hook("fish")
    sh = seat.sit(hook * 2)
    assert sh.text() == MARK.rstrip()
    sh.run(hook.rstrip())
    sh.run("vault use plain")
    sh.run(hook.rstrip())
    assert segment(sh) in hour("plain")
    assert copies(sh) == 1


def test_a_prompt_that_is_defined_anew_is_wrapped_anew(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    sh.run(f"function fish_prompt; printf '[mine] {MARK}'; end")
    assert sh.cur() in {f"{text} [mine] {MARK}" for text in hour("plain")}
    for _ in range(3):
        sh.run(f"function fish_prompt; printf '[mine] {MARK}'; end")
    assert sh.cur() in {f"{text} [mine] {MARK}" for text in hour("plain")}
    # The same again is no other one: a theme that defines it at each prompt may do so for a year.
    assert copies(sh) == 2
    sh.run(f"functions -e fish_prompt; function fish_prompt; printf '{MARK}'; end")
    assert segment(sh) in hour("plain")


def test_a_prompt_in_a_file_of_its_own_is_found_and_kept(seat: Seat, shells: ExitStack) -> None:
    file = seat.home / ".config/fish/functions/fish_prompt.fish"
    file.parent.mkdir(parents=True)
    file.write_text(f"function fish_prompt --description 'their own'; printf '(theirs) {MARK}'; end\n")
    kind = replace(seat.kind, prompts="set -g fish_greeting\n")
    sh = shells.enter_context(Shell(kind, seat.home, seat.hook("fish"), seat.env))
    assert sh.cur() == f"(theirs) {MARK}"
    sh.run("vault use plain")
    assert sh.cur() in {f"{text} (theirs) {MARK}" for text in hour("plain")}


def test_several_lines_and_the_prompts_arguments_and_lists_are_the_persons(seat: Seat) -> None:
    """fish 4.1 draws a prompt once more, with an argument, when the line is done."""
    own = (
        "function fish_prompt; set -g given $argv; set -q argv[1]; and printf 'done\\n\\n'; "
        f"or printf 'one\\n\\n%s{MARK}' 'a  b '; end\n"
    )
    sh = seat.sit(own)
    sh.run("vault use plain")
    assert sh.cur() == f"a  b {MARK}"
    assert re.fullmatch(r"plain (60|59)m one", sh.lines()[sh.screen.cursor.y - 2])
    assert sh.lines()[sh.screen.cursor.y - 1] == ""
    assert sh.words("(fish_prompt --final-rendering x >/dev/null; printf '%s\\n' $given)") == [
        b"--final-rendering",
        b"x",
    ]
    assert re.fullmatch(r"plain (60|59)m done\n\n<\n.*\n", sh.output("fish_prompt x; printf '<\\n'"))


def test_repainting_and_resizing_draw_it_again_and_nothing_more(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 50}
    sh = seat.sit('function events -e fish_prompt; set -g events "x$events"; end\n')
    sh.run("vault use plain")
    before = len(sh.words('"$events"')[0])
    sh.send("echo half")
    sh.see("echo half$")
    for columns, lines in ((60, 20), (100, 24)):
        # fish asks the terminal where its cursor is: once it sleeps, it knows, and has drawn.
        sh.idle()
        sh.resize(columns, lines)
        sh.quiet()
    sh.idle()
    assert re.fullmatch(rf"plain 0:\d\d {MARK}echo half", sh.cur())
    assert sh.lines()[: sh.screen.cursor.y].count(sh.cur()) == 0
    sh.press("\r")
    assert len(sh.words('"$events"')[0]) == before + 2


def test_the_right_prompt_is_left_alone_or_shows_the_text(seat: Seat) -> None:
    sh = seat.sit("function fish_right_prompt; set -l was $status; echo \"<$was \"(vault_prompt_info)'>'; end\n")
    assert sh.cur() == MARK
    sh.run("vault use plain; sh -c 'exit 7'")
    sh.quiet()
    assert sh.cur() == MARK
    assert re.search(r"RDY> +<7 plain (60|59)m>$", sh.lines()[sh.screen.cursor.y])


def test_vi_mode_keeps_its_mark_and_ours(seat: Seat) -> None:
    sh = seat.sit("fish_vi_key_bindings\n")
    sh.run("vault use plain")
    assert re.fullmatch(rf"\[I\] plain (60|59)m {MARK}", sh.cur())
    sh.send("\x1b")
    sh.wait(lambda: re.fullmatch(rf"\[N\] plain (60|59)m {MARK}", sh.cur()), "the other mode")
    sh.send("i")
    sh.run("vault clear")
    assert sh.cur() == f"[I] {MARK}"


def test_a_line_typed_after_the_end_runs_without_the_credentials(seat: Seat) -> None:
    sh = seat.sit('function mine -e fish_preexec; echo "preexec: $argv"; end\n', env={"AWS_PROFILE": "mine"})
    seat.aws.session_seconds = 4
    seat.code(sh, "vault use dev")
    ends = float(sh.value("SHELLINT_EXPIRES") or 0)
    time.sleep(max(0.0, ends - time.time()) + 0.1)
    line = 'echo "<$AWS_ACCESS_KEY_ID $AWS_PROFILE>"'
    assert sh.output(line).splitlines() == [ENDED, f"preexec: {line}", "< mine>"]
    assert segment(sh) == ""
    sh.run("sh -c 'exit 7'")
    assert sh.status() == 7


def test_nothing_a_terminal_would_obey_is_in_a_message_or_on_a_dumb_terminal(seat: Seat) -> None:
    sh = seat.sit(env={"TERM": "dumb"})
    sh.run("vault use plain")
    at = len(sh.raw)
    sh.run()
    assert re.search(rb"(?<!m)plain (60|59)m RDY> ", sh.raw[at:])
    sh.run("set -gx AWS_VAULT \\e]0\\;title\\a")
    at = len(sh.raw)
    sh.run("set -gx AWS_ACCESS_KEY_ID AKIAPASTED")
    assert b"vault: other AWS keys were put into this shell; ]0;title is let go" in sh.raw[at:]


def test_a_pipe_and_a_substitution_are_this_shell_and_nothing_else_is_said(seat: Seat) -> None:
    """fish runs its functions in the shell itself, wherever they stand in a line."""
    sh = seat.sit()
    shown = sh.output('vault use plain | cat; echo (vault use base); echo "<$AWS_VAULT>"')
    assert "subshell" not in shown
    assert shown.splitlines()[-1] == "<base>"
    assert segment(sh).startswith("base ")
    sh.run("echo (vault clear)")
    assert segment(sh) == ""
