"""Whatever watches a shell (xtrace, verbose, traps, its history, its variables), it never sees a secret."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from shellint import environment
from tests.fake_program import SECRETS, FakeProgram, both_shells, loaded, looks, ours, typed
from tests.hook_stage import BEFORE
from tests.poking import HEARD
from tests.rig.environment import environment as plain_environment
from tests.rig.environment import fresh_home
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import needs

TRACES = {
    "bash": {
        "xtrace": ["set -x"],
        "verbose": ["set -v"],
        "both": ["set -xv"],
        "to-a-file": ["exec 9>>trace", "BASH_XTRACEFD=9", "set -x"],
        "ps4": ["PS4='+ ${BASH_SOURCE-}:$LINENO ${FUNCNAME[*]-} $(echo :${__shellint_code-}:) '", "set -x"],
        "debug": ["trap 'echo \"D:$BASH_COMMAND\" >&2' DEBUG"],
        "debug-xtrace": ["trap 'echo \"D:$BASH_COMMAND:$_\" >&2' DEBUG", "set -xv"],
        "err": ["trap 'echo \"E:$BASH_COMMAND:$_\" >&2' ERR", "set -E"],
        "return": ["trap 'echo \"R:$BASH_COMMAND:$_\" >&2' RETURN", "set -T"],
        "return-traced": ["trap 'echo \"R:$BASH_COMMAND:$_\" >&2' RETURN", "declare -ft $(compgen -A function)"],
        "exit": ["trap 'set; echo \"$_\" >&2' EXIT"],
    },
    "zsh": {
        "xtrace": ["setopt xtrace"],
        "verbose": ["setopt verbose"],
        "both": ["set -xv"],
        "ps4": ["setopt prompt_subst", "PS4='+%N:%i ${__shellint_code-} '", "set -x"],
        "debug": ["trap 'print -r -- \"D:$ZSH_DEBUG_CMD\" >&2' DEBUG"],
        "debug-after": ["setopt no_debug_before_cmd", "trap 'print -r -- \"D:$ZSH_DEBUG_CMD:$_\" >&2' DEBUG"],
        "trapdebug": ['TRAPDEBUG() { print -r -- "D:$ZSH_DEBUG_CMD:$_" >&2 }'],
        "debug-xtrace": ['TRAPDEBUG() { print -r -- "D:$ZSH_DEBUG_CMD" >&2 }', "set -xv"],
        "zerr": ["trap 'print -r -- \"E:$_\" >&2' ZERR"],
        "trapzerr": ['TRAPZERR() { print -r -- "E:$_:$functrace" >&2 }'],
        "err-return": ["trap 'print -r -- E >&2' ERR", "setopt err_return"],
        "functions-t": ["functions -t -m '*'"],
        "functions-T": ["functions -T -m '*'"],
        "trapexit": ["TRAPEXIT() { typeset -p >/dev/null; print -r -- bye >&2 }"],
    },
}

WATCHED = {
    "functrace": ["set -o functrace", "trap 'echo \"D:$BASH_COMMAND:$_\" >&2' DEBUG"],
    "extdebug": ["shopt -s extdebug", "trap 'echo \"D:$BASH_COMMAND:$_\" >&2' DEBUG"],
    "functions": ["trap 'echo \"D:$BASH_COMMAND:$_\" >&2' DEBUG", "declare -ft $(compgen -A function)"],
    "functrace-xtrace": ["set -Tx", "trap 'echo \"D:$BASH_COMMAND:$_\" >&2' DEBUG"],
}
"""bash: a DEBUG trap that follows into functions, where nothing can be hidden from it."""

STATE = {
    "bash": "{ set +o; shopt; trap -p; } 2>/dev/null",
    "zsh": "{ setopt; trap; functions -m 'TRAP*' } 2>/dev/null",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A shell's hook and a program whose `use`, `refresh` and `clear` succeed."""

    program: FakeProgram
    env: dict[str, str]
    held: dict[str, str]


@pytest.fixture
def stage(shell_kind: Kind, tmp_path: Path) -> Stage:
    return make_stage(shell_kind, tmp_path)


def make_stage(kind: Kind, directory: Path) -> Stage:
    fake = FakeProgram(directory / "program")
    prod, ended = loaded(BEFORE, "prod", 3600, time.time()), loaded(BEFORE, "ended", -5, time.time())
    held = prod.applied_to(BEFORE)
    text = fake.change(kind, "use prod", prod)
    fake.change(kind, "use ended", ended)
    fake.answer("refresh", text)
    fake.change(kind, "clear", environment.clear(held, sealed={}))
    fake.change(kind, "clear --expired --no-input", environment.clear(ended.applied_to(BEFORE), sealed={}))
    assert all(secret in text for secret in SECRETS)
    return Stage(fake, plain_environment(fresh_home(directory / "home"), **BEFORE), held)


def run(kind: Kind, stage: Stage, lines: Sequence[str]) -> tuple[str, str]:
    done = typed(kind, [f". {stage.program.hook(kind)}", *lines], stage.env, stage.program.directory)
    return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def check_unseen(*texts: str) -> None:
    for text in texts:
        assert [line for line in text.splitlines() for secret in SECRETS if secret in line] == []


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, table in TRACES.items() for name in table])
def test_no_trace_shows_a_secret(kind: str, name: str, tmp_path: Path) -> None:
    """During use, refresh, clear and an expiry; and every option and trap is afterwards what it was."""
    shell = KINDS[kind]
    if name == "to-a-file":
        needs("bash", 4, 1, to="trace into a descriptor")
    stage = make_stage(shell, tmp_path)
    look, state = stage.program.look, STATE[kind]
    lines = [
        *TRACES[kind][name],
        f"{state} >state.1",
        "vault use prod",
        f'test "$AWS_VAULT" = prod && {look} held "$?"',
        f"{state} >state.2",
        "vault refresh",
        "vault use prod",
        "vault clear",
        f'{look} cleared "$?"',
        "vault use ended",
        f'{look} expired "$?"',
        f"{state} >state.3",
    ]
    done = typed(shell, [f". {stage.program.hook(shell)}", *lines], stage.env, stage.program.directory)
    shown = done.stderr.decode(errors="replace")
    seen = looks(done.stdout)
    assert {name: (look.status, ours(look.env)) for name, look in seen.items()} == {
        "held": ("0", stage.held),
        "cleared": ("0", BEFORE),
        "expired": ("0", BEFORE),
    }, shown
    check_unseen(shown, *(look.before for look in seen.values()))
    if (file := stage.program.directory / "trace").exists():
        assert "vault use prod" in file.read_text()
        check_unseen(file.read_text())
    states = [(stage.program.directory / f"state.{number}").read_text() for number in (1, 2, 3)]
    assert states[0]
    assert HEARD[kind] in states[1]
    assert [state.replace(HEARD[kind], "") for state in states] == [states[0]] * 3


@pytest.mark.parametrize("name", WATCHED)
def test_bash_refuses_where_a_debug_trap_sees_into_functions(name: str, tmp_path: Path) -> None:
    """`use` says so and changes nothing; what has ended is dropped all the same, without the program."""
    kind = KINDS["bash"]
    if name == "extdebug":
        needs("bash", 4, to="let a trap into functions by extdebug alone")
    stage = make_stage(kind, tmp_path)
    look = stage.program.look
    lines = [
        *WATCHED[name],
        f'vault use prod || {look} refused "$?"',
        "trap - DEBUG",
        "vault use ended; " + "; ".join(WATCHED[name]),
        f'{look} expired "$?"',
        "trap - DEBUG",
        "vault clear",
        f'{look} cleared "$?"',
    ]
    done = typed(kind, [f". {stage.program.hook(kind)}", *lines], stage.env, stage.program.directory)
    seen, shown = looks(done.stdout), done.stderr.decode(errors="replace")
    assert seen["refused"].status == "1"
    assert ours(seen["refused"].env) == BEFORE
    assert "vault: a DEBUG trap sees every command" in shown
    assert "set +T" in shown
    assert ours(seen["expired"].env).keys() == {"SHELLINT_SAVED"}
    assert ours(seen["cleared"].env) == BEFORE
    assert stage.program.calls() == ["use ended", "clear"]
    check_unseen(shown, *(look.before for look in seen.values()))
    assert shown.count("D:") > 3


BESIDE = ("return", "declare", "whence", "type", "unset", "printf", "test", "command", "local", "eval", "[")
"""What a guard against a function called `builtin` might lean on: functions of these names must not fell it."""

BUILTINS = {
    "echo": 'builtin() { echo "SEEN $*"; }',
    "log": 'builtin() { echo "SEEN $*" >&2; command builtin "$@"; }',
    "pass": 'builtin() { "$@"; }',
    "silent": 'builtin() { printf "%s\\n" "$@" >>trace; }',
    "beside": "; ".join(f"{name}() {{ :; }}" for name in BESIDE) + '; builtin() { echo "SEEN $*"; }',
}


@both_shells
@pytest.mark.parametrize("form", BUILTINS)
def test_a_function_called_builtin_is_handed_no_secret(form: str, shell_kind: Kind, stage: Stage) -> None:
    """Whatever it does and whatever stands beside it: the program is not even started, and the status is 1.

    No prompt takes anything away either, though each `return` of the hook has then become one from that function.
    """
    look = stage.program.look
    lines = [BUILTINS[form], "vault use prod", f'{look} refused "$?"', f'vault status || {look} status "$?"']
    out, shown = run(shell_kind, stage, lines)
    seen = looks(out.encode())
    assert {name: (each.status, ours(each.env)) for name, each in seen.items()} == {
        "refused": ("1", BEFORE),
        "status": ("1", BEFORE),
    }
    assert stage.program.calls() == []
    if form != "beside":
        assert shown.count("vault: a function called builtin stands in the way, so nothing was changed\n") == 2
    trace = stage.program.directory / "trace"
    check_unseen(out, shown, trace.read_text() if trace.exists() else "")


@both_shells
def test_an_end_beside_a_function_called_builtin_shows_no_secret(shell_kind: Kind, stage: Stage) -> None:
    """The program is not asked, since its answer could not be trusted to anybody."""
    out, shown = run(shell_kind, stage, [f"vault use ended; {BUILTINS['echo']}", ":"])
    assert stage.program.calls() == ["use ended"]
    assert "SEEN" in out
    check_unseen(out, shown)


@both_shells
def test_no_secret_in_a_variable_of_the_shell(shell_kind: Kind, stage: Stage) -> None:
    """Nor in `$_`, a function's text, an array: the two exported variables hold it, and nothing else does."""
    dump = {
        "bash": "set; declare -p; declare -f; alias; local -p 2>&1; hash 2>&1; jobs; shopt; trap -p; compgen -v",
        "zsh": "set; typeset -p; functions; alias; hash; jobs; print -rl -- $psvar; trap; zle -l",
    }[shell_kind.name]
    for command in ("use prod", "refresh"):
        out, shown = run(shell_kind, stage, ["vault use prod", f"vault {command}", 'echo "last $_"', dump])
        holders = {line for line in out.splitlines() for secret in SECRETS if secret in line}
        name = re.compile(r"(?:(?:declare|typeset|export) (?:-\w+ )?)?(AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)=")
        assert len(holders) >= 2
        assert [line for line in holders if not name.match(line)] == []
        assert "last" in out
        check_unseen(shown)


@both_shells
def test_no_secret_in_the_history(shell_kind: Kind, stage: Stage) -> None:
    """Neither while the shell runs nor in the file that it leaves."""
    first = {"bash": ["set -o history"], "zsh": ["SAVEHIST=100 HISTSIZE=100", "setopt inc_append_history"]}[
        shell_kind.name
    ]
    listing = {"bash": "history; fc -l", "zsh": "fc -l 1; print -rl -- $history"}[shell_kind.name]
    out, shown = run(shell_kind, stage, [*first, "vault use prod", "vault refresh", listing, "vault use ended", "exit"])
    check_unseen(out, shown)
    file = Path(stage.env["HISTFILE"])
    assert "vault use prod" in file.read_text()
    check_unseen(file.read_text())
