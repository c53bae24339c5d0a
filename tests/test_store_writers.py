"""Several writers, and writers that are killed: nothing is lost and nothing is left half done."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.store_helpers import ROOT, forked, store_in

# Every call through which a write reaches the disk.
CALLS = ("mkdir", "open", "write", "fsync", "close", "replace", "rename", "unlink", "chmod", "fchmod")


def test_two_processes_that_store_fifty_keys_each_at_once_lose_none(tmp_path: Path) -> None:
    """They start without a store, so both also try to make it."""
    command = [sys.executable, "-m", "tests.store_writer", str(tmp_path)]
    writers = [subprocess.Popen([*command, prefix], cwd=ROOT) for prefix in "ab"]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    store = store_in(tmp_path)
    assert store.names("key") == sorted(f"{prefix}{number}" for prefix in "ab" for number in range(50))
    assert {store.get("key", name) for name in store.names("key")} == {b"a", b"b"}


def killed_at(point: int, action: Callable[[], None]) -> bool:
    """Run the action in a child that kills itself at a point between two system calls; False when it got through."""

    def act() -> None:
        steps = itertools.count(1)

        def step() -> None:
            if next(steps) == point:
                os.kill(os.getpid(), signal.SIGKILL)

        def stepping(call: Callable[..., Any]) -> Callable[..., Any]:
            def stepped(*arguments: Any, **options: Any) -> Any:
                step()
                result = call(*arguments, **options)
                step()
                return result

            return stepped

        def write_in_halves(descriptor: int, data: Any) -> int:
            half = len(data) // 2
            written = [write(descriptor, data[:half])]
            step()
            written.append(write(descriptor, data[half:]))
            return sum(written)

        write = os.write
        for name in CALLS:
            setattr(os, name, stepping(getattr(os, name)))
        setattr(os, "write", stepping(write_in_halves))  # noqa: B010  mypy knows it as a function
        action()

    ended = forked(act)
    assert ended in {0, -signal.SIGKILL}
    return ended != 0


@pytest.mark.parametrize("old", [None, b"old"], ids=["new store", "replace"])
def test_a_kill_at_any_point_of_a_write_leaves_the_old_or_the_new(tmp_path: Path, old: bytes | None) -> None:
    seen = set()
    store_in(tmp_path / "template").put("key", "other", b"kept")  # also imports everything before the fork
    if old is not None:
        store_in(tmp_path / "template").put("key", "prod", old)
    for point in itertools.count(1):
        directory = tmp_path / "data" / str(point)
        if old is not None:
            shutil.copytree(tmp_path / "template", directory)
        killed = killed_at(point, partial(store_in(directory).put, "key", "prod", b"new"))
        store = store_in(directory)
        value = store.get("key", "prod")
        assert value in {old, b"new"}
        seen.add(value)
        store.put("key", "after", b"works")
        assert store.get("key", "other") == (b"kept" if old else None)
        assert {path.name for path in directory.iterdir()} == {"store.json", "store.lock"}
        if not killed:
            break
    assert value == b"new"
    assert seen == {old, b"new"}
    assert point > 20


def test_the_content_is_on_the_disk_before_its_name_and_its_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No kill can show a missing fsync, only a power cut: so the order of the calls is looked at."""
    store = store_in(tmp_path)
    store.put("key", "prod", b"old")
    calls: list[str] = []

    def recorded(name: str) -> Callable[..., Any]:
        call = getattr(os, name)

        def record(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return call(*arguments, **options)

        return record

    for name in ("write", "fsync", "replace", "rename"):
        monkeypatch.setattr(os, name, recorded(name))
    store.put("key", "prod", b"new")
    assert calls == ["write", "fsync", "replace", "fsync"]
