"""Whose credentials these are: other keys in the same shell, child shells, and variables that came from anywhere."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import VALUES, encoded
from tests.rig.kinds import KINDS, MARK, Kind
from tests.rig.script import run_script
from tests.rig.shell import Shell
from tests.seat import Seat, changes, hour, seated, segment

PASTED = {"AWS_ACCESS_KEY_ID": "AKIAPASTEDBYHAND0000", "AWS_SECRET_ACCESS_KEY": "pasted/by+hand"}
PASTE = "export " + " ".join(f"{name}={value}" for name, value in PASTED.items())
LET_GO = "vault: other AWS keys were put into this shell; plain is let go, the keys are left as they are"


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def ours(environ: dict[bytes, bytes]) -> set[str]:
    return {name.decode() for name in environ if name.startswith(b"SHELLINT_")} - {
        "SHELLINT_AGENT",
        "SHELLINT_FILE_PASSPHRASE",
    }


@pytest.mark.parametrize("between", ["; ", "\r"], ids=["same-line", "next-prompt"])
def test_other_keys_with_another_profiles_name_do_not_change_whose_session_is_let_go(seat: Seat, between: str) -> None:
    sh = seat.sit(env={"AWS_VAULT": "before"})
    other = seat.kind.export("AWS_VAULT", "reader")
    for line in f"vault use plain{between}{PASTE}; {other}".split("\r"):
        shown = sh.output(line)
    assert shown.splitlines()[-1] == LET_GO
    child = sh.environ()
    assert child[b"AWS_VAULT"] == b"reader"
    # What remembers the name is no variable that a child sees.
    assert b"plain" not in b"".join(child.values())


def test_a_session_that_was_inherited_is_let_go_under_its_own_name(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = {name.decode(): value.decode() for name, value in sh.environ().items()}
    rc = f"{PASTE}; {seat.kind.export('AWS_VAULT', 'reader')}\n"
    assert LET_GO in seat.sit(rc, env=loaded).text()


def test_pasted_keys_end_the_session_at_that_prompt_and_are_left_alone(seat: Seat) -> None:
    seat.aws.session_seconds = 4
    sh = seat.sit()
    sh.run("vault use plain")
    loaded = sh.environ()
    assert sh.output(PASTE) == LET_GO
    assert segment(sh) == ""
    pasted = sh.environ()
    assert changes(loaded, pasted) == {
        **{name: value.encode() for name, value in PASTED.items()},
        **dict.fromkeys(ours(loaded)),
    }
    asked = len(seat.aws.requests)
    # Past the end of what was loaded: neither renewed nor cleared, nor a word about it.
    assert sh.output("sleep 4") == ""
    assert "nothing is loaded in this shell" in sh.output("vault refresh")
    assert sh.status() == 1
    assert sh.output("vault clear") == "vault: nothing is loaded in this shell"
    assert sh.output("") == ""
    assert changes(pasted, sh.environ()) == {}
    assert len(seat.aws.requests) == asked


@pytest.mark.parametrize("command", ["refresh", "clear", "region us-east-2"])
def test_keys_pasted_in_the_same_line_are_not_touched_by(seat: Seat, command: str) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    loaded, asked = sh.environ(), len(seat.aws.requests)
    shown = sh.output(f"{PASTE}; vault {command}; echo {sh.kind.status}").splitlines()
    assert shown[0].startswith("vault: ")
    # After `clear` there is nothing left of the session at the prompt; else it is let go there.
    assert shown[-1:] == ["0"] if command == "clear" else shown[-2:] == ["1", LET_GO]
    assert changes(loaded, sh.environ()) == {
        **{name: value.encode() for name, value in PASTED.items()},
        **dict.fromkeys(ours(loaded)),
    }
    assert len(seat.aws.requests) == asked


@pytest.mark.parametrize("between", ["; ", "\r"], ids=["same-line", "next-prompt"])
def test_use_after_pasting_and_then_clear_brings_the_pasted_keys_back(seat: Seat, between: str) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    for line in f"{PASTE}{between}vault use plain".split("\r"):
        sh.run(line)
    loaded = sh.environ()
    assert segment(sh).startswith("plain ")
    assert PASTED["AWS_SECRET_ACCESS_KEY"].encode() not in b"".join(loaded.values())
    sh.run("vault clear")
    cleared = sh.environ()
    assert {name: cleared.get(name.encode()) for name in PASTED} == {
        name: value.encode() for name, value in PASTED.items()
    }
    assert ours(cleared) == set()


def test_a_child_shell_counts_down_and_clears_its_own_copy_only(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 50}
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    sh.run("vault use plain")
    parent, asked = sh.environ(), seat.asked("AssumeRole")
    sh.run(f"{sh.kind.name} -i")
    assert segment(sh).startswith("plain 0:")
    child = sh.environ()
    assert changes(parent, child).keys() <= {"SHLVL"}
    sh.run("vault clear")
    assert segment(sh) == ""
    assert sh.value("AWS_PROFILE") == b"mine"
    assert sh.value("AWS_ACCESS_KEY_ID") is None
    sh.run("exit")
    assert changes(parent, sh.environ()) == {}
    assert segment(sh).startswith("plain 0:")
    assert seat.asked("AssumeRole") == asked


def test_a_child_never_renews_what_its_parent_holds_but_may_load_its_own(seat: Seat) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 4}
    sh = seat.sit()
    sh.run("vault use plain")
    parent, asked = sh.environ(), seat.asked("AssumeRole")
    ends = int(parent[b"SHELLINT_EXPIRES"])
    sh.run(f"{sh.kind.name} -i")
    while time.time() < ends:
        sh.run("sleep 0.3")
    sh.run()
    assert seat.asked("AssumeRole") == asked
    assert segment(sh) == ""
    assert sh.value("AWS_ACCESS_KEY_ID") is None
    seat.aws.session_seconds_for = {}
    sh.run("vault refresh")
    child = sh.environ()
    assert child[b"SHELLINT_OWNER"] != parent[b"SHELLINT_OWNER"]
    assert child[b"SHELLINT_SESSION"] != parent[b"SHELLINT_SESSION"]
    assert segment(sh) in hour("plain")


def test_a_script_with_the_hook_uses_and_clears_what_it_inherits(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    sh.run("vault use plain")
    before = sh.environ()
    (seat.home / "script").write_text(
        f'{seat.hook(sh.kind.name)}\necho "<$AWS_VAULT>"\nvault clear\nenv | grep -c AWS_VAULT\necho "<$AWS_PROFILE>"\n'
    )
    assert sh.output(f"{sh.kind.name} script") == "<plain>\n0\n<mine>"
    assert changes(before, sh.environ()) == {}


@pytest.mark.parametrize("to", list(KINDS))
def test_exec_of_another_shell_stays_the_owner(seat: Seat, to: str) -> None:
    seat.aws.session_seconds_for = {"AssumeRole": 8}
    other = KINDS[to]
    sh = seat.sit()
    (seat.home / other.rc).parent.mkdir(parents=True, exist_ok=True)
    (seat.home / other.rc).write_text(other.prompt + seat.hook(to))
    sh.run("vault use plain")
    first = sh.environ()
    seat.aws.session_seconds_for = {}
    sh.run(f"exec {to} -i")
    assert segment(sh) in hour("plain")
    second = sh.environ()
    assert second[b"SHELLINT_OWNER"] == first[b"SHELLINT_OWNER"]
    # It does not know when to renew and goes by the last five minutes, so for these seconds: at once.
    assert second[b"AWS_ACCESS_KEY_ID"] != first[b"AWS_ACCESS_KEY_ID"]
    sh.run("vault clear")
    assert segment(sh) == ""


HOSTILE_EXPIRES = {
    "expired": "1000000000",
    "leading-zeros": "0000000008",
    "future": f"{time.time() + 38 * 3600:.0f}",
    "text": "tomorrow",
    "negative": "-1",
    "subscript": "a[$(touch hit)]",
    "substitution": "$(touch hit)",
    "long": "9" * 400,
    "wraps": "18446744073709551617",
    "newline": "1\n2",
}


def test_a_shell_that_starts_with_expired_variables_drops_them_silently_at_once(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    before = sh.environ()
    sh.run("vault use plain")
    loaded = {name.decode(): value.decode() for name, value in sh.environ().items()}
    for row, expires in HOSTILE_EXPIRES.items():
        with Shell(seat.kind, seat.home, seat.hook(seat.kind.name), loaded | {"SHELLINT_EXPIRES": expires}) as late:
            assert late.text() == "RDY>", row
            assert changes(before, late.environ()).keys() <= {"SHLVL"}, row
    script = f'{seat.hook(seat.kind.name)}\nenv | grep -c -e AWS_VAULT -e SHELLINT_SAVED\necho "<$AWS_PROFILE>"'
    done = run_script(seat.kind, script, loaded | {"SHELLINT_EXPIRES": "1000000000"})
    assert (done.stdout, done.stderr) == (b"0\n<mine>\n", b"")
    assert not (seat.home / "hit").exists()


def test_hostile_variables_from_outside_show_as_text_and_do_nothing(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    sh.run("vault use plain")
    loaded = {name.decode(): value.decode() for name, value in sh.environ().items()}
    nasty = "%{$(touch hit)`touch hit`a[$(touch hit)]\x1b]0;title\x07\n%n\\u"
    names = ("SHELLINT_SAVED", "SHELLINT_REQUEST", "SHELLINT_SESSION", "SHELLINT_OWNER", "AWS_VAULT")
    with Shell(seat.kind, seat.home, seat.hook(seat.kind.name), loaded | dict.fromkeys(names, nasty)) as sh:
        assert segment(sh) in hour("%{$(touch hit)`touch hit`a[$(touch hit)]]0;title%n\\u")
        assert "ended" not in sh.output("vault status")
        sh.run("vault refresh")
        sh.run("vault region us-east-2")
        sh.run("vault clear")
        assert segment(sh) == ""
        after = sh.environ()
        assert b"AWS_ACCESS_KEY_ID" not in after
        assert ours(after) == set()
    assert not (seat.home / "hit").exists()


def test_every_hostile_profile_in_the_environment_is_only_text_in_the_prompt(seat: Seat) -> None:
    # On a line of its own: a shell and the screen need not agree on the width of what has none.
    sh = seat.sit(seat.kind.expands + seat.kind.prompts.format(prompt=f"\n{MARK}"))
    sh.run("vault use plain")
    for row, value in VALUES.items():
        if len(value) < 100:
            start = len(sh.raw)
            sh.run(sh.kind.export("AWS_VAULT", encoded(value)))
            # In the bytes: the rendered screen has no idea of characters without width.
            assert re.search(rb" (60|59)m", sh.raw[start:]), row
            assert not any(sequence in sh.raw[start:] for sequence in (b"\x1b]0;title", b"\x1b[31mred")), row
    assert not (seat.home / "hit").exists()
