"""`vault` called from within a person's function, and beside functions that carry the names of builtins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_program import both_shells, looks, ours, typed
from tests.hook_stage import BEFORE, make_stage
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import needs
from tests.seat import Seat, changes, seated

BOTH = pytest.mark.parametrize("kind", ["bash", "zsh"])
REMOVE = {"bash": "unset -f builtin", "zsh": "unfunction builtin"}


@pytest.fixture
def seat(kind: str, home: Path) -> Iterator[Seat]:
    with seated(KINDS[kind], home) as each:
        yield each


@BOTH
def test_a_function_called_builtin_sees_no_secret(seat: Seat, kind: str) -> None:
    sh = seat.sit()
    before = sh.environ()
    sh.run('builtin() { echo "SEEN $*"; }')
    sh.run("vault use plain || echo re'fused'")
    shown = bytes(sh.raw)
    assert b"vault: a function called builtin stands in the way, so nothing was changed" in shown
    assert b"refused" in shown
    assert b"SEEN export" not in shown
    assert b"SEEN eval" not in shown
    sh.run(REMOVE[kind])
    assert changes(before, sh.environ()) == {}
    assert not seat.asked("AssumeRole")
    sh.run("vault use plain")
    assert sh.value("AWS_VAULT") == b"plain"


@BOTH
def test_a_readonly_local_of_the_caller_changes_nothing(seat: Seat) -> None:
    sh = seat.sit()
    before = sh.environ()
    sh.run("f() { local -r AWS_REGION=x; vault use plain || echo refused; }; f")
    sh.see("^refused$")
    assert changes(before, sh.environ()) == {}
    assert not seat.asked("AssumeRole")


@BOTH
def test_locals_of_the_caller_leave_nothing_half_done(seat: Seat, kind: str) -> None:
    """bash takes them out and changes the shell; zsh, where that is not to be had, changes nothing."""
    sh = seat.sit(env={"AWS_PROFILE": "mine"})
    before = sh.environ()
    sh.run("f() { local AWS_PROFILE=x AWS_REGION=x AWS_ACCESS_KEY_ID=x; vault use plain; }; f")
    after = changes(before, sh.environ())
    if kind == "zsh":
        sh.see("^vault: AWS_ACCESS_KEY_ID is local to a function here, so nothing was changed$")
        assert after == {}
        return
    assert (after["AWS_PROFILE"], after["AWS_REGION"], after["AWS_VAULT"]) == (None, b"eu-west-1", b"plain")
    assert after["AWS_ACCESS_KEY_ID"] == after["SHELLINT_KEY"]
    sh.run("vault clear")
    # What the function had made of them is what was there before.
    assert {name: value for name, value in changes(before, sh.environ()).items() if value != b"x"} == {}


SCOPES = {
    "readonly": ("local -r AWS_REGION=x", ""),
    "readonly-without-a-value": ("local -r AWS_VAULT", ""),
    "readonly-further-out": ("local AWS_PROFILE=x", "local -r AWS_PROFILE=y"),
    "readonly-of-another-tool": ("local -rx AWSUME_OTHER=x", ""),
    "kept-when-unset": ("shopt -s localvar_unset 2>/dev/null; local AWS_PROFILE=x", ""),
}
"""What a function around `vault`, and one around that, have of their own: nothing of which can give way."""


@both_shells
@pytest.mark.parametrize("scope", SCOPES)
def test_what_cannot_be_changed_in_every_scope_is_not_changed_in_any(
    scope: str, shell_kind: Kind, tmp_path: Path
) -> None:
    if scope == "kept-when-unset" and shell_kind.name == "bash":
        needs("bash", 5, to="hide a variable behind a local that is unset")
    stage = make_stage(shell_kind, tmp_path)
    inner, outer = SCOPES[scope]
    lines = [
        f". {stage.program.hook(shell_kind)}",
        f"f() {{ {inner}; vault use prod; {stage.look('inside $?')}; }}",
        f"g() {{ {outer or ':'}; f; }}",
        "g",
        stage.look("after 0"),
    ]
    done = typed(shell_kind, lines, stage.env, stage.program.directory)
    seen, shown = looks(done.stdout), done.stderr.decode(errors="replace")
    assert seen["inside"].status == "1"
    assert ours(seen["after"].env) == BEFORE
    assert "so nothing was changed\n" in shown
    assert stage.program.calls() == []


@pytest.mark.parametrize(("inner", "outer"), [("=x", "=y"), ("", "=y"), ("=x", ""), ("", "")])
def test_bash_takes_out_locals_of_every_caller(inner: str, outer: str, tmp_path: Path) -> None:
    """With values or without; then the whole shell has the session, after these functions too."""
    kind = KINDS["bash"]
    stage = make_stage(kind, tmp_path)
    lines = [
        f". {stage.program.hook(kind)}",
        f"f() {{ local AWS_PROFILE{inner} AWS_REGION{inner} AWS_SECRET_ACCESS_KEY{inner}; vault use prod; }}",
        f"g() {{ local AWS_PROFILE{outer} AWS_REGION{outer}; f; }}",
        "g",
        stage.look('after "$?"'),
    ]
    seen = looks(typed(kind, lines, stage.env, stage.program.directory).stdout)
    assert (seen["after"].status, ours(seen["after"].env)) == stage.expected["use"]


@BOTH
def test_no_colour_on_a_terminal_that_has_none(seat: Seat) -> None:
    sh = seat.sit(env={"TERM": "dumb"})
    sh.run("vault use plain")
    assert b"\x1b[32m" not in bytes(sh.raw)
    sh.see(r"^plain (60|59)m ")
