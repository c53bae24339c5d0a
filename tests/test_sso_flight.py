"""Processes that want a token at the same moment: one signs in, or refreshes, and the others get what it got."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pytest

from shellint.plan import Endpoint
from shellint.providers import SsoInstance
from shellint.sources.roots import Caller
from shellint.sso.sealed import SealedToken
from shellint.sso.token import access_token
from shellint.sso.values import SignInPlace
from tests.aws import StrictAws
from tests.sso_world import SsoWorld
from tests.world import Clock, Script, open_test_store

PROCESSES = 10


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SsoWorld]:
    with StrictAws() as aws:
        yield SsoWorld(aws, tmp_path)


def _process(directory: Path, instance: SsoInstance, endpoint: Endpoint, ready: Semaphore, go: Semaphore) -> None:
    human = Script()
    caller = Caller(open_test_store(directory / "data"), human, Clock(), {}, directory / ".aws")
    ready.release()
    assert go.acquire(timeout=120)
    token = access_token(SignInPlace(instance, endpoint, endpoint), caller)
    (directory / "tokens" / str(hash(token))).touch()
    (directory / "asked" / str(os.getpid())).write_text("\n".join(human.said))


def _together(world: SsoWorld) -> list[str]:
    """Let ten processes want a token at the same moment, and return what each person was told."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Semaphore(0)
    for name in ("tokens", "asked"):
        (world.home / name).mkdir()
    arguments = (world.home, world.instance, world.endpoint, ready, go)
    processes = [context.Process(target=_process, args=arguments) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for _ in processes:
        assert ready.acquire(timeout=120)
    for _ in processes:
        go.release()
    until = time.monotonic() + 120
    while any(process.is_alive() for process in processes) and time.monotonic() < until:
        if world.aws.sso.waiting:
            world.aws.sso.approve()
        time.sleep(0.02)
    for process in processes:
        process.join(10)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    return [file.read_text() for file in (world.home / "asked").iterdir()]


def test_w24_ten_processes_at_once_sign_in_once(world: SsoWorld) -> None:
    world.aws.sso.interval = 1
    told = _together(world)
    assert sum("with the code" in text for text in told) == 1
    assert world.calls().count("StartDeviceAuthorization") == 1


def test_ten_processes_at_once_refresh_once(world: SsoWorld) -> None:
    """Twice would be once too often: AWS takes a refresh token that comes again for stolen."""
    world.aws.sso.access_seconds = 200
    token = world.sign_in()
    world.clock.ahead = world.aws.clock_offset = 0.0
    SealedToken(world.place, world.caller()).write(token)
    world.aws.sso.access_seconds = 3600
    made = world.calls().count("CreateToken")
    assert not [text for text in _together(world) if "sign in" in text]
    assert world.calls().count("CreateToken") == made + 1
