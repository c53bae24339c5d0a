"""`vault setup`: the hook is put into the right file once, and taken out again without a trace."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.desk import BIN
from tests.rig.environment import environment
from tests.rig.terminal import Terminal

RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/conf.d/shellint.fish"}
COPY = ".before-shellint"
PATH = f"{BIN}:/usr/local/bin:/usr/bin:/bin"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")


def setup(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "vault", "setup", *words],
        env=environment(home, PATH=PATH, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )


def contents(home: Path) -> dict[str, bytes]:
    """Return every file of the person's, ours left out."""
    files = (path for path in home.rglob("*") if path.is_file() and ".local" not in path.parts)
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


@pytest.mark.parametrize("kind", RC)
@pytest.mark.parametrize("before", [None, b"", b"# mine\n", b"# mine, no newline", b"# caf\xe9\r\n\xff"])
def test_twice_changes_the_file_once_and_undo_restores_it(kind: str, before: bytes | None, home: Path) -> None:
    rc = home / RC[kind]
    if before is not None:
        rc.parent.mkdir(parents=True, exist_ok=True)
        rc.write_bytes(before)
        rc.chmod(0o640)
    untouched = contents(home)

    done = setup(home, kind, "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert str(rc) in done.stderr
    once = contents(home)
    assert once[RC[kind]].startswith((before or b"") + (b"" if not before or before[-1:] == b"\n" else b"\n"))
    assert set(once) == set(untouched) | {RC[kind]} | ({RC[kind] + COPY} if before is not None else set())
    assert rc.stat().st_mode & 0o777 == (0o640 if before is not None else 0o644)
    if before is not None:
        assert once[RC[kind] + COPY] == before
        assert rc.with_name(rc.name + COPY).stat().st_mode & 0o777 == 0o640

    again = setup(home, kind, "--yes", SHELLINT_HOOK="1")
    assert again.returncode == 0
    assert again.stderr.startswith(f"vault: {rc} has the hook already; nothing to do\n")
    assert contents(home) == once

    out = setup(home, kind, "--undo")
    assert (out.returncode, out.stdout) == (0, "")
    assert contents(home) == untouched
    assert before is None or rc.stat().st_mode & 0o777 == 0o640
    assert setup(home, kind, "--undo").stderr == f"vault: there is nothing of ours in {rc}\n"


def test_undo_takes_only_our_lines_when_the_file_changed_since(home: Path) -> None:
    rc = home / ".zshrc"
    rc.write_bytes(b"first")
    setup(home, "zsh", "--yes")
    rc.write_bytes(b"zeroth\n" + rc.read_bytes() + b"later")
    assert setup(home, "zsh", "--undo").returncode == 0
    assert contents(home) == {".zshrc": b"zeroth\nfirst\nlater", ".zshrc" + COPY: b"first"}


def test_another_name_takes_the_place_of_the_first(home: Path) -> None:
    rc = home / ".bashrc"
    rc.write_text("first\n")
    setup(home, "bash", "--yes")
    rc.write_bytes(rc.read_bytes() + b"later\n")
    assert setup(home, "bash", "--yes", "--name", "av", "--no-prompt").returncode == 0
    first, *ours, later = rc.read_text().splitlines()
    assert (first, later, len(ours)) == ("first", "later", 3)
    assert ours[1].endswith('eval "$(shellint hook bash --name av --no-prompt)"')
    assert setup(home, "bash", "--yes", "--name", "a b").returncode == 2


def test_the_umask_counts_for_a_new_file(home: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"umask 027; exec '{BIN}/vault' setup zsh --yes"], env=environment(home, PATH=PATH), check=False
    )
    assert done.returncode == 0
    assert (home / ".zshrc").stat().st_mode & 0o777 == 0o640


def test_without_a_person_or_yes_nothing_is_written(home: Path) -> None:
    done = setup(home, "zsh")
    assert done.returncode == 4
    assert done.stderr.endswith("       --yes answers it\n")
    assert contents(home) == {}


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 0), ("n", 1)])
def test_a_person_sees_file_and_line_and_is_asked(answer: str, code: int, home: Path) -> None:
    (home / ".zshrc").write_text("mine\n")
    with Terminal([str(BIN / "vault"), "setup", "zsh"], environment(home, PATH=PATH), cwd=home, columns=200) as sh:
        sh.see(r"Add it\? \[Y/n\]")
        assert f"{home}/.zshrc gets:" in sh.text()
        assert 'eval "$(shellint hook zsh)"' in sh.text()
        assert contents(home) == {".zshrc": b"mine\n"}
        sh.send(answer + "\r")
        assert sh.wait_exit() == code
    assert (len(contents(home)) == 2) is (code == 0)


@pytest.mark.parametrize("line", ['eval "$(vault hook zsh)"', "_evalcache shellint hook zsh"])
@pytest.mark.parametrize("file", [".zshrc", ".zshenv"])
def test_a_line_of_the_persons_own_is_enough(file: str, line: str, home: Path) -> None:
    (home / file).write_text(f"mine\n{line} || :\n")
    before = contents(home)
    done = setup(home, "zsh", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"vault: line 2 of {home / file} loads the hook already; open a new shell\n"
    assert contents(home) == before
    assert "line 2" in setup(home, "zsh", "--undo").stderr
    assert contents(home) == before


def test_a_link_stays_a_link_and_its_own_target_is_written(home: Path) -> None:
    target = home / "dotfiles" / "zshrc"
    target.parent.mkdir()
    target.write_text("mine\n")
    (home / ".zshrc").symlink_to("dotfiles/zshrc")
    done = setup(home, "zsh", "--yes")
    assert done.returncode == 0
    assert f"{target}, where {home}/.zshrc points, has the hook now" in done.stderr
    assert (home / ".zshrc").readlink() == Path("dotfiles/zshrc")
    assert b"shellint hook zsh" in target.read_bytes()
    setup(home, "zsh", "--undo")
    assert (home / ".zshrc").is_symlink()
    assert contents(home) == {".zshrc": b"mine\n", "dotfiles/zshrc": b"mine\n"}


def write_protect(rc: Path) -> None:
    rc.chmod(0o444)


def link_to_write_protected(rc: Path) -> None:
    rc.rename(rc.with_name("managed"))
    rc.with_name("managed").chmod(0o444)
    rc.symlink_to("managed")


def link_to_nowhere(rc: Path) -> None:
    rc.unlink()
    rc.symlink_to("/nowhere/zshrc")


def second_name(rc: Path) -> None:
    rc.with_name("other").hardlink_to(rc)


def somebody_elses(rc: Path) -> None:
    os.chown(rc, 65534, 65534)


def utf16(rc: Path) -> None:
    rc.write_bytes("mine\n".encode("utf-16"))


def directory(rc: Path) -> None:
    rc.unlink()
    rc.mkdir()


@pytest.mark.parametrize(
    ("manage", "why"),
    [
        (write_protect, "is write-protected"),
        (link_to_write_protected, "is a link to .*/managed, which is write-protected"),
        (link_to_nowhere, "is a link to nowhere"),
        (second_name, "is one file under several names"),
        pytest.param(somebody_elses, "belongs to another user", marks=needs_root),
        (utf16, "is not plain text"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_is_not_to_be_written_gets_a_clear_line(
    manage: Callable[[Path], None], why: str, home: Path
) -> None:
    rc = home / ".zshrc"
    rc.write_text("mine\n")
    manage(rc)
    before = contents(home)
    done = setup(home, "zsh", "--yes")
    assert done.returncode == 1
    assert re.fullmatch(rf"vault: {re.escape(str(rc))} {why}, so nothing was written; it needs this:\n", done.stderr)
    assert done.stdout.endswith('eval "$(shellint hook zsh)"\n')
    assert len(done.stdout.splitlines()) == 1
    assert contents(home) == before


def test_a_directory_in_its_place_is_one_clear_line(home: Path) -> None:
    (home / ".zshrc").mkdir()
    done = setup(home, "zsh", "--yes")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 2)
    assert "Is a directory" in done.stderr


def test_half_of_our_lines_is_left_to_the_person(home: Path) -> None:
    (home / ".zshrc").write_text("mine\n# >>> shellint >>>\n")
    for words in (("--yes",), ("--undo",)):
        done = setup(home, "zsh", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert "line 2 of it" in done.stderr
    assert contents(home) == {".zshrc": b"mine\n# >>> shellint >>>\n"}
