"""`credential_source = Ec2InstanceMetadata`: the role of the instance, by IMDSv2."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.broker import Broker
from shellint.errors import ConfigError, NetworkError
from shellint.providers import Machine
from tests.aws import Breakage, Role, StrictAws
from tests.aws.metadata import InstanceMetadata
from tests.loopback import closed_port
from tests.roots import caller, failed, obtain, plan_from, provided
from tests.world import HOUR, World, assume

INSTANCE = Machine("Ec2InstanceMetadata")
IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
ROLE_PATH = "/latest/meta-data/iam/security-credentials/machine"
BROKEN = [how for how in Breakage if how is not Breakage.SLOW]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


@pytest.fixture
def role(world: World) -> Role:
    return world.role("machine")


@pytest.fixture
def imds(world: World, role: Role) -> Iterator[InstanceMetadata]:
    with InstanceMetadata(world.aws, role) as server:
        yield server


def test_the_instance_gives_its_role_by_imdsv2_with_the_end_that_aws_gave(world: World, imds: InstanceMetadata) -> None:
    world.aws.session_seconds = 600
    made = obtain(world, INSTANCE, {IMDS: imds.endpoint_url})
    assert [(asked.method, asked.with_token) for asked in imds.requests] == [
        ("PUT", False),
        ("GET", True),
        ("GET", True),
    ]
    assert made.left(world.clock()) == pytest.approx(600, abs=5), "botocore by itself would make it longer"
    assert world.store.names("session") == []
    assert world.broker().obtain(world.plan(assume(world.role("plain"))), min_ttl=300)


def test_a_role_on_top_is_assumed_with_the_instances(world: World, imds: InstanceMetadata, role: Role) -> None:
    top = world.role("top", trusted=role.arn)
    plan = plan_from(world, provided(INSTANCE), assume(top))
    Broker(caller(world, {IMDS: imds.endpoint_url})).obtain(plan, min_ttl=300)
    assert world.calls() == ["AssumeRole"]
    assert len(world.store.names("session")) == 1


def test_the_metadata_is_asked_without_a_proxy(
    world: World, imds: InstanceMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{closed_port()}")
    assert obtain(world, INSTANCE, {IMDS: imds.endpoint_url, "HTTP_PROXY": "http://127.0.0.1:1"})


def test_imdsv1_serves_where_there_is_no_other_unless_it_is_ruled_out(world: World, imds: InstanceMetadata) -> None:
    imds.v1 = True
    imds.fail_next("/latest/api/token", 404, times=2)
    env = {IMDS: imds.endpoint_url}
    assert obtain(world, INSTANCE, env)
    assert isinstance(failed(world, INSTANCE, env | {"AWS_EC2_METADATA_V1_DISABLED": "true"}), NetworkError)


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("path", ["*", ROLE_PATH])
def test_metadata_that_is_broken_is_one_line(world: World, imds: InstanceMetadata, how: Breakage, path: str) -> None:
    imds.break_next(path, how, times=9)
    error = failed(world, INSTANCE, {IMDS: imds.endpoint_url, "AWS_METADATA_SERVICE_TIMEOUT": "0.3"})
    assert isinstance(error, NetworkError)
    assert error.what.startswith(f"the instance metadata at {imds.endpoint_url}")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_metadata_that_refuses_is_one_line(world: World, imds: InstanceMetadata, status: int) -> None:
    imds.fail_next("*", status, times=9)
    assert "gave tool no credentials" in failed(world, INSTANCE, {IMDS: imds.endpoint_url}).what


def test_an_instance_without_a_role_or_without_metadata_is_one_line(world: World, imds: InstanceMetadata) -> None:
    imds.role = None
    assert "the instance has no role" in failed(world, INSTANCE, {IMDS: imds.endpoint_url}).what
    imds.enabled = False
    assert isinstance(failed(world, INSTANCE, {IMDS: imds.endpoint_url}), NetworkError)


def test_metadata_that_has_ended_is_not_handed_out(world: World, imds: InstanceMetadata) -> None:
    world.clock.ahead = 24 * HOUR
    assert "has ended already" in failed(world, INSTANCE, {IMDS: imds.endpoint_url}).what


def test_where_no_metadata_is_nobody_waits_long(world: World) -> None:
    """A closed port, and a host that takes the connection and says nothing."""
    before = time.monotonic()
    error = failed(world, INSTANCE, {IMDS: f"http://127.0.0.1:{closed_port()}"})
    assert "nobody answers there" in error.what
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failed(world, INSTANCE, {IMDS: f"http://127.0.0.1:{silent.getsockname()[1]}"})
    assert time.monotonic() - before < 10


@pytest.mark.parametrize(
    ("env", "what"),
    [
        ({"AWS_EC2_METADATA_DISABLED": "TRUE"}, "which AWS_EC2_METADATA_DISABLED rules out"),
        ({IMDS: "not a url"}, f"{IMDS} is no URL"),
        ({"AWS_METADATA_SERVICE_TIMEOUT": "soon"}, "AWS_METADATA_SERVICE_TIMEOUT is no number"),
        ({"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "nan"}, "AWS_METADATA_SERVICE_NUM_ATTEMPTS is no number"),
        ({"AWS_METADATA_SERVICE_TIMEOUT": "0"}, "AWS_METADATA_SERVICE_TIMEOUT is no number"),
    ],
)
def test_a_variable_of_the_metadata_that_is_wrong_is_named(world: World, env: dict[str, str], what: str) -> None:
    error = failed(world, INSTANCE, env)
    assert isinstance(error, ConfigError)
    assert what in error.what
