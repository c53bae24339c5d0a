"""The wheel, installed elsewhere in the ways people install it, gives the same commands and the same hooks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shellint import __version__
from shellint.hook import LINES
from tests.aws import StrictAws
from tests.desk import BIN, PASSPHRASE
from tests.rig.environment import environment
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import program
from tests.rig.script import run_script

ROOT = Path(__file__).parents[1]
PROGRAM = re.compile(r"\$?'([^']+)' \$?'-I' \$?'-S' \$?'([^']+)'")
"""How a hook calls us: the interpreter and the file."""


def _run(*words: str | Path, **env: str) -> str:
    """Run a program with the environment of the tests, which says where packages come from."""
    done = subprocess.run(words, env=os.environ | env, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    _run(BIN / "uv", "build", "--quiet", "--wheel", "--out-dir", directory, ROOT)
    (file,) = directory.glob("*.whl")
    return file


def _pip(wheel: Path, home: Path) -> Path:
    venv.create(home / "venv")
    _run(sys.executable, "-m", "pip", "--python", home / "venv", "install", "--quiet", wheel)
    return home / "venv" / "bin"


def _pip_user(wheel: Path, home: Path) -> Path:
    # Stands for a system's own Python, which may lack pip or refuse it.
    venv.create(home / "venv", system_site_packages=True)
    base = home / ".local"
    pip = (sys.executable, "-m", "pip", "--python", home / "venv")
    _run(*pip, "install", "--quiet", "--user", "--no-warn-script-location", wheel, PYTHONUSERBASE=str(base))
    return base / "bin"


def _uv_tool(wheel: Path, home: Path) -> Path:
    places = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
    _run(BIN / "uv", "tool", "install", "--quiet", "--python", sys.executable, wheel, **places)
    return home / "bin"


WAYS: dict[str, Callable[[Path, Path], Path]] = {
    "pip install": _pip,
    "pip install --user": _pip_user,
    "uv tool install": _uv_tool,
}
"""Each installs a wheel below a home and returns where the commands are."""


@pytest.mark.parametrize("install", WAYS.values(), ids=WAYS)
def test_installed_elsewhere_it_has_the_hooks_of_the_checkout_and_they_work(
    install: Callable[[Path, Path], Path], wheel: Path, home: Path
) -> None:
    commands = install(wheel, home)
    env = environment(home, PATH=f"{commands}:/usr/local/bin:/usr/bin:/bin", SHELLINT_FILE_PASSPHRASE=PASSPHRASE)
    for name in ("vault", "shellint"):
        assert _output(commands / name, "--version", env=env) == f"vault {__version__} (shellint)\n"
    for kind in KINDS.values():
        # The first line of a hook that is kept is about the very file.
        _, _, hook = _output(commands / "vault", "hook", kind.name, env=env).partition("\n")
        _, _, own = _output(BIN / "vault", "hook", kind.name, env=environment(home)).partition("\n")
        assert PROGRAM.sub("PROGRAM", hook) == PROGRAM.sub("PROGRAM", own)
        assert PROGRAM.search(hook)
        for interpreter, entry in PROGRAM.findall(hook):
            assert Path(interpreter).is_relative_to(home)
            assert Path(entry).is_relative_to(home)
        _check_works(kind, env)


def _output(*words: str | Path, env: dict[str, str]) -> str:
    done = subprocess.run(words, env=env, cwd=env["HOME"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _check_works(kind: Kind, env: dict[str, str]) -> None:
    """Store a key and use it, in a shell that has the hook."""
    script = f"""
        {LINES[kind.name][1]}
        vault add {kind.name} --env
        {kind.unset.format(name="AWS_ACCESS_KEY_ID")}; {kind.unset.format(name="AWS_SECRET_ACCESS_KEY")}
        vault list
        vault use {kind.name} --region eu-west-1
        vault status
        echo "$AWS_VAULT $AWS_ACCESS_KEY_ID"
    """
    program(kind.name)
    with StrictAws() as aws:
        key = aws.add_user("alice").add_key()
        done = run_script(
            kind,
            script,
            env
            | {
                "AWS_ENDPOINT_URL": aws.endpoint_url,
                "AWS_ACCESS_KEY_ID": key.access_key_id,
                "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            },
        )
        assert [call.action for call in aws.requests] == ["GetSessionToken"], done.stderr
    out = done.stdout.decode()
    assert f"{kind.name}\tkey\n" in out
    assert re.search(rf"^profile +{kind.name}$", out, re.MULTILINE)
    assert re.search(rf"^{kind.name} ASIA\w+$", out, re.MULTILINE)


def test_the_wheel_holds_the_package_and_its_templates_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    templates = {f"shellint/{path.relative_to(ROOT)}": path.read_bytes() for path in (ROOT / "shells").rglob("*.j2")}
    assert templates
    assert {name: text for name, text in files.items() if name.startswith("shellint/shells/")} == templates
    assert "shellint/py.typed" in files
    assert {name.partition("/")[0] for name in files} == {"shellint", f"shellint-{__version__}.dist-info"}
