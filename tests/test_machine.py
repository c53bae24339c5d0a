"""`credential_source = Environment`: what the variables held before any `vault use`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.actions.use import use
from shellint.broker import Broker
from shellint.errors import ConfigError
from shellint.lease import Wish
from shellint.plan import SessionToken
from shellint.providers import Machine
from shellint.request import Request
from shellint.steps import Provided
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.desk import Desk
from tests.roots import SECRET, caller, failed, obtain, plan_from
from tests.world import HOUR, World

ENVIRONMENT = Machine("Environment")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


def test_the_environment_gives_its_session_which_has_no_end_that_anybody_knows(world: World) -> None:
    env = {
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE000000000",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": SECRET + "==",
    }
    made = obtain(world, ENVIRONMENT, env)
    assert (made.access_key_id, made.secret_access_key, made.session_token) == tuple(env.values())
    assert made.expires is None
    assert world.calls() == []
    assert world.store.names("session") == []


def test_a_key_in_the_environment_is_a_long_term_key_which_is_exchanged(world: World) -> None:
    """Whether the plan knew it beforehand or not."""
    env = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), world.key, strict=True))
    root = Provided("tool", ENVIRONMENT, None)
    plan = plan_from(world, root, SessionToken("tool", None, None, HOUR))
    made = Broker(caller(world, env)).obtain(plan, min_ttl=300)
    assert made.access_key_id.startswith("ASIA")
    assert world.calls() == ["GetSessionToken"]
    assert obtain(world, ENVIRONMENT, env) == made
    assert world.calls() == ["GetSessionToken"]


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({}, "no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000"}, "no AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": SECRET}, "no AWS_ACCESS_KEY_ID"),
    ],
)
def test_an_environment_without_a_key_is_told_by_the_names_of_its_variables(
    world: World, env: dict[str, str], missing: str
) -> None:
    error = failed(world, ENVIRONMENT, env)
    assert isinstance(error, ConfigError)
    assert f"the environment, which has {missing} of its own" in error.what


@pytest.mark.parametrize("value", ["two words", "x\n", "é" * 20, "x" * 2000])
def test_a_malformed_value_in_the_environment_is_not_shown(world: World, value: str) -> None:
    error = failed(world, ENVIRONMENT, {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000", "AWS_SECRET_ACCESS_KEY": value})
    assert error.what == "the environment has no usable credentials for tool: it gave a malformed SecretAccessKey"


def test_inside_of_a_loaded_shell_it_is_still_what_was_there_before(home: Path) -> None:
    """The session that `use` put there is no source for the next one; what it replaced is, out of the store."""
    with StrictAws() as aws:
        desk = Desk(aws, home)
        own = aws.add_user("bob").add_key()
        desk.role("admin")
        desk.profile("mine", credential_source="Environment", role_arn=aws.add_role("mine", trusted=["*"]).arn)
        env = desk.env | {
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": own.access_key_id,
            "AWS_SECRET_ACCESS_KEY": own.secret_access_key,
        }
        request = Request(env, NoHuman(), time.time, shell="bash", shell_pid=1)
        for profile in ("admin", "mine", "mine"):
            change = use(request, Wish(profile)).change
            assert change is not None
            request = Request(change.applied_to(request.env), NoHuman(), time.time, shell="bash", shell_pid=1)
        assert own.secret_access_key not in str(request.env)
        signers = [(record.action, record.access_key_id) for record in aws.requests]
        assert signers == [("AssumeRole", desk.key.access_key_id), ("AssumeRole", own.access_key_id)]
