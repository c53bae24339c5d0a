"""Where files rest, who may own the directories, and that a write is all or nothing."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shellint.errors import StoreError
from shellint.paths import from_home, owned_directory, paths_from, private_directory, sweep_temporary, write_private
from tests.store_helpers import NOBODY, as_nobody, needs_root


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def full_disk(free: int) -> Iterator[None]:
    """Let the kernel refuse to write a file beyond `free` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("env", "field", "expected"),
    [
        ({}, "data", "/home/t/.local/share/shellint"),
        ({}, "cache", "/home/t/.cache/shellint"),
        ({}, "config", "/home/t/.config/shellint"),
        ({}, "aws_config", "/home/t/.aws/config"),
        ({}, "aws_credentials", "/home/t/.aws/credentials"),
        ({"XDG_DATA_HOME": "/d"}, "data", "/d/shellint"),
        ({"XDG_DATA_HOME": "/d"}, "store", "/d/shellint"),
        ({"XDG_CACHE_HOME": "/c"}, "cache", "/c/shellint"),
        ({"XDG_CONFIG_HOME": "/c"}, "config", "/c/shellint"),
        ({"XDG_DATA_HOME": ""}, "data", "/home/t/.local/share/shellint"),
        ({"XDG_DATA_HOME": "relative"}, "data", "/home/t/.local/share/shellint"),
        ({"SHELLINT_FILE_DIR": "~/sealed"}, "store", "/home/t/sealed"),
        ({"AWS_CONFIG_FILE": "~/dot/aws"}, "aws_config", "/home/t/dot/aws"),
        ({"AWS_CONFIG_FILE": "/etc/aws"}, "aws_config", "/etc/aws"),
        ({"AWS_CONFIG_FILE": ""}, "aws_config", "/home/t/.aws/config"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "~"}, "aws_credentials", "/home/t"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "a/~b"}, "aws_credentials", "a/~b"),
    ],
)
def test_paths_follow_the_callers_environment(
    env: dict[str, str], field: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/not/the/callers")
    assert getattr(paths_from({"HOME": "/home/t"} | env), field) == Path(expected)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_platforms_ask_platformdirs(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.setattr("sys.platform", platform)
    data = paths_from({"HOME": "/home/t", "USERPROFILE": "/home/t"}).data
    assert data == Path(platformdirs.user_data_dir("shellint", appauthor=False))


def test_without_home_the_user_database_is_asked() -> None:
    import pwd

    assert paths_from({}).aws_config == Path(pwd.getpwuid(os.geteuid()).pw_dir, ".aws/config")


def test_private_directory_makes_it_and_its_parents_for_the_owner_alone(tmp_path: Path) -> None:
    made = private_directory(tmp_path / "a" / "b")
    assert made == tmp_path / "a" / "b"
    assert [mode(made), mode(made.parent)] == [0o700, 0o700]
    assert private_directory(made) == made


def test_owned_directory_says_when_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not owned_directory(tmp_path / "missing")
    assert not owned_directory(tmp_path / "file" / "below")
    assert owned_directory(tmp_path)


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="data is not a directory"):
        private_directory(tmp_path / "data")
    with pytest.raises(StoreError, match="cannot make the directory"):
        private_directory(tmp_path / "data" / "below")


def test_a_directory_that_others_may_write_in_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    with pytest.raises(StoreError, match="other users may write") as refused:
        private_directory(tmp_path)
    assert refused.value.todo == f"chmod 700 {tmp_path}"


def test_a_link_to_an_own_directory_is_followed_and_one_to_nowhere_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    assert private_directory(tmp_path / "link") == tmp_path / "link"
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(StoreError, match="link to nowhere"):
        private_directory(tmp_path / "dangling")
    assert not (tmp_path / "nowhere").exists()


@needs_root
def test_another_users_directory_is_refused_and_nothing_written(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    for path in (theirs, theirs / "shellint"):
        with pytest.raises(StoreError, match=r"theirs belongs to .*, not to root"):
            private_directory(path)
    assert list(theirs.iterdir()) == []


@needs_root
def test_a_link_that_another_user_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to("mine")
    os.lchown(link, NOBODY, NOBODY)
    with pytest.raises(StoreError, match="link belongs to"):
        private_directory(link)


def test_a_read_only_home_is_one_clear_line() -> None:
    def refused(home: Path) -> None:
        home.chmod(0o500)
        with pytest.raises(StoreError, match=r"cannot make the directory .*: Permission denied"):
            private_directory(home / "share" / "shellint")
        with pytest.raises(StoreError, match=r"cannot write .*: Permission denied"):
            write_private(home / "file", b"new")

    as_nobody(refused)


def test_write_private_replaces_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_write_private_keeps_a_link_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "file"
    link.symlink_to("elsewhere/file")
    write_private(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with full_disk(free=1024), pytest.raises(StoreError, match=r"cannot write .*: File too large"):
        write_private(path, bytes(4096))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failed_fsync_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fsync(_descriptor: int) -> None:
        raise failure

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError if isinstance(failure, OSError) else KeyboardInterrupt):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_sweep_removes_what_a_killed_write_left_and_nothing_else(tmp_path: Path) -> None:
    for name in (".file.x1.tmp", ".other.x1.tmp", "file", "file.tmp"):
        (tmp_path / name).touch()
    sweep_temporary(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.x1.tmp", "file", "file.tmp"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("~", "/home/me"),
        ("~/a/b", "/home/me/a/b"),
        (".", "."),
        ("", "."),
        ("a/~", "a/~"),
        ("~you/a", "~you/a"),
        ("/", "/"),
    ],
)
def test_a_path_from_home_is_any_path_and_only_a_first_tilde_is_home(text: str, path: str) -> None:
    assert from_home(text, Path("/home/me")) == Path(path)
