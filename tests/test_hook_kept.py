"""The hook that `vault hook` keeps: used only where nobody else can have written it; never a reason to refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shellint.hook import hook_text, kept_hook
from tests.fake_program import CALL
from tests.rig.environment import environment
from tests.store_helpers import NOBODY, as_nobody, needs_root


def kept_in(env: dict[str, str], evil: str = "") -> Path:
    """Let the hook be kept, and return the file, with a line of somebody else's at its end."""
    hook_text("bash", env)
    file = kept_hook("bash", env)
    with file.open("a") as kept:
        kept.write(evil)
    return file


def is_hook(text: str, kept: str) -> bool:
    """Whether `text` is the hook that was kept; the line that guards a kept one may be missing."""
    return "function vault" in text and kept.endswith(text)


def test_a_kept_hook_is_private_and_used(home: Path) -> None:
    env = environment(home)
    file = kept_in(env, "# used\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert hook_text("bash", env).endswith("# used\n")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_kept_hook_that_others_may_write_is_not_used(mode: int, home: Path) -> None:
    """It is rendered again, and kept as it should be."""
    env = environment(home)
    good = hook_text("bash", env)
    file = kept_in(env, "touch hit\n")
    file.chmod(mode)
    assert hook_text("bash", env) == good
    assert "touch hit" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@needs_root
def test_a_kept_hook_of_another_user_is_not_used(home: Path) -> None:
    env = environment(home)
    good = hook_text("bash", env)
    os.chown(kept_in(env, "touch hit\n"), NOBODY, NOBODY)
    assert hook_text("bash", env) == good


@pytest.mark.parametrize("mode", [0o770, 0o777])
def test_a_directory_that_others_may_write_is_not_used(mode: int, home: Path) -> None:
    env = environment(home)
    good = hook_text("bash", env)
    file = kept_in(env, "touch hit\n")
    file.parent.chmod(mode)
    assert is_hook(hook_text("bash", env), good)
    assert file.read_text().endswith("touch hit\n")


@needs_root
def test_a_directory_of_another_user_is_neither_read_nor_written(home: Path) -> None:
    """`sudo -E` in a shell with the hook: it works, and leaves nothing of root's behind."""
    env = environment(home)
    good = hook_text("bash", env)
    file = kept_in(env, "touch hit\n")
    os.chown(file.parent, NOBODY, NOBODY)
    assert is_hook(hook_text("bash", env), good)
    assert file.read_text().endswith("touch hit\n")
    data = file.parents[1]
    shutil.rmtree(file.parent)
    os.chown(data, NOBODY, NOBODY)
    assert is_hook(hook_text("bash", env), good)
    assert list(data.iterdir()) == []


def test_where_nothing_can_be_written_the_hook_is_printed_all_the_same(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    env = environment(home, XDG_DATA_HOME=str(file / "below"))
    # But for the place of a stamp that it reads.
    good = hook_text("zsh", environment(home)).replace(str(home / ".local" / "share"), env["XDG_DATA_HOME"])
    assert is_hook(hook_text("zsh", env), good)
    done = subprocess.run([*CALL, "hook", "zsh"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert is_hook(done.stdout, good)


def test_a_read_only_home_gets_its_hook_and_nothing_else() -> None:
    hook_text("bash", {"XDG_DATA_HOME": os.devnull, "HOME": os.devnull})  # whatever this imports is imported now

    def act(directory: Path) -> None:
        directory.chmod(0o555)
        text = hook_text("bash", {"HOME": str(directory)})
        assert "__shellint_main" in text
        assert list(directory.iterdir()) == []

    as_nobody(act)


def test_without_any_home_the_hook_is_printed(tmp_path: Path) -> None:
    done = subprocess.run([*CALL, "hook", "bash"], env={}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "__shellint_main" in done.stdout
    assert list(tmp_path.iterdir()) == []
