"""The segment in the prompt: what it says, how it looks, where it stands, and that it costs no process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake_program import both_shells, typed
from tests.hook_stage import make_stage
from tests.rig.kinds import MARK, Kind
from tests.rig.processes import Trace
from tests.rig.programs import version
from tests.rig.shell import Shell
from tests.seat import Seat, hour, seated, segment


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def color(sh: Shell) -> str:
    """Return the colour of the first letter of the cursor's line."""
    letter: str = sh.screen.buffer[sh.screen.cursor.y][0].fg
    return letter


def test_w8_it_says_what_is_left_in_the_colour_of_the_hurry(seat: Seat) -> None:
    sh = seat.sit()
    looks = {35_990: ("9h59m", "green"), 6_500: ("1h48m", "green"), 5_950: ("99m", "green"), 640: ("10m", "green")}
    looks |= {590: ("9m", "brown"), 110: ("1m", "brown"), 57: (r"0:5\d", "red")}
    for seconds, (text, shade) in looks.items():
        seat.aws.session_seconds_for = {"AssumeRole": seconds}
        sh.run("vault use plain --force")
        assert re.fullmatch(f"plain {text}", segment(sh)), seconds
        assert color(sh) == shade, seconds
    assert "".join(sh.screen.buffer[sh.screen.cursor.y][x].fg for x in range(11, 14)) == "default" * 3
    sh.run("vault clear")
    assert sh.cur() == MARK


@pytest.mark.parametrize(
    ("env", "shown"),
    [
        ({"NO_COLOR": "1"}, r"plain (60|59)m "),
        ({"SHELLINT_PROMPT": "off"}, ""),
        ({"SHELLINT_PROMPT": "auto"}, r"plain (60|59)m "),
        ({"SHELLINT_PROMPT": "[{left} of {profile}%n]"}, r"\[(60|59)m of plain%n\] "),
        ({"SHELLINT_PROMPT": "$(touch hit)%{{profile}"}, r"\$\(touch hit\)%\{plain "),
        ({"STARSHIP_SHELL": "any"}, ""),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else None,
)
def test_the_environment_says_how(seat: Seat, env: dict[str, str], shown: str) -> None:
    sh = seat.sit(first=seat.kind.expands, env=env)
    sh.run("vault use plain")
    assert re.fullmatch(f"{shown}{MARK}", sh.cur())
    assert color(sh) == ("default" if "NO_COLOR" in env or not shown else "green")
    assert not (seat.home / "hit").exists()


def test_a_session_without_an_end_is_shown_without_a_time(seat: Seat) -> None:
    """And `vault status` says the same."""
    sh = seat.sit()
    sh.run("vault use plain")
    sh.run({"fish": "set -e SHELLINT_EXPIRES"}.get(seat.kind.name, "unset SHELLINT_EXPIRES"))
    assert segment(sh) == "plain"
    said = sh.output("vault status").splitlines()
    assert [line.split(maxsplit=1) for line in said[:2]] == [["profile", "plain"], ["left", "it has no end"]]
    assert '"seconds_left": null' in sh.output("vault status --json").replace("\n", "")
    sh.run("vault clear")
    assert sh.value("AWS_ACCESS_KEY_ID") is None


@pytest.mark.parametrize("how", [{"options": "--no-prompt"}, {"env": {"SHELLINT_PROMPT": "off"}}], ids=str)
def test_no_prompt_places_nothing_and_a_theme_asks_for_the_text(seat: Seat, how: dict[str, Any]) -> None:
    sh = seat.sit(hook=seat.hook(seat.kind.name, how.get("options", "")), env=how.get("env"))
    sh.run("vault use plain")
    assert sh.cur() == MARK
    assert sh.output("vault_prompt_info; echo") in hour("plain")


def test_switched_off_later_the_segment_goes_and_the_text_stays(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    assert segment(sh) in hour("plain")
    sh.run(seat.kind.export("SHELLINT_PROMPT", "off"))
    assert sh.cur() == MARK
    assert sh.output("vault_prompt_info; echo") in hour("plain")


@pytest.mark.parametrize("name", ["100%", "$(touch hit)", "%{$(touch hit)`touch hit`", "a%%b\\u\\$"])
def test_a_theme_with_the_text_in_it_shows_it_once_and_as_text(seat: Seat, name: str) -> None:
    kind = seat.kind
    own = kind.prompts.format(prompt=f"<{kind.output.format(command='vault_prompt_info')}> {MARK}")
    sh = seat.sit(rc=kind.expands + own)
    assert sh.cur() == f"<> {MARK}"
    sh.run("vault use plain")
    sh.run(sh.kind.export("AWS_VAULT", name))
    assert sh.cur() in {f"<{text}> {MARK}" for text in hour(name)}
    sh.run(kind.prompt.rstrip())
    sh.run()
    assert segment(sh) in hour(name)
    assert not (seat.home / "hit").exists()


REBUILT = {
    "bash": {
        "string": f"theme() {{ PS1='{MARK}'; }}; PROMPT_COMMAND=theme\n",
        "string-in-front": f"theme() {{ PS1='{MARK}'; }}; PROMPT_COMMAND=\"theme;$PROMPT_COMMAND\"\n",
        "array": f"theme() {{ PS1='{MARK}'; }}; PROMPT_COMMAND=(: theme)\n",
        "array-behind": f"theme() {{ PS1='{MARK}'; }}; PROMPT_COMMAND+=(theme)\n",
    },
    "zsh": {
        "precmd": f"precmd() {{ PROMPT='{MARK}' psvar=(a b) }}\n",
        "precmd_functions": f"theme() {{ PROMPT='{MARK}'; psvar=() }}; precmd_functions+=(theme)\n",
        "one-line": f"precmd() {{ psvar[1]=mine; PROMPT='%1v {MARK}' }}\n",
    },
    "fish": {
        "function": f"function fish_prompt; printf %s '{MARK}'; end\n",
        "event": f"function theme -e fish_prompt; function fish_prompt; printf %s '{MARK}'; end; end\n",
        "another": 'function theme -e fish_prompt; set -g n "$n"x\n'
        f"eval \"function fish_prompt; : $n; printf '{MARK}'; end\"; end\n",
    },
}


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_theme_that_builds_the_prompt_each_time_still_shows_it(seat: Seat, order: str) -> None:
    """Loaded before the hook or after it; a later assignment of PROMPT_COMMAND is mended by the next `vault`."""
    for theme, text in REBUILT[seat.kind.name].items():
        before, after = (text, "") if order == "before" else ("", text)
        sh = seat.sit(after, first=before)
        sh.run("vault use plain")
        for _ in range(3):
            sh.run()
            assert re.match(r"plain (60|59)m ", sh.cur()), theme
            assert sh.cur().count("plain") == 1, theme
            assert ("mine" in sh.cur()) is (theme == "one-line")


def test_the_exit_code_of_a_command_is_what_the_next_one_sees(seat: Seat) -> None:
    sh = seat.sit()
    for loaded in (False, True):
        if loaded:
            sh.run("vault use plain")
        sh.run("sh -c 'exit 7'")
        assert sh.status() == 7
        sh.run("sh -c 'exit 7'")
        sh.run()
        assert sh.status() == 7
        sh.run("sh -c 'exit 3' | true | sh -c 'exit 4'")
        assert sh.words(sh.kind.statuses) == [b"3 0 4"]
        sh.run("vault nonsense")
        assert sh.status() == 2


SEES = {
    "bash": {
        "string": "PROMPT_COMMAND='seen=$?'\n",
        "string-of-two": "PROMPT_COMMAND=$'seen=$?;\\n : ; '\n",
        "array": "PROMPT_COMMAND=(: 'seen=$? pipe=\"${PIPESTATUS[*]}\"')\n",
    },
    "zsh": {
        "precmd": 'precmd() { seen=$? pipe="$pipestatus" }\n',
        "precmd_functions": 'theirs() { seen=$? pipe="$pipestatus"; }; precmd_functions=(theirs)\n',
    },
    "fish": {
        "event": "function theirs -e fish_prompt; set -g seen $status; set -g pipe $pipestatus; end\n",
        "prompt": f"function fish_prompt; set -g seen $status; set -g pipe $pipestatus; printf '{MARK}'; end\n",
        "right": "function fish_right_prompt; set -g seen $status; set -g pipe $pipestatus; end\n",
    },
}


def test_the_persons_own_prompt_commands_see_the_exit_code_too(seat: Seat) -> None:
    for form, text in SEES[seat.kind.name].items():
        if form == "array" and version("bash") < (5, 1):
            continue  # only its first command would run
        sh = seat.sit(first=text)
        for loaded in (False, True):
            if loaded:
                sh.run("vault use plain")
            sh.run("sh -c 'exit 3' | sh -c 'exit 9'")
            assert sh.words('"$seen"') == [b"9"], form
            # To a prompt of fish before 3.2 `$pipestatus` is `$status`, whatever it was.
            if "pipe" in text and not (seat.kind.name == "fish" and version("fish") < (3, 2)):
                sh.run("sh -c 'exit 3' | sh -c 'exit 9'")
                assert sh.words('"$pipe"') == [b"3 9"], form


def test_twenty_prompts_start_no_process_and_each_shows_the_time_that_falls(seat: Seat, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    seat.aws.session_seconds_for = {"AssumeRole": 58}
    sh = seat.sit(under=trace.argv)
    sh.run("vault use plain")
    assert trace.calls()
    trace.mark()
    shown = []
    for number in range(20):
        if number % 4 == 0:
            # So that there is something to see falling.
            sh.quiet(0.6)
        sh.run()
        found = re.fullmatch(r"plain 0:(\d\d)", segment(sh))
        assert found, sh.cur()
        shown.append(int(found[1]))
    if seat.kind.name == "fish" and version("fish") < (3, 6):
        # There is no other clock in it: once before the typed line and once before the prompt.
        started = [call.rest for call in trace.calls() if call.name == "execve"]
        assert all(rest.startswith('"/bin/date"') for rest in started)
        assert len(started) <= 40
    else:
        assert trace.calls() == []
    assert shown == sorted(shown, reverse=True)
    assert shown[0] - shown[-1] >= 2


@both_shells
def test_no_line_about_a_profile_carries_control_bytes(shell_kind: Kind, tmp_path: Path) -> None:
    """AWS_VAULT may hold anything by then: the line about other keys is not made of it, that about the end is clean."""
    stage = make_stage(shell_kind, tmp_path)
    name = shell_kind.export("AWS_VAULT", "a\x1b[2J\ab\x7f")
    lines = [
        f". {stage.program.hook(shell_kind)}",
        f"vault use prod; {name}; {shell_kind.export('AWS_ACCESS_KEY_ID', 'AKIAOTHER')}",
        f"vault use broken; {name}",
        ":",
    ]
    shown = typed(shell_kind, lines, stage.env, stage.program.directory).stderr
    assert b"into this shell; prod is let go, the keys" in shown
    assert b"vault: a[2Jb is taken out of this shell" in shown
    assert b"\x1b[2J\x07b" not in shown
