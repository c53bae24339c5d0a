"""The hook among a person's own prompt hooks: all of them still run, in order, and see the person's `$?`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_program import INTERACTIVE, both_shells, typed
from tests.hook_stage import SEGMENT, Stage, make_stage
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import version

MINE = ['mine() { echo "mine $?"; }', 'yours() { echo "yours $?"; }']
"""Two prompt hooks of the person's, which say what `$?` they see."""

COMMANDS = {
    # name: the line of the rc file, what the hooks print after a command that ended with 1
    "string": ("PROMPT_COMMAND=mine", ["mine 1"]),
    "string-two": ("PROMPT_COMMAND='mine;yours'", ["mine 1", "yours 0"]),
    "trailing-semicolon": ("PROMPT_COMMAND='mine;'", ["mine 1"]),
    "trailing-semicolon-space": ("PROMPT_COMMAND='mine ; '", ["mine 1"]),
    "leading-newline": ("PROMPT_COMMAND=$'\\n mine'", ["mine 1"]),
    "trailing-newlines": ("PROMPT_COMMAND=$'mine\\n\\n'", ["mine 1"]),
    "comment": ("PROMPT_COMMAND='mine # and no more'", ["mine 1"]),
    "here-document": ("PROMPT_COMMAND=$'mine; cat <<E\\nhere\\nE'", ["mine 1", "here"]),
    "exported": ("export PROMPT_COMMAND=mine", ["mine 1"]),
    "array": ("PROMPT_COMMAND=(mine yours)", ["mine 1", "yours 1"]),
    "array-one": ("PROMPT_COMMAND=(mine)", ["mine 1"]),
    "array-gaps": ("PROMPT_COMMAND=([2]=mine [5]='' [9]='yours;')", ["mine 1", "yours 1"]),
    "array-words": ("PROMPT_COMMAND=('mine  # twice' 'echo \"*  *\"')", ["mine 1", "*  *"]),
    "array-empty": ("PROMPT_COMMAND=()", []),
    "empty": ("PROMPT_COMMAND=", []),
    "blank": ("PROMPT_COMMAND=' '", []),
    "unset": ("unset PROMPT_COMMAND", []),
    "unset-array": ("unset PROMPT_COMMAND; declare -a PROMPT_COMMAND", []),
}

HOOKS = {
    "functions": ("precmd_functions=(mine yours)", ["mine 1", "yours 1"]),
    "precmd": ("precmd() { mine; }", ["mine 1"]),
    "both": ("precmd() { mine; }; precmd_functions=(yours)", ["mine 1", "yours 1"]),
    "added": ("autoload -Uz add-zsh-hook; add-zsh-hook precmd mine; add-zsh-hook precmd yours", ["mine 1", "yours 1"]),
    "ksh-arrays": ("setopt ksh_arrays; precmd_functions=(mine yours)", ["mine 1", "yours 1"]),
    "none": ("unset precmd_functions", []),
}


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    return {name: make_stage(KINDS[name], tmp_path_factory.mktemp(name)) for name in INTERACTIVE}


def shown_after(stage: Stage, kind: Kind, lines: list[str]) -> tuple[list[str], str]:
    """Type the lines, then `! true` in a shell that holds prod; return what the hooks printed and the screen."""
    typing = [*MINE, *lines, "vault use prod", "echo :::", "! true", 'echo "= $?"']
    done = typed(kind, typing, stage.env, stage.program.directory)
    printed = done.stdout.decode().split(":::\n")[1].splitlines()
    # What is shown before `! true` is typed; then what is shown before the last line; then its own output.
    end = printed.index("= 1")
    return printed[:end], done.stderr.decode()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("when", ["before", "before-twice", "after"])
def test_prompt_command(name: str, when: str, stages: Mapping[str, Stage]) -> None:
    """bash: whatever PROMPT_COMMAND is, before the hook is loaded or after it."""
    line, expected = COMMANDS[name]
    check_hooks(stages["bash"], KINDS["bash"], line, when, expected)


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("when", ["before", "before-twice", "after"])
def test_precmd_functions(name: str, when: str, stages: Mapping[str, Stage]) -> None:
    """zsh: whatever precmd and precmd_functions are, before the hook is loaded or after it."""
    line, expected = HOOKS[name]
    check_hooks(stages["zsh"], KINDS["zsh"], line, when, expected)


def check_hooks(stage: Stage, kind: Kind, line: str, when: str, expected: list[str]) -> None:
    load = f". {stage.program.hook(kind)}"
    # A line after ours that drops us is repaired by the next call: here by `vault use` itself.
    lines = {"before": [line, load], "before-twice": [line, load, load], "after": [load, line]}[when]
    printed, shown = shown_after(stage, kind, lines)
    first = [each.replace(" 1", " 0") for each in expected]
    assert printed == [*first, *expected]
    assert len(SEGMENT.findall(shown)) >= 3, shown
    assert "not found" not in shown
    assert "rror" not in shown


ARRAYS = (
    'PROMPT_COMMAND=(${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"} theme)',
    'PROMPT_COMMAND=(theme ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"})',
)
"""Of which bash before 5.1 runs only the first command."""


@both_shells
def test_a_segment_is_shown_although_the_prompt_is_built_anew_each_time(
    shell_kind: Kind, stages: Mapping[str, Stage]
) -> None:
    """Before the hook is loaded or after it, at whichever end of the list."""
    stage, load = stages[shell_kind.name], f". {stages[shell_kind.name].program.hook(shell_kind)}"
    rebuild = "theme() { PS1='theme> '; }"
    adds = {
        "bash": [
            "PROMPT_COMMAND=theme",
            'PROMPT_COMMAND="${PROMPT_COMMAND-}${PROMPT_COMMAND:+;}theme"',
            'PROMPT_COMMAND="theme${PROMPT_COMMAND:+;}${PROMPT_COMMAND-}"',
            *(ARRAYS if version("bash") >= (5, 1) else ()),
        ],
        "zsh": ["precmd() { theme }", "precmd_functions+=(theme)", "precmd_functions=(theme $precmd_functions)"],
    }[shell_kind.name]
    for add in adds:
        for lines in ([add, load], [load, add]):
            _, shown = shown_after(stage, shell_kind, [rebuild, *lines])
            themed = [part for part in shown.split("theme> ")[:-1] if SEGMENT.search(part)]
            assert len(themed) >= 3, (lines, shown)


def test_an_exported_prompt_command_is_exported_no_more(stages: Mapping[str, Stage]) -> None:
    """A child bash would say at each prompt that it does not know our functions."""
    stage, kind = stages["bash"], KINDS["bash"]
    load = f". {stage.program.hook(kind)}"
    child = "bash --noprofile --norc -i <<<'echo in child'"
    for lines in (
        ["export PROMPT_COMMAND=:", load],
        [load, "export PROMPT_COMMAND=:"],
        [load, "export PROMPT_COMMAND"],
        ["set -a", load],
    ):
        done = typed(kind, [*lines, "vault use prod", child], stage.env, stage.program.directory)
        assert b"in child" in done.stdout
        assert b"not found" not in done.stderr, (lines, done.stderr)


@both_shells
def test_status_and_pipestatus_are_the_persons(shell_kind: Kind, stages: Mapping[str, Stage]) -> None:
    stage = stages[shell_kind.name]
    many = {"bash": '"${PIPESTATUS[*]}"', "zsh": '"${pipestatus[*]}"'}[shell_kind.name]
    lines = [f". {stage.program.hook(shell_kind)}", "vault use prod", "sh -c 'exit 7' | sh -c 'exit 9'", f"echo {many}"]
    done = typed(shell_kind, lines, stage.env, stage.program.directory)
    assert done.stdout == b"7 9\n"
    lines[-1] = 'echo "$?"'
    done = typed(shell_kind, lines, stage.env, stage.program.directory)
    assert done.stdout == b"9\n"


@both_shells
def test_an_exit_trap_stays_the_persons(shell_kind: Kind, stages: Mapping[str, Stage], tmp_path: Path) -> None:
    stage = stages[shell_kind.name]
    lines = ["trap 'echo bye' EXIT", f". {stage.program.hook(shell_kind)}", "vault use prod", "vault clear"]
    assert typed(shell_kind, lines, stage.env, tmp_path).stdout == b"bye\n"


def test_what_is_readonly_is_left_alone(stages: Mapping[str, Stage], tmp_path: Path) -> None:
    """bash: hardened machines have `readonly PROMPT_COMMAND`; the command works there, without a segment."""
    stage = stages["bash"]
    lines = ["PROMPT_COMMAND=:", "PS1='> '", "readonly PROMPT_COMMAND PS1", f". {stage.program.hook(KINDS['bash'])}"]
    done = typed(KINDS["bash"], [*lines, "vault use prod", 'echo "$? $AWS_VAULT"'], stage.env, tmp_path)
    assert done.stdout == b"0 prod\n"
    assert b"readonly variable" not in done.stderr
