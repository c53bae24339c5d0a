"""Whatever goes wrong at `use`, the shell stays as it was, and the exit code says what it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.variables import FIXED
from tests.fake_program import both_shells
from tests.rig.kinds import Kind
from tests.rig.programs import version
from tests.seat import Seat, changes, question, seated, segment

TRACE = {
    "bash": ("set -x", "$-", "set +x"),
    "zsh": ("set -x", "$-", "set +x"),
    "fish": ("set -g fish_trace x", "$fish_trace", "set -e fish_trace"),
}
"""How a shell is told to show each command it runs, and how one sees that it does."""


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def test_every_failure_has_its_exit_code_and_stops_the_line(seat: Seat) -> None:
    """`vault use x && cmd` never runs cmd after a failure."""
    bob = seat.aws.add_user("bob")
    seat.profile("closed", role_arn=seat.aws.add_role("closed", trusted=[bob.arn]).arn, source_profile="base")
    sh = seat.sit()
    sh.run("vault use plain && touch loaded")
    assert sh.status() == 0
    assert (seat.home / "loaded").exists()
    before = sh.environ()
    failures = {
        "use prdo": 1,
        "use --nonsense plain": 2,
        "use closed": 3,
        "use dev --no-input": 4,
        "use plain --region nowhere!": 2,
        "refresh --nonsense": 2,
        "clear plain": 2,
        "region": 2,
        "nonsense": 2,
    }
    for words, code in failures.items():
        sh.run(f"vault {words} && touch hit")
        assert (words, sh.status()) == (words, code)
    assert changes(before, sh.environ()) == {}
    # fish before 3.2 goes on behind a `;`, as it does whenever a program takes Ctrl-C for itself.
    rest = "" if seat.kind.name == "fish" and version("fish") < (3, 2) else "; touch hit"
    sh.send(f"vault use dev && touch hit{rest}\r")
    question(sh)
    sh.interrupt()
    assert sh.status() == sh.abandoned
    assert changes(before, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


def test_a_wrong_code_is_asked_again_and_refused_by_aws_in_the_end(seat: Seat) -> None:
    sh = seat.sit()
    before = sh.environ()
    right = int(seat.mfa.code())
    sh.prompt()
    sh.send("vault use dev && touch hit\r")
    for number in range(1, 4):
        sh.see(rf"(?:^MFA code for [\s\S]*){{{number}}}")
        sh.send(f"{(right + 1000 * number) % 10**6:06d}\r")
    sh.prompt()
    assert sh.status() == 3
    assert changes(before, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


@both_shells
@pytest.mark.parametrize("when", ["before", "loaded"])
def test_a_readonly_name_makes_use_change_nothing_and_ask_for_no_code(seat: Seat, when: str) -> None:
    """Each name that `use` may touch, in a subshell each, so that the next one starts clean."""
    sh = seat.sit()
    if when == "loaded":
        sh.run("vault use plain")
    names = (*FIXED, "AWSUME_OTHER")
    asked = len(seat.aws.requests)
    program = f"""
export AWSUME_OTHER=x
for name in {" ".join(names)}; do (
    readonly "$name"; env -0 | grep -zv ^_= >"$name.before"
    vault use dev 2>"$name.said"; echo $? >"$name.code"
    env -0 | grep -zv ^_= >"$name.after"
); done
"""
    (seat.home / "try").write_text(program)
    sh.run(". ./try", timeout=60)
    for name in names:
        said = (seat.home / f"{name}.said").read_text()
        assert f"vault: {name} is readonly in this shell, so nothing was changed\n" in said
        assert (name, (seat.home / f"{name}.code").read_text()) == (name, "1\n")
        assert (seat.home / f"{name}.before").read_bytes() == (seat.home / f"{name}.after").read_bytes()
    assert len(seat.aws.requests) == asked
    assert not sh.showed("MFA code")


@both_shells
def test_a_pipe_or_parentheses_say_that_only_the_subshell_has_it(seat: Seat) -> None:
    sh = seat.sit()
    before = sh.environ()
    only = "vault: this is a subshell (a pipe or parentheses): only it has the credentials"
    shown = sh.output('( vault use plain; echo "<$AWS_VAULT>" )')
    assert only in shown
    assert shown.endswith("<plain>")
    assert changes(before, sh.environ()) == {}
    assert only in sh.output("vault use plain | cat")
    assert changes(before, sh.environ()) == {}
    assert segment(sh) == ""
    assert only not in sh.output("vault use plain")
    assert segment(sh).startswith("plain ")


def test_ctrl_c_at_the_code_leaves_terminal_and_environment_as_they_were(seat: Seat) -> None:
    sh = seat.sit()
    trace, traced, no_trace = TRACE[seat.kind.name]
    sh.run(trace)
    before = sh.environ()
    sh.send("vault use dev\r")
    question(sh)
    sh.interrupt()
    assert sh.status() == sh.abandoned
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    # Only from 4.4 on bash puts options back that a function has changed when it is abandoned.
    assert (b"x" in sh.words(traced)[0]) is not (seat.kind.name == "bash" and version("bash") < (4, 4))
    sh.run(no_trace)
    assert stored_sessions(seat) == []
    assert seat.aws.requests == []
    flags = sh.output("stty -a | tr ' ;' '\\n\\n' | grep -x -e echo -e icanon -e isig").split()
    assert sorted(flags) == ["echo", "icanon", "isig"]
    seat.code(sh, "vault use dev")
    assert segment(sh).startswith("dev ")


def test_ctrl_c_at_the_passphrase_leaves_terminal_and_environment_as_they_were(seat: Seat) -> None:
    sh = seat.sit(without=("SHELLINT_FILE_PASSPHRASE",))
    before = sh.environ()
    sh.send("vault use plain\r")
    sh.see(r"(?i)^passphrase")
    assert not sh.echoes
    sh.send("corr")
    sh.interrupt()
    assert sh.status() == sh.abandoned
    assert changes(before, sh.environ()) == {}
    sh.send("cat\r")
    sh.busy()
    assert sh.echoes
    sh.send("\x04")
    sh.prompt()
    assert stored_sessions(seat) == []
    assert not sh.showed("corr")


def stored_sessions(seat: Seat) -> list[str]:
    from shellint.paths import paths_from
    from shellint.store import PassphraseSource, open_store
    from shellint.terminal import NoHuman
    from tests.rig.environment import environment

    env = environment(seat.home, **seat.env)
    return open_store(paths_from(env).store, PassphraseSource(NoHuman(), env)).names("session")
