"""Writers that are killed between the keychain and the file: nothing is lost, and what is left over goes later."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from shellint.errors import StoreError
from shellint.store import Store, backends
from shellint.store.backends import Backend
from tests.store_helpers import store_in
from tests.test_store_writers import killed_at


class Drawer(KeyringBackend):
    """A keychain that outlives its process: one file an item, replaced the way of macOS, by deleting it first."""

    priority = 1.0
    directory: ClassVar[Path] = Path()

    def get_password(self, service: str, username: str) -> str | None:
        item = self.directory / service
        return item.read_text() if item.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        (self.directory / service).unlink(missing_ok=True)
        new = self.directory / f".{service}"
        new.write_text(password)
        os.replace(new, self.directory / service)  # noqa: PTH105  a call that the test can stop at

    def delete_password(self, service: str, username: str) -> None:
        try:
            os.unlink(self.directory / service)  # noqa: PTH108  a call that the test can stop at
        except FileNotFoundError:
            raise PasswordDeleteError from None


@pytest.fixture(autouse=True)
def drawer(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Backend("Drawer", sys.platform, __name__, "Drawer", lambda *_: None)
    monkeypatch.setattr(backends, "BACKENDS", (row,))


def store_at(root: Path) -> Store:
    """Open the store below `root`, and its keychain."""
    Drawer.directory = root / "keychain"
    Drawer.directory.mkdir(parents=True, exist_ok=True)
    return store_in(root / "data", None)


def remove(root: Path) -> None:
    store_at(root).delete("key", "prod")


def items(root: Path) -> set[str]:
    """Return what rests in the keychain, without the digests."""
    return {item.name.rpartition(":")[0] for item in (root / "keychain").iterdir() if not item.name.startswith(".")}


def count(root: Path) -> int:
    return sum(not item.name.startswith(".") for item in (root / "keychain").iterdir())


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A store with a key in the keychain and a session in the file."""
    store = store_at(tmp_path / "template")
    store.put("key", "prod", b"first")
    store.put("key", "prod", b"old")
    store.put("session", "one", b"kept")
    return tmp_path / "template"


def test_a_kill_while_a_key_is_replaced_leaves_the_old_or_the_new(template: Path, tmp_path: Path) -> None:
    seen = set()
    for point in itertools.count(1):
        root = shutil.copytree(template, tmp_path / str(point))
        killed = killed_at(point, partial(store_at(root).put, "key", "prod", b"new"))
        store = store_at(root)
        value = store.get("key", "prod")
        assert value in {b"old", b"new"}
        seen.add(value)
        assert store.get("session", "one") == b"kept"
        left = shutil.copytree(root, tmp_path / f"{point} removed")
        remove(left)
        assert items(left) == {"shellint:master"}, "what a crash leaves behind goes with the name"
        store = store_at(root)
        store.put("key", "prod", b"after")
        assert (store.get("key", "prod"), count(root)) == (b"after", 2)
        if not killed:
            break
    assert seen == {b"old", b"new"}
    assert point > 20


def test_a_kill_while_the_store_is_made_leaves_a_store_or_none(template: Path, tmp_path: Path) -> None:
    for point in itertools.count(1):
        root = tmp_path / str(point)
        killed = killed_at(point, partial(store_at(root).put, "key", "prod", b"new"))
        store = store_at(root)
        assert store.names("key") in ([], ["prod"])
        assert store.get("key", "prod") in {None, b"new"}
        store.put("key", "prod", b"after")
        assert store.get("key", "prod") == b"after"
        if not killed:
            break
    assert point > 20


def test_a_kill_while_a_key_is_removed_leaves_its_name_until_the_key_is_gone(template: Path, tmp_path: Path) -> None:
    states = set()
    for point in itertools.count(1):
        root = shutil.copytree(template, tmp_path / str(point))
        killed = killed_at(point, partial(remove, root))
        store = store_at(root)
        named = store.names("key") == ["prod"]
        there = count(root) > 1
        states.add((named, there))
        assert named or not there
        if named and not there:
            with pytest.raises(StoreError, match="is no longer in the Drawer"):
                store.get("key", "prod")
        store.delete("key", "prod")
        assert (store.names("key"), count(root)) == ([], 1)
        assert store.get("session", "one") == b"kept"
        if not killed:
            break
    assert states == {(True, True), (True, False), (False, False)}
