"""Loading the hook: silent under every strictness, as often as one likes, and the command is then really there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from shellint.command_name import TAKEN
from shellint.errors import UsageError
from shellint.hook import hook_command
from tests.fake_program import FakeProgram, both_shells, looks, ours, typed
from tests.hook_stage import make_stage
from tests.rig.environment import environment, fresh_home
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import program

STRICT = {
    "bash": ("--noprofile", "--norc", "-e", "-u", "-o", "pipefail", "-c"),
    "bash-posix": ("--posix", "--noprofile", "--norc", "-e", "-u", "-o", "pipefail", "-c"),
    "zsh": ("-e", "-u", "-o", "pipefail", "--no-globalrcs", "--no-rcs", "-c"),
    "fish": ("--private", "-c"),
}
"""As zoxide loads its own hooks (src/shell.rs), each of which must then print nothing at all."""

WAYS = {
    "text": "{text}",
    "source": ". '{file}'",
    "eval": "{eval}",
    "source-twice": ". '{file}'\n. '{file}'",
    "eval-twice": "{eval}\n{eval}",
}
EVAL = {"bash": "eval \"$(cat '{file}')\"", "zsh": "eval \"$(cat '{file}')\"", "fish": "cat '{file}' | source"}
"""How a shell runs the text that a program prints."""


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> FakeProgram:
    fake = FakeProgram(tmp_path_factory.mktemp("fake") / "program")
    fake.answer("status", text="nothing is loaded\n", code=5)
    return fake


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environment(fresh_home(tmp_path_factory.mktemp("home") / "home"))


@pytest.fixture(params=list(STRICT))
def strict(request: pytest.FixtureRequest) -> tuple[Kind, tuple[str, ...]]:
    """Each shell with the strictest options it has, and bash as `sh` too."""
    kind = KINDS[request.param.partition("-")[0]]
    return kind, (program(kind.name), *STRICT[request.param])


def lines(kind: Kind, way: str, file: Path) -> str:
    evaluate = EVAL[kind.name].format(file=file)
    return WAYS[way].format(text=file.read_text(), file=file, eval=evaluate)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("prompt", [True, False], ids=["prompt", "no-prompt"])
@pytest.mark.parametrize("name", ["vault", "z"])
def test_loads_without_a_word(
    strict: tuple[Kind, tuple[str, ...]], name: str, prompt: bool, way: str, fake: FakeProgram, env: dict[str, str]
) -> None:
    """In a script under `set -eu -o pipefail`: nothing on either stream, and both names are functions that work."""
    kind, argv = strict
    file = fake.hook(kind, name=name, prompt=prompt)
    source = lines(kind, way, file)
    done = subprocess.run([*argv, source], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for command in (name, "shellint"):
        asked = subprocess.run(
            [*argv, f"{source}\ntype {command}\n{command} status || exit {kind.status}"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "function" in asked.stdout.splitlines()[0]
        assert asked.stdout.endswith("nothing is loaded\n")
        assert (asked.returncode, asked.stderr) == (5, "")


@both_shells
@pytest.mark.parametrize("way", [way for way in WAYS if way != "text"])
@pytest.mark.parametrize("prompt", [True, False], ids=["prompt", "no-prompt"])
def test_loads_without_a_word_at_a_prompt(
    shell_kind: Kind, prompt: bool, way: str, fake: FakeProgram, env: dict[str, str]
) -> None:
    """An interactive shell shows the same prompts, status and nothing else whether it loads the hook or not."""
    file = fake.hook(shell_kind, prompt=prompt)
    first = [*_quiet(shell_kind), "set -eu"]
    with_hook = typed(shell_kind, [*first, *lines(shell_kind, way, file).splitlines(), 'echo "$?"'], env, file.parent)
    count = WAYS[way].count("\n") + 1
    without = typed(shell_kind, [*first, *[":"] * count, 'echo "$?"'], env, file.parent)
    assert (with_hook.returncode, with_hook.stdout, with_hook.stderr) == (0, without.stdout, without.stderr)


def _quiet(kind: Kind) -> list[str]:
    """Return lines after which the typed text is not echoed: it differs between the two shells compared."""
    return ["set +o emacs"] if kind.name == "bash" else []


@both_shells
def test_loaded_twice_it_is_registered_once(shell_kind: Kind, fake: FakeProgram, env: dict[str, str]) -> None:
    show = {
        "bash": 'printf "%s\\n" "${PROMPT_COMMAND[@]}" "$PS1"',
        "zsh": 'print -rl -- $precmd_functions $preexec_functions "$PROMPT"',
    }[shell_kind.name]
    load = f". '{fake.hook(shell_kind)}'"
    once = typed(shell_kind, [load, show], env, fake.directory)
    often = typed(shell_kind, [load, load, "vault status", load, "vault status >&2", show], env, fake.directory)
    assert once.stdout == often.stdout.removeprefix(b"nothing is loaded\n")
    assert once.stdout.count(b"__shellint_precmd") == 1
    assert once.stdout.count(b"__shellint_place") == 1
    assert once.stdout.count(b"__shellint_segment" if shell_kind.name == "bash" else b"41V") == 1


@both_shells
def test_nothing_of_ours_is_exported(shell_kind: Kind, fake: FakeProgram, env: dict[str, str]) -> None:
    """A child would inherit names of functions it does not have."""
    lines = [f". '{fake.hook(shell_kind)}'", "vault status", "env"]
    done = typed(shell_kind, lines, env, fake.directory)
    assert b"HOME=" in done.stdout
    assert b"shellint" not in done.stdout.replace(bytes(fake.directory), b"")
    assert b"PROMPT_COMMAND" not in done.stdout


@both_shells
def test_a_script_gets_the_command_and_no_prompt_hooks(
    shell_kind: Kind, fake: FakeProgram, env: dict[str, str]
) -> None:
    show = {"bash": "${PROMPT_COMMAND-none} ${PS1-none}", "zsh": "${precmd_functions-none} ${PROMPT}"}[shell_kind.name]
    file = fake.hook(shell_kind)
    argv = [program(shell_kind.name), *shell_kind.script, "-c", f'. "$1"; echo "{show}"', "x", str(file)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("none ")
    assert "shellint" not in done.stdout


@both_shells
def test_the_rest_of_an_rc_file_is_not_touched(shell_kind: Kind, fake: FakeProgram, env: dict[str, str]) -> None:
    """Options, traps, positional parameters and IFS are after the line what they were before it; its status is 0."""
    state = {
        "bash": 'set +o; shopt; trap -p; printf "%q " "$IFS" "$@" "$status_was"',
        "zsh": 'setopt; trap; print -r -- "${(q)IFS}" "${(q)@}" "$status_was"',
    }[shell_kind.name]

    def seen(load: str) -> bytes:
        lines = ["trap 'echo bye' EXIT", "set -- a 'b c'", "IFS=:", load, "status_was=$?", state]
        return typed(shell_kind, lines, env, fake.directory).stdout

    before = seen("true")
    assert b"echo bye" in before
    assert before == seen(f". '{fake.hook(shell_kind)}'")


@both_shells
@pytest.mark.parametrize("way", ["source", "eval"])
def test_aliases_over_our_own_names_change_nothing(shell_kind: Kind, way: str, tmp_path: Path) -> None:
    """Whether they were there before the hook was read, or came afterwards."""
    stage = make_stage(shell_kind, tmp_path)
    file = stage.program.hook(shell_kind)
    names = set(re.findall(r"^function (\w+)", file.read_text(), re.MULTILINE))
    assert {"vault", "__shellint_main", "__shellint_apply"} < names
    # zsh's words for the prompt, which it runs by their names alone, need none.
    aliases = [f"alias {name}='echo aliased'" for name in sorted(names)]
    afterwards = [line for line in aliases if "__shellint_" in line and "precmd" not in line and "place" not in line]
    lines = [*aliases, *lines_of(shell_kind, way, file), "vault use prod", stage.look('use "$?"'), *afterwards]
    lines += ["vault use prod", stage.look('again "$?"'), "vault clear", stage.look('clear "$?"')]
    done = typed(shell_kind, lines, stage.env, stage.program.directory)
    seen = {name: (each.status, ours(each.env)) for name, each in looks(done.stdout).items()}
    assert seen == {**{name: stage.expected[name] for name in ("use", "clear")}, "again": stage.expected["use"]}
    assert b"aliased" not in done.stdout


def lines_of(kind: Kind, way: str, file: Path) -> list[str]:
    return lines(kind, way, file).splitlines()


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_word_of_the_shells_is_no_name_for_the_command(name: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is no name for a command"):
        hook_command(["bash", "--name", name], {})


def test_no_other_word_of_a_shell_breaks_the_command(shell_kind: Kind, fake: FakeProgram, env: dict[str, str]) -> None:
    """Every builtin and reserved word it knows is either refused as a name or works as one."""
    listing = {
        "bash": "compgen -bk",
        "zsh": "print -rl -- ${(k)builtins} ${(k)reswords}",
        "fish": "builtin --names",
    }[shell_kind.name]
    argv = [program(shell_kind.name), *shell_kind.script, "-c"]
    known = subprocess.run([*argv, listing], env=env, capture_output=True, text=True, check=True).stdout.split()
    names = {name for name in known if re.fullmatch(r"[A-Za-z]\w*", name)}
    assert len(names) > 40
    for name in sorted(names - TAKEN):
        script = f". '{fake.hook(shell_kind, name=name)}'\n{name} status"
        done = subprocess.run([*argv, script], env=env, capture_output=True, text=True, check=False)
        assert (name, done.returncode, done.stdout, done.stderr) == (name, 5, "nothing is loaded\n", "")
