"""`credential_source = EcsContainer`: the endpoint of ECS, of EKS Pod Identity, or of a server like them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.actions.use import refresh, use
from shellint.errors import ConfigError, NetworkError
from shellint.lease import Wish
from shellint.providers import Machine
from shellint.request import Request
from shellint.sources import container as container_module
from shellint.terminal import NoHuman
from tests.aws import Breakage, Role, StrictAws
from tests.aws.metadata import ContainerCredentials
from tests.desk import Desk
from tests.loopback import closed_port, raw_server
from tests.roots import SECRET, failed, instant, obtain
from tests.world import HOUR, World

CONTAINER = Machine("EcsContainer")
FULL, RELATIVE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
BROKEN = [how for how in Breakage if how is not Breakage.SLOW]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(container_module, "PAUSE", 0.0)
    monkeypatch.setattr(container_module, "TIMEOUT", 0.5)
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


@pytest.fixture
def role(world: World) -> Role:
    return world.role("machine")


@pytest.fixture
def ecs(world: World, role: Role) -> Iterator[ContainerCredentials]:
    with ContainerCredentials(world.aws, role) as server:
        yield server


def test_the_container_gives_its_role_to_whoever_has_the_token(
    world: World, ecs: ContainerCredentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    file = tmp_path / "token"
    file.write_text(f"{ecs.token}\n")
    made = obtain(world, CONTAINER, {FULL: ecs.full_uri, TOKEN: str(ecs.token)})
    assert made.access_key_id.startswith("ASIA")
    assert obtain(world, CONTAINER, {FULL: ecs.full_uri, TOKEN_FILE: str(file), TOKEN: "other"}) == made
    assert world.store.names("session") == []


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_container_that_refuses_is_told_with_its_status(
    world: World, ecs: ContainerCredentials, token: str | None
) -> None:
    error = failed(world, CONTAINER, {FULL: ecs.full_uri} | ({TOKEN: token} if token else {}))
    assert isinstance(error, NetworkError)
    assert error.what == f"the container's endpoint ({FULL}) gave tool no credentials: it answered HTTP 401"


@pytest.mark.parametrize("how", BROKEN)
def test_a_container_that_is_broken_is_one_line(world: World, ecs: ContainerCredentials, how: Breakage) -> None:
    ecs.break_next("*", how, times=9)
    error = failed(world, CONTAINER, {FULL: ecs.full_uri, TOKEN: str(ecs.token)})
    assert error.what.startswith(f"the container's endpoint ({FULL})")


def test_a_container_that_nobody_serves_or_that_fails_is_one_line(world: World, ecs: ContainerCredentials) -> None:
    gone = f"http://127.0.0.1:{closed_port()}/x"
    assert "it does not answer" in failed(world, CONTAINER, {FULL: gone}).what
    for status in (403, 404, 429, 500, 503):
        ecs.fail_next("*", status, SECRET, times=3)
        assert f"HTTP {status}" in failed(world, CONTAINER, {FULL: ecs.full_uri, TOKEN: str(ecs.token)}).what


def test_a_key_without_a_token_from_a_container_is_exchanged_as_well(world: World) -> None:
    """As servers give it that stand in for the real one."""
    key = {"AccessKeyId": world.key.access_key_id, "SecretAccessKey": world.key.secret_access_key}
    body = json.dumps(key | {"Expiration": instant(HOUR)}).encode()
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) as url:
        made = obtain(world, CONTAINER, {FULL: url})
    assert made.access_key_id.startswith("ASIA")
    assert world.calls() == ["GetSessionToken"]


@pytest.mark.parametrize(
    ("env", "what"),
    [
        ({}, f"sets neither {RELATIVE} nor {FULL}"),
        ({FULL: "http://example.com/x"}, f"{FULL} is no URL that AWS allows there"),
        ({FULL: "http://10.0.0.1/x"}, f"{FULL} is no URL that AWS allows there"),
        ({RELATIVE: "@evil.example/x"}, f"{RELATIVE} is no URL that AWS allows there"),
        ({FULL: "http://[::1"}, f"{FULL} is no URL that AWS allows there"),
        ({FULL: "http://127.0.0.1:1", TOKEN: "a\r\nHost: evil"}, f"{TOKEN} is no header of one line"),
        ({FULL: "http://127.0.0.1:1", TOKEN_FILE: "/nowhere"}, f"{TOKEN_FILE} cannot be read: /nowhere: No such file"),
    ],
)
def test_a_variable_of_the_container_that_is_wrong_is_named(world: World, env: dict[str, str], what: str) -> None:
    error = failed(world, CONTAINER, env)
    assert isinstance(error, ConfigError)
    assert what in error.what


@pytest.mark.parametrize("kind", ["pipe", "endless", "directory"])
def test_a_token_file_that_is_none_is_one_line_at_once(world: World, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "token"
    {"pipe": os.mkfifo, "endless": lambda path: path.symlink_to("/dev/zero"), "directory": os.mkdir}[kind](file)
    error = failed(world, CONTAINER, {FULL: "http://127.0.0.1:1", TOKEN_FILE: str(file)})
    why = "Is a directory" if kind == "directory" else "it is no ordinary file"
    assert error.what == f"{TOKEN_FILE} cannot be read: {file}: {why}"


def test_no_more_of_a_token_file_is_read_than_a_token_has(world: World, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with file.open("wb") as vast:
        vast.truncate(1 << 40)
    error = failed(world, CONTAINER, {FULL: "http://127.0.0.1:1", TOKEN_FILE: str(file)})
    assert error.what == f"{TOKEN_FILE} is no header of one line"


def test_a_refresh_asks_the_container_that_use_asked(world: World, ecs: ContainerCredentials, home: Path) -> None:
    """Whatever the person has exported since."""
    desk = Desk(world.aws, home)
    desk.profile("tool", credential_source="EcsContainer", role_arn=world.aws.add_role("top", trusted=["*"]).arn)
    env = desk.env | {"HOME": str(home), FULL: ecs.full_uri, TOKEN: str(ecs.token)}
    change = use(Request(env, NoHuman(), time.time, shell="bash", shell_pid=1), Wish("tool")).change
    assert change is not None
    loaded = change.applied_to(env)
    assert str(ecs.token) not in loaded["SHELLINT_REQUEST"] + loaded["SHELLINT_SAVED"]
    loaded[FULL] = f"http://127.0.0.1:{closed_port()}/other"
    request = Request(loaded, NoHuman(), time.time, shell="bash", shell_pid=1)
    assert refresh(request, force=True).change is not None
    assert len(ecs.requests) == 2
