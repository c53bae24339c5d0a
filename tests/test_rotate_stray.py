"""`rotate` that dies while a second key stands in the way, which has to be deleted first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.endpoint import Endpoint
from shellint.errors import NetworkError
from shellint.sources.client import aws_client
from tests.aws import Breakage, StrictAws
from tests.aws.client import sts_client
from tests.rig.environment import fresh_home
from tests.rotating import KILLED, Bench
from tests.store_helpers import Person
from tests.test_rotate_killed import STEPS

ROOM = ("ListAccessKeys", "GetAccessKeyLastUsed", "DeleteAccessKey")
WITH_ROOM = tuple(step for each in STEPS for step in (ROOM if each == ROOM[0] else (each,)))
"""All that one run does, once the key in the way was never used."""

EVERYWHERE = [
    pytest.param(number, before, id=f"{'before' if before else 'after'} {number} {name}")
    for number, name in enumerate(WITH_ROOM[:-1], 1)
    for before in (True, False)
]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    for service in ("iam", "sts"):  # imported and read once here, and there in every process that is forked
        aws_client(service, Endpoint("us-east-1"), None, {}, profile="x", owner="x", now=time.time)
    with StrictAws() as aws:
        yield Bench(aws, fresh_home(tmp_path / "home"))


def lose_a_key(bench: Bench) -> None:
    """Break a rotation off between AWS, which has made a key, and here, where nobody has its secret."""
    bench.aws.break_next("CreateAccessKey", Breakage.RESET)
    with pytest.raises(NetworkError):
        bench.here()
    assert len(bench.alice.keys) == 2


@pytest.mark.parametrize(("number", "before"), EVERYWHERE)
def test_killed_anywhere_beside_a_lost_key_it_is_finished_by_the_next_unasked(
    bench: Bench, number: int, before: bool
) -> None:
    lose_a_key(bench)
    assert bench.rotate(die_at=number, before=before) == KILLED
    assert tuple(bench.done) == WITH_ROOM[:number]
    bench.check_nobody_is_stranded()
    assert bench.rotate() == 0, bench.said
    bench.check_finished()


@pytest.mark.parametrize(("number", "before"), EVERYWHERE)
def test_killed_anywhere_beside_a_key_that_a_person_gives_up_it_is_finished_by_the_next(
    bench: Bench, number: int, before: bool
) -> None:
    sts_client(bench.aws.endpoint_url, bench.key, service="iam").create_access_key(UserName="alice")
    assert bench.rotate(die_at=number, before=before, person=Person("y")) == KILLED
    assert tuple(bench.done) == WITH_ROOM[:number]
    bench.check_nobody_is_stranded()
    deleted = any(record.action == "DeleteAccessKey" for record in bench.aws.requests)
    assert bench.rotate(person=Person(*([] if deleted else ["y"]))) == 0
    bench.check_finished()


def test_killed_at_the_same_place_for_ever_it_never_makes_a_third_key(bench: Bench) -> None:
    lose_a_key(bench)
    place = WITH_ROOM.index("CreateAccessKey") + 1
    for number in (place, place - 2, place - 2, place - 2):  # the first one leaves its session
        assert bench.rotate(die_at=number) == KILLED
        assert bench.done[-1] == "CreateAccessKey"
        bench.check_nobody_is_stranded()
    assert bench.rotate() == 0, bench.said
    bench.check_finished()
