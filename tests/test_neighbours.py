"""The hook beside other programs' hooks, loaded before them and after: both do their work in one prompt.

bash-preexec, starship and VS Code are not in Debian: tests/neighbours/ does what theirs do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fake_program import ours
from tests.hook_stage import BEFORE, SEGMENT, Stage, make_stage
from tests.rig.kinds import KINDS, MARK, Kind
from tests.rig.programs import program
from tests.rig.shell import Shell
from tests.seat import segment

HERE = Path(__file__).parent / "neighbours"
FZF = "/usr/share/doc/fzf/examples/key-bindings"


def sees_typed_lines(sh: Shell) -> None:
    """Its functions are called once for each typed line, and once for each prompt with the status of the line."""
    sh.run('mine() { echo "<$1>"; }; yours() { echo "[$?]"; }')
    sh.run("preexec_functions+=(mine); precmd_functions+=(yours)")
    for line, status in (("false", 1), ("true", 0), ("echo x; ! true", 1)):
        shown = sh.output(line)
        assert shown.replace("x\n", "") == f"<{line}>\n[{status}]"
    sh.run("preexec_functions=(${preexec_functions[@]/mine}); precmd_functions=(${precmd_functions[@]/yours})")


def loads_a_directory(sh: Shell) -> None:
    sh.run("cd project")
    assert sh.value("FROM_DIRENV") == b"yes"
    sh.run("cd ..")
    assert sh.value("FROM_DIRENV") is None


def jumps(sh: Shell) -> None:
    for directory in ("cd project", "cd .."):
        sh.run(directory)
    sh.run("z proj")
    assert sh.output("pwd").endswith("/project")
    sh.run("cd ..")


def finds_in_the_history(sh: Shell) -> None:
    sh.run("echo some needle")
    sh.prompt()
    sh.ctrl("r")
    sh.see(r"\d+/\d+")
    sh.send("needle")
    sh.see(r"^[>▌]? +\d*.*echo some needle")
    sh.send("\r")
    sh.wait(lambda: sh.cur().endswith("RDY> echo some needle"), "the line that was chosen")
    sh.press("\r")
    assert sh.status() == 0


def shows_its_own_prompt(sh: Shell) -> None:
    sh.run("sh -c 'exit 3'")
    assert sh.cur().endswith("(prod) [3] RDY> ")
    timed = sh.output('echo "$starship_timed"')
    assert "exit 3" in timed
    assert "shellint" not in timed


def marks_prompts_and_ends(sh: Shell) -> None:
    at = len(sh.raw)
    sh.run("sh -c 'exit 3'")
    marks = bytes(sh.raw[at:])
    for mark in (b"633;C\a", b"633;D;3\a", b"633;A\a", b"633;B\a"):
        assert marks.count(mark) >= 1, mark
    assert marks.index(b"633;C\a") < marks.index(b"633;D;3\a") < marks.index(b"633;A\a") < marks.index(b"633;B\a")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """`lines` load it, by kind of shell; `works` fails unless it does its own work; `places`: our segment is placed."""

    lines: Mapping[str, str]
    works: Callable[[Shell], None]
    needs: str = ""
    places: bool = True


def file(name: str, *kinds: str) -> dict[str, str]:
    return {kind: f"source {HERE / name}.{kind}" for kind in kinds}


NEIGHBOURS = {
    "bash-preexec": Neighbour(file("preexec", "bash"), sees_typed_lines),
    "direnv": Neighbour(
        {
            "bash": 'eval "$(direnv hook bash)"',
            "zsh": 'eval "$(direnv hook zsh)"',
            "fish": "direnv hook fish | source",
        },
        loads_a_directory,
        "direnv",
    ),
    "zoxide": Neighbour(
        {
            "bash": 'eval "$(zoxide init bash)"',
            "zsh": 'eval "$(zoxide init zsh)"',
            "fish": "zoxide init fish | source",
        },
        jumps,
        "zoxide",
    ),
    "fzf": Neighbour(
        {
            "bash": f"source {FZF}.bash",
            "zsh": f"source {FZF}.zsh",
            "fish": f"source {FZF}.fish; fzf_key_bindings",
        },
        finds_in_the_history,
        "fzf",
    ),
    "starship": Neighbour(file("starship", "bash", "zsh", "fish"), shows_its_own_prompt, places=False),
    "vscode": Neighbour(file("vscode", "bash", "zsh", "fish"), marks_prompts_and_ends),
}

PAIRS = [(name, kind) for name, neighbour in NEIGHBOURS.items() for kind in neighbour.lines if kind in KINDS]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    return {name: make_stage(kind, tmp_path_factory.mktemp(name)) for name, kind in KINDS.items()}


@pytest.fixture
def shells() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize(("name", "shell_kind"), PAIRS, indirect=["shell_kind"])
def test_both_do_their_work(
    name: str, order: str, shell_kind: Kind, stages: Mapping[str, Stage], home: Path, shells: ExitStack
) -> None:
    """A neighbour loaded before the hook or after it."""
    neighbour, stage = NEIGHBOURS[name], stages[shell_kind.name]
    if neighbour.needs:
        program(neighbour.needs)
    if name == "fzf" and not Path(f"{FZF}.{shell_kind.name}").exists():
        pytest.skip("Debian counts fzf's key bindings as documentation, which this machine leaves out")
    prepare(home)
    lines = [neighbour.lines[shell_kind.name], f"source {stage.program.hook(shell_kind)}"]
    rc = "".join(f"{line}\n" for line in (lines if order == "before" else reversed(lines)))
    sh = shells.enter_context(Shell(shell_kind, home, rc, {**BEFORE, "XDG_DATA_HOME": str(home / "data")}))
    first = sh.text()
    assert [line for line in first.splitlines() if not line.endswith(MARK.rstrip())] == [], first

    sh.run("vault use prod")
    assert sh.status() == 0
    assert bool(SEGMENT.search(segment(sh))) is neighbour.places, sh.text()
    sh.run("sh -c 'exit 7'")
    assert sh.status() == 7
    neighbour.works(sh)
    assert sh.value("AWS_VAULT") == b"prod"
    assert bool(SEGMENT.search(segment(sh))) is neighbour.places, sh.text()

    sh.run("vault use brief")
    assert "brief" not in segment(sh)
    assert ours({key.decode(): value.decode() for key, value in sh.environ().items()}) == BEFORE
    sh.run("sh -c 'exit 7'")
    assert sh.status() == 7
    for complaint in ("not found", "rror:", "nknown command"):
        assert complaint not in "\n".join(sh.screen.everything())


def prepare(home: Path) -> None:
    """Make a directory to go to, which direnv may load."""
    project = home / "project"
    project.mkdir()
    (project / ".envrc").write_text("export FROM_DIRENV=yes\n")
    config = home / ".config" / "direnv"
    config.mkdir(parents=True)
    (config / "direnv.toml").write_text(f'[whitelist]\nprefix = ["{project}"]\n')
