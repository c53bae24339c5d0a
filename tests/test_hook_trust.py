"""What the hook's calls import, and from where: their own installation, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shellint.hook import KINDS, LINES
from tests.aws import StrictAws
from tests.desk import Desk
from tests.fake_program import CALL, typed
from tests.rig.environment import environment
from tests.rig.kinds import Kind
from tests.rig.script import run_script

BIN = Path(sys.executable).parent
HEAVY = {"boto3", "botocore", "click", "cryptography", "keyring", "rich", "urllib3", "filelock", "asyncio"}

THIRD_PARTY = [
    "jinja2",
    "click",
    "boto3",
    "botocore",
    "cryptography",
    "keyring",
    "filelock",
    "shellingham",
    "platformdirs",
]
STANDARD = [
    "os",
    "re",
    "json",
    "base64",
    "pathlib",
    "hashlib",
    "dataclasses",
    "signal",
    "sitecustomize",
    "usercustomize",
]


def imported(stderr: str) -> set[str]:
    """Return the top-level modules that `-X importtime` lists."""
    return {found[1].split(".")[0] for found in re.finditer(r"^import time:.*\|\s+(\S+)$", stderr, re.MULTILINE)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_hook_is_rendered_once_and_costs_little_after_that(kind: str, home: Path) -> None:
    """Every new shell waits for this: no heavy import ever, no Jinja the second time, the same bytes each time."""
    argv = [sys.executable, "-X", "importtime", "-I", str(Path(CALL[-1]).with_name("__main__.py")), "hook", kind]
    first, second = (
        subprocess.run(argv, env=environment(home), capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert "jinja2" in imported(first.stderr)
    assert not imported(first.stderr) & HEAVY
    assert not imported(second.stderr) & {*HEAVY, "jinja2", "tempfile"}
    assert first.stdout == second.stdout
    assert "SHELLINT_SESSION" in first.stdout


def plant(directory: Path, *modules: str) -> Path:
    """Put modules into a directory that would leave `hit` there if they were run."""
    directory.mkdir()
    trap = f"open({str(directory / 'hit')!r}, 'a').write(__name__ + ' ')\n"
    for module in modules:
        (directory / f"{module}.py").write_text(trap)
    if "shellint" in modules:
        (directory / "shellint.py").unlink()
        (directory / "shellint").mkdir()
        (directory / "shellint" / "__init__.py").write_text(trap)
        (directory / "shellint" / "__main__.py").write_text(trap)
    return directory / "hit"


def test_the_traps_would_be_run_by_an_ordinary_python(tmp_path: Path) -> None:
    """Or the tests below would show nothing."""
    hit = plant(tmp_path / "here", "jinja2", "shellint")
    argv = [sys.executable, "-c", "import jinja2, shellint"]
    subprocess.run(argv, cwd=hit.parent, check=True, env={"PYTHONPATH": ":"})
    assert hit.read_text() == "jinja2 shellint "


@pytest.mark.parametrize(
    "words", [["hook", "bash"], ["status"], ["use", "x"], ["add", "x"], ["exec", "x", "true"], ["--help"]]
)
@pytest.mark.parametrize("path", ["", ":", "."], ids=ascii)
def test_the_hooks_own_call_runs_nothing_from_the_current_directory(
    words: list[str], path: str, home: Path, tmp_path: Path
) -> None:
    """Not under any PYTHONPATH, whatever the module is called."""
    hit = plant(tmp_path / "here", *THIRD_PARTY, *STANDARD, "shellint")
    env = environment(home, PYTHONPATH=path, SHELLINT_NO_INPUT="1", PYTHONSTARTUP="re.py", PYTHONINSPECT="")
    done = subprocess.run([*CALL, *words], cwd=hit.parent, env=env, capture_output=True, text=True, check=False)
    assert done.stdout or done.stderr.startswith("vault: ")
    assert "unforeseen" not in done.stderr
    assert not hit.exists(), hit.read_text()


def test_the_hooked_command_runs_nothing_from_the_current_directory(
    shell_kind: Kind, home: Path, tmp_path: Path
) -> None:
    """As a person does it: the hook loaded by the rc file, then `cd` into a clone of somebody's."""
    hit = plant(tmp_path / "here", *THIRD_PARTY, *STANDARD, "shellint")
    env = environment(home, PATH=f"{BIN}:/usr/bin:/bin", SHELLINT_NO_INPUT="1")
    lines = [
        LINES[shell_kind.name][1],
        f"cd {hit.parent}",
        "export PYTHONPATH=:",
        "vault status",
        "vault use x",
        "vault list",
        "vault clear",
    ]
    done = typed(shell_kind, lines, env, home)
    assert b"nothing is loaded" in done.stdout + done.stderr
    assert not hit.exists(), hit.read_text()


@pytest.mark.parametrize("words", [["hook", "bash"], ["status"], ["use", "x"], ["add", "x"], ["exec", "x", "true"]])
def test_the_console_script_runs_no_library_from_the_current_directory(
    words: list[str], home: Path, tmp_path: Path
) -> None:
    """pip wrote that script: what it imports itself (`re`, `shellint`) PYTHONPATH can give, what we import not."""
    hit = plant(tmp_path / "here", *THIRD_PARTY, *(set(STANDARD) - {"re", "os", "sitecustomize", "usercustomize"}))
    env = environment(home, PYTHONPATH=":", SHELLINT_NO_INPUT="1")
    done = subprocess.run([BIN / "vault", *words], cwd=hit.parent, env=env, capture_output=True, text=True, check=False)
    assert done.stdout or done.stderr.startswith("vault: ")
    assert "unforeseen" not in done.stderr
    assert not hit.exists(), hit.read_text()


@pytest.mark.parametrize("program", [CALL, [str(BIN / "vault")]], ids=["hook", "console"])
def test_a_whole_grant_runs_no_library_from_the_current_directory(
    program: list[str], home: Path, tmp_path: Path
) -> None:
    """From the sealed store to AWS and into a command: every library there is was imported on the way."""
    hit = plant(tmp_path / "here", *THIRD_PARTY, *(set(STANDARD) - {"re", "os", "sitecustomize", "usercustomize"}))
    with StrictAws() as aws:
        desk = Desk(aws, home)
        desk.role("plain")
        env = environment(home, **desk.env, PYTHONPATH=":")
        argv = [*program, "exec", "plain", "printenv", "AWS_VAULT"]
        done = subprocess.run(argv, cwd=hit.parent, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "plain\n", done.stderr
    assert not hit.exists(), hit.read_text()


def test_the_kept_text_is_good_for_a_script_too(shell_kind: Kind, home: Path) -> None:
    """The second `eval` reads what the first one kept, and has the command."""
    env = environment(home, PATH=f"{BIN}:/usr/bin:/bin")
    for _ in range(2):
        done = run_script(shell_kind, f"{LINES[shell_kind.name][1]}\nvault --version\ntype vault", env)
        assert done.stdout.startswith(b"vault ")
        assert b"function" in done.stdout
        assert done.stderr == b""
