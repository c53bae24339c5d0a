"""The hook does the same under every option of the shell, set either way, before it was loaded and after."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.fake_program import INTERACTIVE, looks, ours, typed
from tests.hook_stage import SEGMENT, Stage, check, check_secrets, make_stage, story
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import program
from tests.rig.terminal import Terminal

_LIST = {
    "bash": ("--norc", "-c", "set -o; shopt"),
    "zsh": ("-fc", "setopt ksh_option_print; setopt"),
}
_EXEMPT = {
    "bash": {"keyword", "restricted", "noexec", "onecmd", "promptvars"},
    # Those under which no script of any kind can be relied on.
    "zsh": {"restricted", "exec", "singlecommand", "promptpercent"},
}
_EDITOR = {
    "bash": {"emacs", "vi", "monitor", "notify"},
    "zsh": {"emacs", "vi", "zle", "singlelinezle", "promptcr", "promptsp", "monitor", "notify"},
}
_PRINTS_THE_HOOK = {"verbose", "xtrace"}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of one shell, and the lines that set it."""

    kind: str
    name: str
    on: str
    off: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"


def _options() -> Iterator[Option]:
    for kind, words in _LIST.items():
        if not shutil.which(kind):
            continue
        listed = subprocess.run(
            [kind, *words], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
        )
        short = True
        for line in listed.stdout.splitlines():
            name, state = line.split()
            short = short and name != "autocd"
            if kind == "zsh":
                name = name.removeprefix("no")  # as zsh lists those that are on by default
                yield Option(kind, name, f"setopt {name}", f"unsetopt {name}")
            elif short:
                yield Option(kind, name, f"set -o {name}", f"set +o {name}")
            else:
                yield Option(kind, name, f"shopt -s {name}", f"shopt -u {name}")
            assert state in {"on", "off"}


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    return {name: make_stage(KINDS[name], tmp_path_factory.mktemp(name)) for name in INTERACTIVE}


def _whole_story(kind: Kind, stage: Stage, first: str, second: str) -> list[str]:
    return [first, f". {stage.program.hook(kind)}", *story(stage, "1"), second, *story(stage, "2")]


@pytest.mark.parametrize("option", [each for each in _options() if each.name not in _EDITOR[each.kind]], ids=str)
def test_same_behaviour_whichever_way_an_option_is_set(option: Option, stages: Mapping[str, Stage]) -> None:
    """Turned on, loaded, used, turned off, used again; and the other way round."""
    kind, stage = KINDS[option.kind], stages[option.kind]
    for lines in ((option.on, option.off), (option.off, option.on)):
        done = typed(kind, _whole_story(kind, stage, *lines), stage.env, stage.program.directory)
        seen, shown = looks(done.stdout), done.stderr.decode(errors="replace")
        check_secrets(seen, shown)
        if option.name in _EXEMPT[option.kind]:
            whole = [env for _, env in stage.expected.values()]
            assert [look for look in seen.values() if ours(look.env) not in whole] == [], shown
            continue
        for act in "12":
            assert SEGMENT.fullmatch(seen[f"{act}shown"].before), shown
        check(stage, seen, shown)
        if option.name not in _PRINTS_THE_HOOK:
            assert shown.count("AWS refused") == 4, shown
            assert shown.count("is taken out of this shell") == 2, shown


@pytest.mark.parametrize("option", [each for each in _options() if each.name in _EDITOR[each.kind]], ids=str)
def test_same_behaviour_with_a_terminal(option: Option, stages: Mapping[str, Stage], tmp_path: Path) -> None:
    """The options of the line editor and of job control mean nothing without a terminal."""
    kind, stage = KINDS[option.kind], stages[option.kind]
    for number, lines in enumerate(((option.on, option.off), (option.off, option.on))):
        file = tmp_path / str(number)
        file.touch()
        shown = _at_terminal(kind, _whole_story(kind, replace(stage, to=f" >>{file}"), *lines), stage.env, file)
        seen = looks(file.read_bytes())
        check_secrets(seen, shown)
        check(stage, seen, shown)


def _at_terminal(kind: Kind, lines: Sequence[str], env: Mapping[str, str], file: Path) -> str:
    argv = [program(kind.name), *INTERACTIVE[kind.name]]
    with Terminal(argv, env, cwd=file.parent, columns=250) as terminal:
        terminal.wait(lambda: terminal.cur().endswith(("# ", "$ ", "% ")), "a prompt")
        for line in lines:
            terminal.send(f"{line}\r")
            if found := re.search(r"/look (\d\w+)", line):
                if found[1].endswith("never"):
                    continue
                whole = re.compile(rb"== %s [^\0].*\0\0" % found[1].encode(), re.DOTALL)
                terminal.wait(lambda whole=whole: whole.search(file.read_bytes()), f"the look {found[1]}")  # type: ignore[misc]
            elif not line.startswith("vault"):
                # Who turns the line editor off or on may lose what is typed ahead, as any person would.
                terminal.quiet(0.1)
        return terminal.raw.decode(errors="replace")


def test_the_list_of_options_is_the_shells_own() -> None:
    """Each shell was asked for its options, and has about as many as its manual says."""
    count = {kind: sum(option.kind == kind for option in _options()) for kind in _LIST if shutil.which(kind)}
    assert count.get("bash", 99) > 70
    assert count.get("zsh", 999) > 170
