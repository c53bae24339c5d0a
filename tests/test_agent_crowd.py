"""Hundreds of shells at once: none fails, AWS is asked as little as can be, and nobody's processor is hot for it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles

import pytest

from shellint.sources.kept_clients import IN_FLIGHT
from tests.agent_rig import Agency, agency
from tests.agent_wire import call, connect, messages, socket_of
from tests.aws import StrictAws
from tests.aws.faults import Fault
from tests.aws.messages import Answer, RawRequest
from tests.desk import Desk
from tests.fake_program import CALL
from tests.rig.environment import environment

SHELLS = 500
PROFILES = 200
EMPTY = [sys.executable, "-I", "-S", "-c", "pass"]


class Busy(StrictAws):
    """An AWS that takes some time for each request, and no more than `rate` of them a second (None: any number)."""

    def __init__(self) -> None:
        super().__init__()
        self.rate: float | None = None
        self.seconds = 0.0
        self.most = self._here = 0
        self._count = threading.Lock()
        self._left, self._since = 0.0, time.monotonic()

    def _respond(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        with self._count:
            self._here += 1
            self.most = max(self.most, self._here)
            if self.rate and not self._has_room(self.rate):
                self.fail_next("*", "Throttling")
            found = super()._respond(request)
        time.sleep(self.seconds)
        with self._count:
            self._here -= 1
        return found

    def _has_room(self, rate: float) -> bool:
        now = time.monotonic()
        self._left = min(rate, self._left + (now - self._since) * rate)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@pytest.fixture
def busy() -> Iterator[Busy]:
    with Busy() as aws:
        yield aws


@pytest.fixture
def agent(busy: Busy, home: Path) -> Iterator[Agency]:
    """An agent that is warm, and has no session yet."""
    desk = Desk(busy, home)
    for name in ("first", "plain", *(f"p{number}" for number in range(PROFILES))):
        desk.role(name)
    with agency(desk) as started:
        assert started.run("credential-process", "first").returncode == 0
        yield started


def at_once(agent: Agency, commands: Sequence[Sequence[str]]) -> list[tuple[int, str, str]]:
    """Run as many clients as there are commands, and return exit code, stdout and stderr of each."""
    env = environment(agent.desk.home, **agent.env)
    started = [
        subprocess.Popen(
            [*CALL, *words], env=env, cwd=agent.desk.home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for words in commands
    ]
    said = [process.communicate(timeout=120) for process in started]
    return [(process.returncode, *texts) for process, texts in zip(started, said, strict=True)]


def spent() -> float:
    """Return the seconds of processor time that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def asked(aws: StrictAws) -> list[str | None]:
    """Return what AWS said to each request, None for what was asked."""
    return [record.error for record in aws.requests if record.action == "AssumeRole"]


def test_hundreds_that_want_one_session_ask_once(agent: Agency, busy: Busy) -> None:
    before, begun = asked(busy), spent()
    for _ in range(100):
        subprocess.run(EMPTY, check=True)
    empty = (spent() - begun) / 100
    (process,) = agent.agents()
    begun, began = spent(), sum(process.cpu_times()[:2])
    done = at_once(agent, [("credential-process", "plain")] * SHELLS)
    clients, answering = spent() - begun, sum(process.cpu_times()[:2]) - began
    assert {code for code, _, _ in done} == {0}, next(each for each in done if each[0])
    assert len({json.loads(out)["AccessKeyId"] for _, out, _ in done}) == 1
    assert asked(busy)[len(before) :] == [None]
    ratio = (clients + answering) / (SHELLS * empty)
    print(f"{SHELLS} clients: {clients / SHELLS / empty:.2f} B each, the agent {answering / SHELLS / empty:.2f} B each")
    assert ratio < 2, ratio  # 1.5 on a machine that does nothing else


def test_hundreds_of_profiles_are_asked_for_as_fast_as_aws_takes_them(agent: Agency, busy: Busy) -> None:
    before = asked(busy)
    busy.most, busy.seconds, busy.rate = 0, 0.03, 20.0
    done = at_once(agent, [("credential-process", f"p{number}") for number in range(PROFILES)])
    assert {code for code, _, _ in done} == {0}, next(each for each in done if each[0])
    assert len({json.loads(out)["AccessKeyId"] for _, out, _ in done}) == PROFILES
    calls = asked(busy)[len(before) :]
    print(f"{PROFILES} profiles: {len(calls)} calls, {busy.most} at a time")
    assert calls.count(None) == PROFILES
    assert len(calls) <= 1.2 * PROFILES
    assert busy.most <= IN_FLIGHT


def test_many_that_are_connected_and_silent_cost_the_others_little(agent: Agency) -> None:
    alone, path, found = latencies(agent), socket_of(agent), []
    for _ in range(3):
        with ExitStack() as idle:
            for _ in range(SHELLS):
                idle.enter_context(connect(path))
            found.append(quantiles(latencies(agent), n=100)[98])
    median, p99, slowest = quantiles(alone, n=2)[0], min(found), quantiles(alone, n=100)[98]
    print(f"median alone {median * 1e3:.2f} ms, p99 beside {SHELLS} {p99 * 1e3:.2f} ms: {p99 / median:.1f} times")
    assert p99 <= max(8 * median, 2 * slowest), "what else the machine does is not the agent's doing"


def latencies(agent: Agency) -> list[float]:
    """Return how long each of many requests took, one after the other, in seconds."""
    path, request, found = socket_of(agent), call(agent, "credential-process", "first"), []
    for _ in range(300):
        begun = time.perf_counter()
        with connect(path) as connection:
            connection.sendall(request)
            answer = b""
            while more := connection.recv(65536):
                answer += more
        found.append(time.perf_counter() - begun)
        assert messages(answer)[-1][0] == b"X"
    return found
