"""Threads of one process and processes side by side: one flight for one session, and no writer loses what it wrote."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from shellint import flight
from shellint.errors import Interrupted, NeedsHuman, StoreError, StoreLocked
from shellint.memory import Memory
from shellint.store import PassphraseSource, Store
from shellint.store.document import Document
from shellint.store.guard import Guard
from shellint.store.sealing import Argon2
from shellint.terminal import NoHuman
from tests.world import Script, open_test_store

WRITERS, WRITTEN = 4, 25
CHEAP = Argon2(1, 1, 64)


def warm(directory: Path, memory: Memory, passphrase: str = "correct horse battery staple") -> Store:
    env = {"SHELLINT_FILE_PASSPHRASE": passphrase}
    return Store(directory, PassphraseSource(NoHuman(), env), cost=CHEAP, memory=memory)


def _write(directory: Path, writer: str) -> None:
    for number in range(WRITTEN):
        open_test_store(directory).put("session", f"{writer}-{number}", b"x")


def test_writers_in_one_process_and_another_lose_nothing(tmp_path: Path) -> None:
    memory = Memory()
    warm(tmp_path, memory).put("key", "base", b"k")
    outside = multiprocessing.get_context("spawn").Process(target=_write, args=(tmp_path, "outside"))
    outside.start()

    def write(writer: int) -> None:
        for number in range(WRITTEN):
            warm(tmp_path, memory).put("session", f"{writer}-{number}", b"x")
            assert warm(tmp_path, memory).get("session", f"{writer}-{number}") == b"x"

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    outside.join(60)
    assert outside.exitcode == 0
    names = {f"{writer}-{number}" for writer in ("outside", *range(WRITERS)) for number in range(WRITTEN)}
    assert set(warm(tmp_path, memory).names("session")) == names


def test_what_is_written_back_is_what_is_there_though_its_state_looks_as_remembered(tmp_path: Path) -> None:
    """Within a tick of the clock a new file can have the size, the number and the time of one that was read before."""
    memory = Memory()
    warm(tmp_path, memory).put("session", "old", b"x")
    path = tmp_path / "store.json"
    warm(tmp_path, memory).names("session")
    _, remembered = memory.documents[path]
    open_test_store(tmp_path).put("session", "new", b"x")
    found = path.stat()
    state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    memory.documents[path] = (state, remembered)
    warm(tmp_path, memory).put("session", "third", b"x")
    assert warm(tmp_path, memory).names("session") == ["new", "old", "third"]


def test_a_store_that_was_replaced_removed_or_taken_is_as_without_memory(tmp_path: Path) -> None:
    memory = Memory()
    warm(tmp_path / "a", memory).put("key", "base", b"mine")
    other = Store(tmp_path / "b", PassphraseSource(NoHuman(), {"SHELLINT_FILE_PASSPHRASE": "other"}), cost=CHEAP)
    other.put("key", "base", b"theirs")
    path = tmp_path / "a" / "store.json"
    assert warm(tmp_path / "a", memory, "wrong").get("key", "base") == b"mine", "it is open"
    (tmp_path / "b" / "store.json").replace(path)
    with pytest.raises(StoreLocked, match="does not open"):
        warm(tmp_path / "a", memory).get("key", "base")
    assert warm(tmp_path / "a", memory, "other").get("key", "base") == b"theirs"
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        with pytest.raises(StoreError, match="belongs to another user"):
            warm(tmp_path / "a", memory, "other").get("key", "base")
    path.unlink()
    assert warm(tmp_path / "a", memory).get("key", "base") is None


def test_after_a_lock_nothing_of_what_is_under_way_stays(tmp_path: Path) -> None:
    memory = Memory()
    warm(tmp_path, memory).put("key", "base", b"mine")
    under_way = warm(tmp_path, memory)
    assert under_way.get("key", "base") == b"mine"
    memory.lock()
    assert under_way.get("key", "base") == b"mine"
    assert (memory.data_keys, memory.documents) == ({}, {})
    with pytest.raises(StoreLocked):
        warm(tmp_path, memory, "wrong").get("key", "base")


def test_of_many_that_open_a_store_at_once_one_does_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm(tmp_path, Memory()).put("key", "base", b"mine")
    memory, opened, once = Memory(), [], Guard.open

    def counted(guard: Guard, document: Document) -> bytes:
        opened.append(document.id)
        time.sleep(0.05)  # as Argon2 takes it
        return once(guard, document)

    monkeypatch.setattr(Guard, "open", counted)
    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(lambda _: warm(tmp_path, memory).get("key", "base"), range(50))) == {b"mine"}
    assert len(opened) == 1


@pytest.fixture
def held(tmp_path: Path) -> Iterator[ExitStack]:
    """The flight for the session `same`, held as by a question that waits for its answer."""
    with ExitStack() as stack:
        stack.enter_context(flight.alone(open_test_store(tmp_path), "same", Script()))
        yield stack


def test_an_unanswered_question_is_waited_for_no_longer_than_the_limit(
    tmp_path: Path, held: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "LOCK_NOTICE", 0.01)
    human = Script()
    with (
        pytest.raises(NeedsHuman, match="perhaps for an answer"),
        flight.alone(open_test_store(tmp_path), "same", human, limit=0.05),
    ):
        pass
    assert human.said == ["waiting for another vault, which is getting the same session"]
    with flight.alone(open_test_store(tmp_path), "other", human, limit=0.05):
        pass
    held.close()
    with flight.alone(open_test_store(tmp_path), "same", human, limit=0.05):
        pass


def test_when_the_one_who_is_asked_declines_the_next_is_asked(tmp_path: Path) -> None:
    order: list[str] = []
    asked, declined = threading.Event(), threading.Event()

    def first() -> None:
        with contextlib.suppress(Interrupted), flight.alone(open_test_store(tmp_path), "same", Script()):
            asked.set()
            assert declined.wait(20)
            order.append("declined")
            raise Interrupted("interrupted")

    thread = threading.Thread(target=first)
    thread.start()
    assert asked.wait(20)
    threading.Timer(0.05, declined.set).start()
    with flight.alone(open_test_store(tmp_path), "same", Script()):
        order.append("asked")
    thread.join(20)
    assert order == ["declined", "asked"]
