"""`Store.put_many`: several values in one write, all of them or none, wherever they rest and whatever dies when."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from shellint.store import Store
from tests.store_helpers import store_in
from tests.test_keychain_crash import drawer, store_at
from tests.test_store_writers import killed_at

__all__ = ["drawer"]

OLD, NEW = {"a": b"old", "b": None}, {"a": b"new", "b": b"new"}


@pytest.fixture(
    params=[store_at, lambda root: store_in(root / "data", env={"SHELLINT_BACKEND": "file"})], ids=["keychain", "file"]
)
def opened(request: pytest.FixtureRequest, drawer: None) -> Callable[[Path], Store]:
    """Open a store below a directory."""
    opener: Callable[[Path], Store] = request.param
    return opener


def test_all_are_there_after_one_write_of_the_file(
    tmp_path: Path, opened: Callable[[Path], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    store.put("key", "old", b"kept")
    inodes: list[str] = []
    replace = os.replace

    def counted(source: Path, target: Path, **options: int) -> None:
        inodes.append(Path(target).name)
        replace(source, target, **options)

    monkeypatch.setattr(os, "replace", counted)
    monkeypatch.setattr(os, "rename", counted)
    store.put_many("key", {f"k{number}": b"x" for number in range(20)})
    assert inodes.count("store.json") == 1
    assert opened(tmp_path).names("key") == sorted(["old", *(f"k{number}" for number in range(20))])
    assert opened(tmp_path).get("key", "k7") == b"x"


def test_a_kill_at_any_point_leaves_all_as_it_was_or_all_as_it_was_to_be(
    tmp_path: Path, opened: Callable[[Path], Store]
) -> None:
    opened(tmp_path / "template").put("key", "a", b"old")
    seen = []
    for point in itertools.count(1):
        root = shutil.copytree(tmp_path / "template", tmp_path / str(point))
        killed = killed_at(point, partial(opened(root).put_many, "key", {"a": b"new", "b": b"new"}))
        store = opened(root)
        values = {name: store.get("key", name) for name in "ab"}
        assert values in (OLD, NEW)
        seen.append(values)
        store.put_many("key", {"a": b"new", "b": b"new"})
        assert {name: store.get("key", name) for name in "ab"} == NEW
        shutil.rmtree(root)
        if not killed:
            break
    assert OLD in seen
    assert seen[-1] == NEW
