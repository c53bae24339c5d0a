"""The hook beside what people have in their rc files: aliases, functions, prompt hooks of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_program import INTERACTIVE, both_shells, looks, typed
from tests.hook_stage import Stage, check, check_secrets, make_stage, story
from tests.rig.kinds import KINDS, Kind

WORDS = [
    *("export", "unset", "eval", "command", "cd", "local", "return", "printf", "trap", "set", "emulate", "typeset"),
    *("test", "[", "break", "print", "declare", "shift", "read", "echo", "unalias", "sched", "zle", "alias"),
]
"""What an alias or a function may stand over; some mean something in one shell only."""


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    return {name: make_stage(KINDS[name], tmp_path_factory.mktemp(name)) for name in INTERACTIVE}


@pytest.fixture
def stage(shell_kind: Kind, stages: Mapping[str, Stage]) -> Stage:
    return stages[shell_kind.name]


def load(kind: Kind, stage: Stage) -> str:
    return f". {stage.program.hook(kind)}"


def play(kind: Kind, stage: Stage, lines: list[str], directory: Path) -> str:
    """Type `lines` and the story, check it, and return what was shown."""
    done = typed(kind, [*lines, *story(stage, "1")], stage.env, directory)
    seen, shown = looks(done.stdout), done.stderr.decode(errors="replace")
    check_secrets(seen, shown)
    check(stage, seen, shown, "1")
    assert not (directory / "hit").exists()
    return shown


def overrides(kind: Kind, how: str) -> list[str]:
    """Return lines that put something of the person's over every word."""
    template = {"alias": "alias {}='touch hit;'", "function": "function {} {{ touch hit; }}"}[how]
    if how == "function" and kind.name == "zsh":
        template = "function '{}' {{ touch hit; }}"
    # Each on the line of a word that is still what it was, `alias` last.
    return [template.format(word) for word in WORDS]


@both_shells
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", ["alias", "function"])
def test_words_that_mean_something_else(shell_kind: Kind, stage: Stage, how: str, when: str, tmp_path: Path) -> None:
    """Aliases or functions over every builtin the hook might use change nothing."""
    over, hook = overrides(shell_kind, how), [load(shell_kind, stage)]
    shown = play(shell_kind, stage, [*over, *hook] if when == "before" else [*hook, *over], tmp_path)
    assert "not found" not in shown


@both_shells
def test_aliases_of_our_own_names_are_gone(shell_kind: Kind, stage: Stage, tmp_path: Path) -> None:
    """`alias vault=…` in an rc file would win over the function."""
    for way in ('. "$H"', 'eval "$(cat "$H")"'):
        aliases = [f"alias {name}='touch hit;'" for name in ("vault", "shellint")]
        play(shell_kind, stage, [f"H={stage.program.hook(shell_kind)}", *aliases, way], tmp_path)


@pytest.mark.parametrize("when", ["before", "after"])
def test_global_aliases(stages: Mapping[str, Stage], when: str, tmp_path: Path) -> None:
    """zsh: an alias for any word of a line, also those that are only read when the hook is loaded."""
    kind, stage = KINDS["zsh"], stages["zsh"]
    parsed_once = ["use", "clear", "prod", "hit"]
    words = [
        *WORDS,
        "refresh",
        "region",
        "off",
        "auto",
        "zsh",
        "no_aliases",
        "--ahead",
        "--expired",
        "--no-input",
        "-L",
    ]
    if when == "before":
        words += parsed_once
    lines = [f"\\alias '-g' '--' '{word}=; touch hit;'" for word in words]
    if when == "after":
        play(kind, stage, [load(kind, stage), *lines], tmp_path)
    else:
        still = " ".join(f"'{word}'" for word in parsed_once)
        hook = f'\\eval "$(cat {stage.program.hook(kind)})"'
        play(kind, stage, [*lines, hook, f"\\unalias {still}"], tmp_path)


@both_shells
@pytest.mark.parametrize("ifs", ["0123456789", "", "aeiou_", "/-{} #"], ids=ascii)
@pytest.mark.parametrize("when", ["before", "after"])
def test_fields_that_are_split_elsewhere(shell_kind: Kind, stage: Stage, ifs: str, when: str, tmp_path: Path) -> None:
    """`IFS=0` makes an unquoted `$?` vanish, and any other letter tears some word apart."""
    setting, hook = f"IFS='{ifs}'", load(shell_kind, stage)
    play(shell_kind, stage, [setting, hook] if when == "before" else [hook, setting], tmp_path)


@pytest.mark.parametrize("mode", ["sh", "ksh", "csh"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_zsh_that_plays_another_shell(stages: Mapping[str, Stage], mode: str, when: str, tmp_path: Path) -> None:
    """Dozens of options at once, KSH_ARRAYS and SH_WORD_SPLIT among them."""
    kind, stage = KINDS["zsh"], stages["zsh"]
    setting, hook = f"emulate {mode}", load(kind, stage)
    play(kind, stage, [setting, hook] if when == "before" else [hook, setting], tmp_path)
