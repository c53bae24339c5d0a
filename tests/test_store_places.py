"""Places where the store cannot be written, or must not be: one clear line, and the store stays what it was."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import filelock
import pytest

from shellint.errors import StoreError
from tests.store_helpers import NOBODY, Person, as_nobody, needs_root, store_in


def test_a_lock_that_is_not_freed_is_named(tmp_path: Path) -> None:
    store = store_in(tmp_path, lock_seconds=0.05)
    store.put("key", "prod", b"x")
    with filelock.FileLock(tmp_path / "store.lock"):
        assert store.get("key", "prod") == b"x"
        with pytest.raises(StoreError, match=r"another process has held .*store\.lock for 0\.05 s"):
            store.put("key", "prod", b"y")
        with pytest.raises(StoreError, match=r"store\.lock"):
            store.delete("key", "prod")
    assert store.get("key", "prod") == b"x"


def test_a_full_disk_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.put("key", "prod", b"x")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match=r"cannot write .*store\.json: File too large"):
            store.put("key", "big", bytes(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (store.names("key"), store.get("key", "prod")) == (["prod"], b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"store.json", "store.lock"}


def test_a_read_only_store_can_be_read_and_a_write_is_one_clear_line(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"x")  # imports what the child might not be able to read

    def check(directory: Path) -> None:
        store_in(directory).put("key", "prod", b"x")
        (directory / "store.lock").unlink()
        directory.chmod(0o500)
        assert store_in(directory).get("key", "prod") == b"x"
        with pytest.raises(StoreError, match=r"cannot write in .*: Permission denied"):
            store_in(directory).put("key", "prod", b"y")
        assert store_in(directory).get("key", "prod") == b"x"

    as_nobody(check)


def test_a_place_that_cannot_be_written_is_told_before_a_passphrase_is_asked() -> None:
    def check(directory: Path) -> None:
        directory.chmod(0o500)
        person = Person()
        for place in (directory, directory / "below"):
            with pytest.raises(StoreError, match="Permission denied"):
                store_in(place, None, person=person).put("key", "prod", b"x")
        assert (person.asked, person.said) == ([], [])

    as_nobody(check)


@needs_root
def test_another_users_store_is_neither_read_nor_written(tmp_path: Path) -> None:
    directory = tmp_path / "shellint"
    store_in(directory).put("key", "prod", b"x")
    before = (directory / "store.json").read_bytes()
    os.chown(directory, NOBODY, NOBODY)
    store = store_in(directory)
    for use in (
        store.exists,
        lambda: store.names("key"),
        lambda: store.get("key", "prod"),
        lambda: store.put("key", "prod", b"y"),
        lambda: store.delete("key", "prod"),
    ):
        with pytest.raises(StoreError, match="shellint belongs to"):
            use()
    assert (directory / "store.json").read_bytes() == before


@pytest.mark.timeout(20)
def test_a_fifo_in_the_files_place_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "store.json")
    store = store_in(tmp_path)
    for use in (lambda: store.names("key"), lambda: store.put("key", "a", b""), lambda: store.delete("key", "a")):
        with pytest.raises(StoreError, match=r"store\.json is no ordinary file"):
            use()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path, mode: int) -> None:
    store = store_in(tmp_path)
    store.put("key", "prod", b"x")
    store.path.chmod(mode)
    with pytest.raises(StoreError, match=r"other users may write in .*store\.json") as caught:
        store_in(tmp_path).get("key", "prod")
    assert caught.value.todo == f"chmod 600 {store.path}"
    store.path.chmod(0o600)
    assert store_in(tmp_path).get("key", "prod") == b"x"


@needs_root
def test_a_file_of_another_user_is_not_believed(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.put("key", "prod", b"x")
    os.chown(store.path, NOBODY, NOBODY)
    with pytest.raises(StoreError, match=r"store\.json belongs to another user"):
        store_in(tmp_path).names("key")


def test_a_link_of_ones_own_to_a_file_of_ones_own_is_followed_and_what_it_leads_to_is_looked_at(tmp_path: Path) -> None:
    elsewhere = store_in(tmp_path / "elsewhere")
    elsewhere.put("key", "prod", b"x")
    (tmp_path / "store.json").symlink_to(elsewhere.path)
    assert store_in(tmp_path).get("key", "prod") == b"x"
    elsewhere.path.chmod(0o666)
    with pytest.raises(StoreError, match="other users may write"):
        store_in(tmp_path).get("key", "prod")
