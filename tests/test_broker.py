"""Sessions are made along the plan, kept, and taken again only where AWS would have made the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.broker import PARENT_TTL, Grant
from shellint.errors import AwsRefused, ConfigError, NetworkError, UsageError
from shellint.plan import SessionToken
from shellint.sessions import session_names
from tests.aws import StrictAws
from tests.world import HOUR, World, assume


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


def test_a_key_becomes_a_session_and_the_session_is_taken_again(world: World) -> None:
    plan = world.plan(SessionToken("base", None, None, HOUR))
    broker = world.broker()
    first = broker.obtain(plan, min_ttl=300)
    again = broker.obtain(plan, min_ttl=300)
    assert first == again
    assert first.access_key_id.startswith("ASIA")
    assert world.calls() == ["GetSessionToken"]
    assert broker.grants == [
        Grant("base", "SessionToken", from_cache=False, credentials=first),
        Grant("base", "SessionToken", from_cache=True, credentials=first),
    ]
    assert first.secret_access_key not in repr(broker.grants)


def test_three_roles_in_a_row_are_assumed_one_from_the_other(world: World) -> None:
    first = world.role("first")
    second = world.role("second", first.arn)
    third = world.role("third", second.arn)
    world.broker().obtain(world.plan(assume(first), assume(second), assume(third)), min_ttl=300)
    asked = [(record.arn, record.parameters["RoleArn"]) for record in world.aws.requests]
    account = world.aws.account
    assert asked == [
        (world.alice.arn, first.arn),
        (f"arn:aws:sts::{account}:assumed-role/first/alice@laptop", second.arn),
        (f"arn:aws:sts::{account}:assumed-role/second/alice@laptop", third.arn),
    ]


def test_the_deepest_kept_session_is_where_the_chain_goes_on(world: World) -> None:
    first = world.role("first")
    second = world.role("second", first.arn)
    world.broker().obtain(world.plan(assume(first)), min_ttl=300)
    world.broker().obtain(world.plan(assume(first), assume(second)), min_ttl=300)
    assert [record.parameters["RoleArn"] for record in world.aws.requests] == [first.arn, second.arn]


def test_a_session_is_taken_again_to_the_last_second_that_leaves_enough(world: World) -> None:
    """At exactly `min_ttl` left it is still good; a second later a new one is made."""
    plan = world.plan(SessionToken("base", None, None, HOUR))
    first = world.broker().obtain(plan, min_ttl=300)
    world.clock.at = first.left(300)
    assert world.broker().obtain(plan, min_ttl=300) == first
    world.clock.at += 1
    assert world.broker().obtain(plan, min_ttl=300) != first
    assert len(world.calls()) == 2


def test_a_session_past_its_end_is_never_taken_even_when_nothing_has_to_be_left(world: World) -> None:
    plan = world.plan(SessionToken("base", None, None, HOUR))
    first = world.broker().obtain(plan, min_ttl=0)
    world.clock.at = first.left(0)
    assert world.broker().obtain(plan, min_ttl=0) != first
    assert world.calls() == ["GetSessionToken", "GetSessionToken"]


def test_force_makes_the_last_session_anew_and_keeps_those_before_it(world: World) -> None:
    role = world.role("admin")
    plan = world.plan(SessionToken("base", None, None, 8 * HOUR), assume(role))
    first = world.broker().obtain(plan, min_ttl=300)
    forced = world.broker().obtain(plan, min_ttl=300, force=True)
    assert forced != first
    assert world.broker().obtain(plan, min_ttl=300) == forced
    assert world.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_a_parent_session_needs_to_outlive_the_question_only(world: World) -> None:
    """A parent with little left still makes a whole hour; one with next to nothing is made anew."""
    role = world.role("admin")
    plan = world.plan(SessionToken("base", None, None, HOUR), assume(role))
    world.broker().obtain(plan, min_ttl=300)
    world.clock.ahead = HOUR - PARENT_TTL - 30
    world.broker().obtain(plan, min_ttl=300)
    world.clock.ahead = HOUR - PARENT_TTL + 30
    world.broker().obtain(plan, min_ttl=300, force=True)
    assert world.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole", "GetSessionToken", "AssumeRole"]


def test_an_explicit_duration_is_served_by_a_session_of_that_very_duration(world: World) -> None:
    role = world.role("admin", max_duration=4 * HOUR)
    for duration in (HOUR, 2 * HOUR, HOUR, 2 * HOUR):
        world.broker().obtain(world.plan(assume(role, duration)), min_ttl=300)
    asked = [int(record.parameters["DurationSeconds"]) for record in world.aws.requests]
    assert asked == [HOUR, 2 * HOUR]


def test_more_left_than_a_session_can_have_is_one_clear_refusal(world: World) -> None:
    role = world.role("admin")
    with pytest.raises(UsageError, match="a session of admin lasts 1h as it is set up, so 2h can never be left"):
        world.broker().obtain(world.plan(assume(role)), min_ttl=2 * HOUR)
    assert world.calls() == []


def test_a_profile_without_a_stored_key_is_told_how_to_store_one(world: World) -> None:
    world.store.delete("key", "base")
    with pytest.raises(ConfigError, match="no key is stored for base") as caught:
        world.broker().obtain(world.plan(SessionToken("base", None, None, HOUR)), min_ttl=300)
    assert "vault add base" in caught.value.todo


def test_a_kept_session_that_cannot_be_read_is_made_anew(world: World) -> None:
    plan = world.plan(SessionToken("base", None, None, HOUR))
    name = session_names(plan, world.key.access_key_id)[-1]
    for rubbish in (b"", b"\xff", b"[]", b"{}", b'{"expiration": 1}'):
        world.store.put("session", name, rubbish)
        world.broker().obtain(plan, min_ttl=300)
    assert world.calls() == ["GetSessionToken"] * 5


def test_a_kept_session_that_was_tampered_with_is_made_anew_and_said(world: World) -> None:
    plan = world.plan(SessionToken("base", None, None, HOUR))
    first = world.broker().obtain(plan, min_ttl=300)
    document = json.loads(world.store.path.read_text())
    (item,) = document["items"]["session"].values()
    item["expires"] += HOUR
    world.store.path.write_text(json.dumps(document))
    assert world.broker().obtain(plan, min_ttl=300) != first
    assert "damaged" in world.human.said[0]


def test_a_kept_parent_that_aws_no_longer_knows_is_made_anew_once(world: World) -> None:
    role = world.role("admin")
    plan = world.plan(SessionToken("base", None, None, 8 * HOUR), assume(role))
    world.broker().obtain(plan, min_ttl=300)
    world.aws.fail_next("AssumeRole", "ExpiredToken", status=403)
    world.broker().obtain(plan, min_ttl=300, force=True)
    assert world.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole!", "GetSessionToken", "AssumeRole"]


def test_a_session_just_made_that_aws_refuses_is_not_tried_for_ever(world: World) -> None:
    role = world.role("admin")
    plan = world.plan(SessionToken("base", None, None, 8 * HOUR), assume(role))
    world.broker().obtain(plan, min_ttl=300)
    world.aws.fail_next("AssumeRole", "InvalidClientTokenId", status=403, times=5)
    with pytest.raises(AwsRefused) as caught:
        world.broker().obtain(plan, min_ttl=300, force=True)
    assert caught.value.code == "InvalidClientTokenId"
    assert world.calls()[2:] == ["AssumeRole!", "GetSessionToken", "AssumeRole!"]


def test_a_parent_just_made_is_not_made_again_when_aws_refuses_it(world: World) -> None:
    role = world.role("admin")
    world.aws.fail_next("AssumeRole", "InvalidClientTokenId", status=403, times=5)
    with pytest.raises(AwsRefused):
        world.broker().obtain(world.plan(SessionToken("base", None, None, HOUR), assume(role)), min_ttl=300)
    assert world.calls() == ["GetSessionToken", "AssumeRole!"]


def test_a_rotated_key_makes_its_sessions_anew(world: World) -> None:
    plan = world.plan(SessionToken("base", None, None, HOUR))
    world.broker().obtain(plan, min_ttl=300)
    world.alice.delete_key(world.key.access_key_id)
    world.keep_key(world.alice.add_key())
    world.broker().obtain(plan, min_ttl=300)
    assert world.calls() == ["GetSessionToken", "GetSessionToken"]


def test_a_failure_keeps_nothing(world: World) -> None:
    role = world.role("admin", world.aws.add_user("bob").arn)
    with pytest.raises(AwsRefused):
        world.broker().obtain(world.plan(assume(role)), min_ttl=300)
    world.aws.close()
    with pytest.raises(NetworkError):
        world.broker().obtain(world.plan(SessionToken("base", None, None, HOUR)), min_ttl=300)
    assert world.store.names("session") == []


def test_a_session_of_another_clock_is_kept_by_ours(world: World) -> None:
    """AWS's clock runs ten minutes ahead: the end it gives comes ten minutes later on its clock than on ours."""
    world.aws.clock_offset = 600
    made = world.broker().obtain(world.plan(SessionToken("base", None, None, HOUR)), min_ttl=300)
    assert made.left(world.clock()) == pytest.approx(HOUR, abs=3)
    assert made.expiration
    assert made.left(made.expiration.timestamp()) == pytest.approx(-600, abs=3)
