"""`login_session`: what `aws login` of the AWS CLI keeps is used, renewed, and left as the CLI can read it."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import LoginCredentialFetcher
from botocore.utils import JSONFileCache, LoginTokenLoader

from shellint.errors import ConfigError, NeedsHuman
from shellint.plan import Endpoint
from shellint.sources import client as client_module
from shellint.sources import sign_in
from tests.aws import StrictAws
from tests.console import SESSION, Console, LoginDesk
from tests.planning import plan_of
from tests.world import HOUR, World, assume

MINUTE = 60


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoginDesk]:
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)
    with StrictAws() as aws:
        world = World(aws, tmp_path / "data")
        with Console(aws, world.role("person")) as console:
            yield LoginDesk(world, console, tmp_path / "home")


def test_a_session_that_is_still_good_is_used_as_it_is(desk: LoginDesk) -> None:
    kept = desk.console.signed_in(10 * MINUTE)
    path = desk.keep(kept)
    before = path.read_bytes()
    made = desk.obtain()
    assert made.access_key_id == kept["accessToken"]["accessKeyId"]
    assert made.left(desk.world.clock()) == pytest.approx(10 * MINUTE, abs=5)
    assert (desk.console.answered, path.read_bytes()) == ([], before)
    assert desk.world.store.names("session") == [], "it is kept where the CLI keeps it"


@pytest.mark.parametrize("seconds", [-HOUR, -1, 4 * MINUTE])
def test_one_that_is_at_its_end_is_renewed_with_a_proof_and_without_a_person(desk: LoginDesk, seconds: float) -> None:
    old = desk.console.signed_in(seconds, signInRegion="eu-north-1")
    path = desk.keep(old)
    made = desk.obtain()
    assert made.left(desk.world.clock()) == pytest.approx(15 * MINUTE, abs=5)
    assert desk.console.answered == [200]
    new = json.loads(path.read_text())
    assert new["refreshToken"] != old["refreshToken"]
    assert new["accessToken"]["accountId"] == desk.world.aws.account
    assert {name for name in old if old[name] != new[name]} == {"accessToken", "refreshToken"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_is_written_is_what_botocore_reads(desk: LoginDesk) -> None:
    desk.keep(desk.console.signed_in(-1))
    made = desk.obtain()
    loader = LoginTokenLoader(JSONFileCache(str(desk.directory)))
    read = LoginCredentialFetcher(SESSION, loader, None).load_cached_credentials()
    assert (read["access_key"], read["secret_key"]) == (made.access_key_id, made.secret_access_key)
    assert read["expiry_time"] == made.expiration_text


def test_it_is_renewed_again_and_again(desk: LoginDesk) -> None:
    path = desk.keep(desk.console.signed_in(-1))
    for _ in range(3):
        desk.obtain()
        kept = json.loads(path.read_text())
        kept["accessToken"]["expiresAt"] = "2020-01-01T00:00:00Z"
        desk.keep(kept)
    assert desk.console.answered == [200, 200, 200]


def test_a_refresh_token_is_used_once_however_many_ask_at_the_same_time(desk: LoginDesk) -> None:
    desk.keep(desk.console.signed_in(-1))
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(desk.obtain().access_key_id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.console.answered == [200]
    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_role_on_top_is_assumed_with_the_session(desk: LoginDesk) -> None:
    desk.keep(desk.console.signed_in())
    top = desk.world.role("top", trusted="arn:aws:iam::123456789012:role/person")
    desk.obtain(desk.plan(assume(top)))
    assert desk.world.calls() == ["AssumeRole"]


def test_the_directory_is_the_one_that_the_variable_names(desk: LoginDesk, tmp_path: Path) -> None:
    desk.console.keep(tmp_path / "else", SESSION, desk.console.signed_in())
    desk.console.keep(desk.home / "mine", SESSION, desk.console.signed_in())
    other = desk.obtain(env={"AWS_LOGIN_CACHE_DIRECTORY": str(tmp_path / "else")})
    assert desk.obtain(env={"AWS_LOGIN_CACHE_DIRECTORY": "~/mine"}) != other
    assert isinstance(desk.failed(), NeedsHuman)


LOGIN = f"[profile prod]\nlogin_session = {SESSION}\n"


def test_the_plan_says_where_a_sign_in_is_renewed() -> None:
    assert plan_of(f"{LOGIN}region = eu-west-1\n", keys=()).sign_in == Endpoint("eu-west-1")
    assert plan_of(LOGIN, keys=()).sign_in == Endpoint("us-east-1")
    url = "http://127.0.0.1:1"
    plan = plan_of(LOGIN, env={"AWS_ENDPOINT_URL_SIGNIN": url}, keys=())
    assert plan.sign_in == Endpoint("us-east-1", url)
    assert plan.notes == (f"the sign-in of the console is asked at {url} (AWS_ENDPOINT_URL_SIGNIN)",)
    with pytest.raises(ConfigError, match="would be sent a sign-in unencrypted"):
        plan_of(LOGIN, env={"AWS_ENDPOINT_URL_SIGNIN": "http://elsewhere.example"}, keys=())


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("eu-north-1", "eu-north-1"),
        ("x.evil.example/", "eu-west-1"),
        ("", "eu-west-1"),
        (7, "eu-west-1"),
        (None, "eu-west-1"),
    ],
)
def test_the_region_of_the_sign_in_counts_and_is_no_way_to_another_host(
    desk: LoginDesk, region: object, asked: str
) -> None:
    assert sign_in._endpoint(desk.plan(), region).region == asked
