"""fish set up in every strange way: what the hook does stays the same, and nothing that watches sees a secret."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fake_program import SECRETS, ours
from tests.hook_stage import BEFORE, SEGMENT, Stage, make_stage
from tests.rig.kinds import KINDS, Kind
from tests.rig.shell import Shell
from tests.seat import segment

pytestmark = pytest.mark.parametrize("shell_kind", ["fish"], indirect=True)

WORDS = [
    *("printf", "math", "path", "contains", "set_color", "emit", "commandline", "random", "eval", "cd", "true"),
    *("count", "echo", "source", "string", "functions"),
]
"""What a person may have a function of their own for; some are reserved in newer versions of fish."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return make_stage(KINDS["fish"], tmp_path_factory.mktemp("fish"))


@pytest.fixture
def shells() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def load(stage: Stage) -> str:
    return f"source {stage.program.hook(KINDS['fish'])}\n"


def variables(environ: Mapping[bytes, bytes]) -> dict[str, str]:
    return ours({os.fsdecode(name): os.fsdecode(value) for name, value in environ.items()})


def play(sh: Shell, stage: Stage) -> None:
    """Use, a refusal, clear, and two ends of a session: status, environment and segment are exactly as expected."""
    story = {
        "use": "vault use prod",
        "refused": "vault use refused",
        "clear": "vault clear",
        "expired": "vault use brief",
        "fallback": "vault use broken",
        "restored": "vault clear",
    }
    for name, command in story.items():
        sh.run(command)
        status, held = stage.expected[name]
        assert (name, sh.status()) == (name, int(status)), sh.text()
        assert variables(sh.environ()) == held, sh.text()
        assert bool(SEGMENT.fullmatch(segment(sh))) is (name in {"use", "refused"}), sh.text()
    everything = "\n".join(sh.screen.everything())
    assert everything.count("vault: AWS refused") == 1
    assert everything.count("is taken out of this shell") == 1
    # Whatever fish complains of, it says in which function.
    assert "__shellint" not in everything
    for secret in SECRETS:
        assert not sh.showed(secret)


OVER = {
    "function": "eval 'function {}; status stack-trace >>hit; builtin {} $argv; end' 2>/dev/null\n",
    "alias": "alias {} 'status stack-trace >>hit; builtin {}' 2>/dev/null\n",
}


def overrides(how: str) -> str:
    """Return lines that put something over every word, which notes who called it and does the same."""
    # `alias` is made of the last ones.
    return "".join(OVER[how].replace("{}", word) for word in (WORDS if how == "function" else WORDS[:-5]))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", OVER)
def test_words_that_mean_something_else(
    stage: Stage, shell_kind: Kind, how: str, when: str, home: Path, shells: ExitStack
) -> None:
    """A function or an alias over whatever the hook might use is not called by it, though fish itself may call it."""
    over, hook = overrides(how), f"builtin {load(stage)}"
    own = "function fish_prompt; builtin printf %s 'RDY> '; end\n"
    sh = shells.enter_context(Shell(shell_kind, home, own + (over + hook if when == "before" else hook + over), BEFORE))
    sh.run("printf x; math 1")
    play(sh, stage)
    called = (home / "hit").read_text()
    assert "function 'printf'" in called
    assert "__shellint" not in called


@pytest.mark.parametrize("command", ["vault", "shellint"])
def test_an_abbreviation_of_our_own_names_is_gone(
    stage: Stage, shell_kind: Kind, command: str, home: Path, shells: ExitStack
) -> None:
    """It would be typed in place of the command."""
    first = f"abbr -a {command} 'touch hit;'\nabbr -a mine 'echo theirs'\n"
    sh = shells.enter_context(Shell(shell_kind, home, first + load(stage), BEFORE))
    sh.run(f"{command} use prod")
    assert sh.value("AWS_VAULT") == b"prod"
    assert not (home / "hit").exists()
    sh.prompt()
    sh.send("mine ")
    sh.wait(lambda: sh.cur().endswith("echo theirs "), "the other abbreviation")
    sh.press("\r")


@pytest.mark.parametrize("features", ["all", "no-stderr-nocaret,no-qmark-noglob,no-regex-easyesc"])
def test_every_feature_of_fish_on_or_off(
    stage: Stage, shell_kind: Kind, features: str, home: Path, shells: ExitStack
) -> None:
    sh = shells.enter_context(Shell(shell_kind, home, load(stage), {**BEFORE, "fish_features": features}))
    play(sh, stage)


TRACED = {
    "global": ("set -g fish_trace 1\n", "{}"),
    "exported": ("set -gx fish_trace 1\n", "{}"),
    "universal": ("set -U fish_trace 1\n", "{}"),
    "block": ("", "begin; set -l fish_trace 1; {}; end"),
    "this-line": ("", "fish_trace=1 {}"),
    "handlers": (
        "".join(
            f"function seen_{name} -v {name}; status stack-trace; set -S __shellint_code argv; end; "
            for name in ("AWS_VAULT", "AWS_REGION", "SHELLINT_KEY")
        ),
        "{}",
    ),
}


@pytest.mark.parametrize("name", TRACED)
def test_no_trace_shows_a_secret(stage: Stage, shell_kind: Kind, name: str, home: Path, shells: ExitStack) -> None:
    """During use, clear and both ends of a session; and whoever traces goes on tracing afterwards."""
    setting, line = TRACED[name]
    sh = shells.enter_context(Shell(shell_kind, home, load(stage), BEFORE, ready=True))
    # Typed and not in the rc file: the trace of every prompt would be all there is to see.
    sh.run(setting.strip())
    for command in (
        "vault use prod",
        "vault use prod",
        "vault clear",
        "vault use brief",
        "vault use broken",
        "vault clear",
    ):
        sh.run(line.format(command))
    assert variables(sh.environ()) == BEFORE
    for secret in SECRETS:
        assert not sh.showed(secret)
    if name in {"global", "exported", "universal"}:
        assert sh.words('"$fish_trace"') == [b"1"]
        assert "clear" in sh.output("vault clear")


def test_no_secret_in_any_other_variable_or_function_or_in_the_history(
    stage: Stage, shell_kind: Kind, home: Path, shells: ExitStack
) -> None:
    sh = shells.enter_context(Shell(shell_kind, home, load(stage), BEFORE))
    sh.run("vault use prod")
    sh.run("vault use prod")
    sh.run("begin; set; functions (functions -an); history; abbr; complete; end >all")
    names = "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
    lines = (home / "all").read_text().splitlines()
    holders = [line for line in lines for secret in SECRETS if secret in line]
    assert sorted({line.split()[0] for line in holders}) == sorted(names)
    assert len(holders) == 2
    sh.send("exit\r")
    sh.wait_exit()
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "all"]
    assert any(b"vault use prod" in path.read_bytes() for path in files)
    for path in files:
        assert not any(secret.encode() in path.read_bytes() for secret in SECRETS), path


def test_the_rest_of_a_config_file_is_not_touched(
    stage: Stage, shell_kind: Kind, home: Path, shells: ExitStack
) -> None:
    """The line's status is 0; it leaves no variable that is not marked as ours, and exports none."""
    show = "set -n | string match -v '__shellint_*'"
    first = f"set -g count_was (count ({show}))\n"
    after = f"set -g status_was $status; test (count ({show})) -eq (math $count_was + 2); set -g same $status\n"
    sh = shells.enter_context(Shell(shell_kind, home, f"{first}{load(stage)}{after}", BEFORE))
    assert sh.words('"$status_was" "$same"') == [b"0", b"0"]
    assert not [name for name in sh.environ() if b"shellint_" in name]
