"""One MFA code per device within its session: asked once, checked, asked again when wrong, shared by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.errors import AwsRefused, Interrupted, NeedsHuman, UsageError
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.planning import plan_of
from tests.world import HOUR, World, assume

SHELLS = 10


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


def test_one_code_serves_five_roles_and_the_keys_own_profile(world: World) -> None:
    """`use` of five roles and then of the key's own profile, each by a command of its own."""
    world.human.answers = [world.mfa.fresh_code()]
    for number in range(5):
        role = world.role(f"role-{number}", require_mfa=True)
        world.broker().obtain(world.plan(world.device(), assume(role)), min_ttl=300)
    world.broker().obtain(world.plan(world.device(HOUR)), min_ttl=300)
    assert world.human.asked == [f"MFA code for {world.mfa.serial}"]
    assert world.calls() == ["GetSessionToken"] + ["AssumeRole"] * 5


def test_the_device_session_ends_and_only_then_a_code_is_asked_for_again(world: World) -> None:
    role = world.role("admin", require_mfa=True)
    plan = world.plan(world.device(), assume(role))
    world.human.answers = [world.mfa.fresh_code(), world.mfa.fresh_code()]
    for hours in (0, 2, 4, 6, 7.9, 9):
        world.clock.ahead = hours * HOUR
        world.broker().obtain(plan, min_ttl=300)
    assert len(world.human.asked) == 2


def test_a_session_made_for_an_explicit_duration_serves_the_roles_of_its_device_too(world: World) -> None:
    role = world.role("admin", require_mfa=True)
    world.human.answers = [world.mfa.fresh_code()]
    world.broker().obtain(world.plan(world.device(12 * HOUR, explicit=True)), min_ttl=300)
    world.broker().obtain(world.plan(world.device(), assume(role)), min_ttl=300)
    world.broker().obtain(world.plan(world.device(12 * HOUR, explicit=True)), min_ttl=300)
    assert len(world.human.asked) == 1


def test_a_short_explicit_session_does_not_take_the_place_of_a_longer_one(world: World) -> None:
    world.human.answers = [world.mfa.fresh_code(), world.mfa.fresh_code()]
    day = world.broker().obtain(world.plan(world.device()), min_ttl=300)
    brief = world.broker().obtain(world.plan(world.device(900, explicit=True)), min_ttl=300)
    assert brief.left(0) < day.left(0)
    assert world.broker().obtain(world.plan(world.device()), min_ttl=300) == day


def test_a_length_set_in_the_environment_is_never_answered_with_a_longer_session(world: World) -> None:
    """The device's session of eight hours is there; fifteen minutes were asked for."""
    env = {"AWS_SESSION_TOKEN_TTL": "15m", "AWS_ENDPOINT_URL_STS": world.aws.endpoint_url}
    config = f"[profile base]\nregion = eu-west-1\nmfa_serial = {world.mfa.serial}\n"
    world.human.answers = [world.mfa.fresh_code(), world.mfa.fresh_code()]
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    brief = world.broker().obtain(plan_of(config, "base", env=env), min_ttl=300)
    assert brief.left(world.clock()) <= 900


def test_what_is_no_code_is_asked_again_without_asking_aws(world: World) -> None:
    code = world.mfa.fresh_code()
    world.human.answers = ["12345", "abcdef", f" {code[:3]} {code[3:]} "]
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == ["GetSessionToken"]
    assert world.human.said == ["that is not an MFA code: it has six digits; type what the device shows now"] * 2


@pytest.mark.parametrize("answer", ["", "1234567", "12345a", "١٢٣٤٥٦", "-12345", "secret words"])
def test_three_answers_that_are_no_code_end_it(world: World, answer: str) -> None:
    world.human.answers = [answer] * 3
    with pytest.raises(UsageError, match="it has six digits"):
        world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == []
    assert not any(answer in line for line in world.human.said if answer)


def test_a_wrong_code_is_asked_again_and_the_refusal_said(world: World) -> None:
    world.human.answers = [_wrong(world), world.mfa.fresh_code()]
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == ["GetSessionToken!", "GetSessionToken"]
    (said,) = world.human.said
    assert said.startswith(f"AWS did not accept the MFA code for {world.mfa.serial}: it is wrong, or was used once")
    assert said.endswith("wait for the next code")


def test_the_third_wrong_code_ends_it(world: World) -> None:
    wrong = [_wrong(world, number) for number in range(3)]
    world.human.answers = [*wrong]
    with pytest.raises(AwsRefused, match="AWS did not accept the MFA code") as caught:
        world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert caught.value.exit_code == 3
    assert world.calls() == ["GetSessionToken!"] * 3
    assert world.store.names("session") == []


def test_a_code_that_was_refused_is_not_sent_twice(world: World) -> None:
    wrong = _wrong(world)
    world.human.answers = [wrong, wrong, world.mfa.fresh_code()]
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == ["GetSessionToken!", "GetSessionToken"]
    assert world.human.said[1] == "AWS takes a code only once; wait for the next code"


def test_a_code_that_another_program_used_is_asked_again(world: World) -> None:
    used = world.mfa.fresh_code()
    assert world.mfa.accept(used)
    world.human.answers = [used, world.mfa.fresh_code()]
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == ["GetSessionToken!", "GetSessionToken"]


def test_a_role_for_longer_than_an_hour_asks_straight_from_the_key(world: World) -> None:
    role = world.role("admin", require_mfa=True, max_duration=4 * HOUR)
    world.human.answers = [world.mfa.fresh_code()]
    plan = world.plan(assume(role, 4 * HOUR, mfa_serial=world.mfa.serial))
    made = world.broker().obtain(plan, min_ttl=300)
    assert world.broker().obtain(plan, min_ttl=300) == made
    (record,) = world.aws.requests
    assert (record.action, record.mfa_code, record.parameters["SerialNumber"]) == ("AssumeRole", True, world.mfa.serial)


def test_a_device_that_is_not_the_users_is_no_reason_to_ask_for_another_code(world: World) -> None:
    world.human.answers = ["123456"]
    step = world.device()
    plan = world.plan(type(step)("base", "arn:aws:iam::123456789012:mfa/bob", None, HOUR))
    with pytest.raises(
        AwsRefused, match="the MFA device arn:aws:iam::123456789012:mfa/bob is not one of the user of base"
    ):
        world.broker().obtain(plan, min_ttl=300)


def test_mfa_token_stands_in_for_the_person(world: World) -> None:
    world.broker(NoHuman()).obtain(world.plan(world.device()), min_ttl=300, mfa_token=world.mfa.fresh_code())
    assert world.calls() == ["GetSessionToken"]


def test_mfa_token_is_tried_once_only(world: World) -> None:
    with pytest.raises(AwsRefused, match="did not accept the MFA code"):
        world.broker().obtain(world.plan(world.device()), min_ttl=300, mfa_token=_wrong(world))
    with pytest.raises(UsageError, match="--mfa-token is not an MFA code"):
        world.broker().obtain(world.plan(world.device()), min_ttl=300, mfa_token="123 45")
    assert world.human.asked == []


def test_an_mfa_token_that_is_no_code_is_wrong_usage_even_where_none_is_needed(world: World) -> None:
    with pytest.raises(UsageError, match="--mfa-token is not an MFA code"):
        world.broker().obtain(world.plan(assume(world.role("reader"))), min_ttl=300, mfa_token="12")
    assert world.calls() == []


def test_mfa_token_is_one_code_and_a_second_one_is_asked_for(world: World) -> None:
    role = world.role("admin", require_mfa=True)
    world.human.answers = [world.mfa.fresh_code()]
    plan = world.plan(world.device(), assume(role, mfa_serial=world.mfa.serial))
    world.broker().obtain(plan, min_ttl=300, mfa_token=world.mfa.fresh_code())
    assert len(world.human.asked) == 1
    assert world.calls() == ["GetSessionToken", "AssumeRole"]


def test_with_nobody_there_the_question_is_named(world: World) -> None:
    with pytest.raises(NeedsHuman, match=f"MFA code for {world.mfa.serial}") as caught:
        world.broker(NoHuman()).obtain(world.plan(world.device()), min_ttl=300)
    assert caught.value.exit_code == 4


def test_with_nobody_there_a_kept_device_session_is_enough(world: World) -> None:
    role = world.role("admin", require_mfa=True)
    world.human.answers = [world.mfa.fresh_code()]
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    world.broker(NoHuman()).obtain(world.plan(world.device(), assume(role)), min_ttl=300)
    assert world.calls() == ["GetSessionToken", "AssumeRole"]


def test_ctrl_c_at_the_question_leaves_everything_as_it_was_and_the_next_command_may_ask(world: World) -> None:
    def interrupt() -> str:
        raise Interrupted("interrupted")

    world.human.answers = [interrupt, world.mfa.fresh_code]
    with pytest.raises(Interrupted):
        world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.store.names("session") == []
    world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == ["GetSessionToken"]


def _wrong(world: World, number: int = 0) -> str:
    """Return a code that no step within reach shows."""
    right = {world.mfa.code(world.aws.now() + 30 * step) for step in range(-3, 4)}
    return [code for code in map("{:06d}".format, range(20)) if code not in right][number]
