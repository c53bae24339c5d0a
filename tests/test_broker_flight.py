"""Shells that want the same session at the same moment get one, and one question is asked."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pytest

from shellint import flight
from shellint.broker import Broker
from shellint.errors import NeedsHuman
from shellint.plan import Plan
from shellint.sources.roots import Caller
from shellint.store.lock import hold, sweep_locks
from tests.aws import StrictAws
from tests.world import Clock, Script, World, open_test_store

SHELLS = 10
COUNTED = 100


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


@dataclass
class PatientHuman(Script):
    """A person who answers only when every other shell has come to wait."""

    code: str = ""
    asked_file: Path = Path()
    waiting: Semaphore | None = None

    def ask(self, question: str) -> str:
        assert self.waiting
        with self.asked_file.open("a") as file:
            file.write(question + "\n")
        for _ in range(SHELLS - 1):
            assert self.waiting.acquire(timeout=60)
        return self.code

    def say(self, line: str) -> None:
        assert self.waiting
        assert line == "waiting for another vault, which is getting the same session"
        self.waiting.release()


def _shell(directory: Path, plan: Plan, code: str, asked: Path, waiting: Semaphore) -> None:
    flight.LOCK_NOTICE = 0.05
    human = PatientHuman(code=code, asked_file=asked, waiting=waiting)
    made = Broker(Caller(open_test_store(directory), human, Clock(), {}, directory)).obtain(plan, min_ttl=300)
    (asked.parent / made.access_key_id).touch()


def test_w24_ten_shells_at_once_ask_one_person_once_and_get_the_same_session(world: World, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    waiting = context.Semaphore(0)
    asked = tmp_path / "outcome" / "asked"
    asked.parent.mkdir()
    plan, code = world.plan(world.device()), world.mfa.fresh_code()
    arguments = (tmp_path / "data", plan, code, asked, waiting)
    shells = [context.Process(target=_shell, args=arguments) for _ in range(SHELLS)]
    for shell in shells:
        shell.start()
    for shell in shells:
        shell.join(120)
    assert [shell.exitcode for shell in shells] == [0] * SHELLS
    assert asked.read_text().splitlines() == [f"MFA code for {world.mfa.serial}"]
    assert world.calls() == ["GetSessionToken"]
    (record,) = world.aws.requests
    assert record.mfa_code
    assert len(list(asked.parent.iterdir())) == 2  # the question, and one access key id for all


def _aged(path: Path, seconds: float) -> Path:
    path.touch(0o600)
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_a_new_lock_takes_the_old_ones_that_nobody_holds_with_it(tmp_path: Path) -> None:
    store = open_test_store(tmp_path / "data")
    locks = tmp_path / "data" / "locks"
    with flight.alone(store, "first", Script()):
        pass
    forgotten, young, held = (locks / f"{name}.lock" for name in ("forgotten", "young", "held"))
    _aged(forgotten, flight.LOCK_KEPT + 60)
    _aged(young, flight.LOCK_KEPT - 60)
    other = _aged(locks / "no-lock", flight.LOCK_KEPT + 60)
    with hold(_aged(held, flight.LOCK_KEPT + 60), 1):
        _aged(held, flight.LOCK_KEPT + 60)
        with flight.alone(store, "first", Script()):
            assert forgotten.exists(), "a lock that was there costs no sweep"
        with flight.alone(store, "second", Script()):
            assert {*locks.iterdir()} == {locks / "first.lock", locks / "second.lock", young, held, other}
    with flight.alone(store, "third", Script()):
        assert not held.exists()


def _counts(directory: Path, go: Semaphore) -> None:
    assert go.acquire(timeout=120)
    for _ in range(COUNTED):
        with hold(directory / "x.lock", 60):
            number = int((directory / "number").read_text())
            (directory / "number").write_text(str(number + 1))


def test_a_lock_whose_file_is_swept_all_the_time_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    context = multiprocessing.get_context("spawn")
    go = context.Semaphore(0)
    processes = [context.Process(target=_counts, args=(tmp_path, go)) for _ in range(3)]
    for process in processes:
        process.start()
    for _ in processes:
        go.release()
    swept = 0
    while any(process.is_alive() for process in processes):
        before = (tmp_path / "x.lock").exists()
        sweep_locks(tmp_path, older=-60)
        swept += before and not (tmp_path / "x.lock").exists()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == str(3 * COUNTED)
    assert swept


def test_a_lock_is_waited_for_as_long_as_the_caller_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "LOCK_NOTICE", 0.01)
    store, human = open_test_store(tmp_path / "data"), Script()
    with (
        flight.alone(store, "same", human),
        pytest.raises(NeedsHuman, match="perhaps for an answer"),
        flight.alone(store, "same", human, limit=0.01),
    ):
        pass
