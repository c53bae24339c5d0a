"""`rotate` that dies: at each call to AWS and each write, before and after, again and again; the next one goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.endpoint import Endpoint
from shellint.sources.client import aws_client
from tests.aws import Breakage, StrictAws
from tests.desk import BIN
from tests.rig.environment import environment, fresh_home
from tests.rotating import KILLED, Bench

STEPS = (
    "GetCallerIdentity",  # whose key it is
    "GetSessionToken",
    "write",  # the session
    "ListAccessKeys",
    "write",  # the intent
    "CreateAccessKey",
    "write",  # the new key
    "GetCallerIdentity",  # the new key works
    "write",  # base has it
    "write",  # work has it
    "GetCallerIdentity",  # it still works
    "DeleteAccessKey",
    "write",  # the sessions of the old key are forgotten
    "write",  # the journal is gone
)
"""All that one run does beyond itself."""

EVERYWHERE = [
    pytest.param(number, before, id=f"{'before' if before else 'after'} {number} {name}")
    for number, name in enumerate(STEPS, 1)
    for before in (True, False)
]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    for service in ("iam", "sts"):  # imported and read once here, and there in every process that is forked
        aws_client(service, Endpoint("us-east-1"), None, {}, profile="x", owner="x", now=time.time)
    with StrictAws() as aws:
        yield Bench(aws, fresh_home(tmp_path / "home"))


def test_undisturbed_it_does_these_steps_and_no_other(bench: Bench) -> None:
    assert bench.rotate() == 0, bench.said
    assert tuple(bench.done) == STEPS
    bench.check_finished()
    assert bench.store.names("session") == []


@pytest.mark.parametrize(("number", "before"), EVERYWHERE)
def test_killed_anywhere_it_strands_nobody_and_is_finished_by_the_next(bench: Bench, number: int, before: bool) -> None:
    assert bench.rotate(die_at=number, before=before) == KILLED
    assert tuple(bench.done) == STEPS[:number]
    bench.check_nobody_is_stranded()
    assert bench.rotate() == 0, bench.said
    if (number, before) == (len(STEPS), False):
        assert bench.done == list(STEPS), "it was finished, so this is another one"
        return
    bench.check_finished()


@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again_it_gets_there(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(8):
        status = bench.rotate(die_at=chance.randint(1, 12), before=chance.random() < 0.5)
        bench.check_nobody_is_stranded()
        if status != KILLED:
            break
    else:
        status = bench.rotate()
    assert status == 0, bench.said
    bench.check_nobody_is_stranded()
    assert len(bench.alice.keys) == 1
    assert bench.store.names("rotation") == []


@pytest.mark.parametrize("action", ["CreateAccessKey", "DeleteAccessKey"])
def test_the_command_killed_while_it_waits_for_an_answer_is_finished_by_the_next(bench: Bench, action: str) -> None:
    bench.aws.break_next(action, Breakage.SILENT)
    command = [str(BIN / "vault"), "rotate", "base", "--yes"]
    env = environment(bench.home, **bench.env)
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        end = time.monotonic() + 60
        while not any(record.action == action for record in bench.aws.requests):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    bench.check_nobody_is_stranded()
    assert bench.rotate() == 0, bench.said
    bench.check_finished()
