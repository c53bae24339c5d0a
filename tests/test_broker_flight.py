"""Shells that want the same session at the same moment get one, and one question is asked."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pytest

from shellint import flight
from shellint.broker import Broker
from shellint.plan import Plan
from shellint.sources.roots import Caller
from tests.aws import StrictAws
from tests.world import Clock, Script, World, open_test_store

SHELLS = 10


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


def test_ten_shells_at_once_ask_one_person_once_and_get_the_same_session(world: World, tmp_path: Path) -> None:
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
