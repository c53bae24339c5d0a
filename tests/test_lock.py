"""A lock that cannot be had is one clear line within its time, whatever the file system answers."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint import flight
from shellint.errors import NeedsHuman, StoreError
from shellint.plan import SessionToken
from shellint.store.lock import hold
from tests.aws import StrictAws
from tests.store_helpers import store_in
from tests.world import HOUR, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


@pytest.fixture(params=["ENOSYS", "ENOLCK", "EOPNOTSUPP", "EIO"])
def without_flock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make flock fail as it does on some network file systems; return what the system says then."""
    number = getattr(errno, request.param)

    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    return os.strerror(number)


@pytest.mark.parametrize("used_before", [False, True])
def test_a_store_on_a_file_system_without_locks_says_so_at_once(
    tmp_path: Path, without_flock: str, used_before: bool
) -> None:
    """The lock file of an earlier use must not be taken for a lock that is held."""
    if used_before:
        (tmp_path / "store.lock").touch(0o600)
    start = time.monotonic()
    with pytest.raises(StoreError, match=rf"cannot lock .*store\.lock: {without_flock}") as caught:
        store_in(tmp_path).put("key", "prod", b"x")
    assert "SHELLINT_FILE_DIR" in caught.value.todo
    assert time.monotonic() - start < 2


def test_a_session_on_a_file_system_without_locks_is_not_waited_for(world: World, without_flock: str) -> None:
    """Twice: after the first time the lock file is there."""
    plan = world.plan(SessionToken("base", None, None, HOUR))
    start = time.monotonic()
    for _ in range(2):
        with pytest.raises(StoreError, match=f"cannot lock .*: {without_flock}"):
            world.broker().obtain(plan, min_ttl=300)
    assert time.monotonic() - start < flight.LOCK_NOTICE
    assert world.calls() == []
    assert world.human.said == []


def test_a_lock_that_is_held_is_waited_for_told_once_and_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(flight, "LOCK_NOTICE", 0.05)
    monkeypatch.setattr(flight, "LOCK_LIMIT", 0.1)
    plan = world.plan(SessionToken("base", None, None, HOUR))
    world.broker().obtain(plan, min_ttl=300)
    (path,) = (tmp_path / "data" / "locks").iterdir()
    with hold(path, 1), pytest.raises(NeedsHuman, match="another vault is still waiting"):
        world.broker().obtain(plan, min_ttl=300, force=True)
    assert world.human.said == ["waiting for another vault, which is getting the same session"]


def test_a_lock_that_is_freed_in_time_is_got_and_freed_again(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    told = threading.Event()
    held, free = threading.Event(), threading.Event()

    def other() -> None:
        with hold(path, 1):
            held.set()
            free.wait(20)

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(20)
    with pytest.raises(TimeoutError), hold(path, 0.05):
        pass

    def notice() -> None:
        told.set()
        free.set()

    with hold(path, 20, notice=notice, after=0.05):
        assert told.is_set()
    thread.join(20)
    with hold(path, 0.05):
        assert path.stat().st_mode & 0o777 == 0o600


def test_an_exception_within_passes_and_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="from within"), hold(tmp_path / "lock", 1):
        raise OSError(errno.EIO, "from within")
    with hold(tmp_path / "lock", 0.05):
        pass
