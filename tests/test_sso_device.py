"""Signing in with a code: what the person sees, how often AWS is asked, and every way in which it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from shellint.errors import AwsRefused, NeedsHuman, NetworkError
from shellint.plan import Endpoint
from shellint.providers import SsoInstance
from shellint.sources import client
from shellint.sso import oidc as sso_oidc
from shellint.sso.login import sign_in
from shellint.sso.oidc import Oidc
from shellint.sso.values import Registration
from shellint.terminal import NoHuman
from tests.aws import Breakage, StrictAws
from tests.loopback import raw_server
from tests.sso_world import Naps, SsoWorld
from tests.sts_helpers import refusal
from tests.test_strange_answers import http


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SsoWorld]:
    monkeypatch.setattr(sso_oidc, "aws_client", partial(client.aws_client, read_timeout=2.0))
    with StrictAws() as aws:
        yield SsoWorld(aws, tmp_path)


def nothing() -> None:
    """What a person does who has not got to it yet."""


def polls(world: SsoWorld) -> list[str | None]:
    return [record.error for record in world.aws.requests if record.action == "CreateToken"]


def test_a_code_typed_anywhere_signs_in(world: SsoWorld) -> None:
    naps = Naps(world, [nothing, nothing, world.aws.sso.approve])
    token = world.sign_in(naps)
    assert token.refresh
    assert token.expires == pytest.approx(world.clock() + 3600, abs=5)
    assert polls(world) == ["AuthorizationPendingException"] * 2 + [None]
    assert naps.slept == [5, 5, 5]


def test_the_person_is_shown_the_page_and_the_code(world: SsoWorld) -> None:
    codes: list[str] = []
    world.sign_in(Naps(world, [lambda: codes.extend(world.aws.sso.waiting), world.aws.sso.approve]))
    page = f"{world.aws.endpoint_url}/device"
    assert world.human.said == [
        f"sign in to corp in a browser, on any device, at {page}",
        f"with the code {codes[0]}",
        f"(the code is filled in at {page}?user_code={codes[0]})",
    ]


def test_d8_slow_down_makes_the_interval_five_seconds_longer_and_goes_on(world: SsoWorld) -> None:
    world.aws.sso.slow_down(2)
    naps = Naps(world, [nothing, nothing, world.aws.sso.approve])
    assert world.sign_in(naps).access
    assert polls(world) == ["SlowDownException", "SlowDownException", None]
    assert naps.slept == [5, 10, 15]
    assert len(world.human.said) == 3, "the person has nothing to do about it"


def test_the_interval_that_aws_names_is_kept_to(world: SsoWorld) -> None:
    world.aws.sso.interval = 7
    naps = Naps(world, [nothing, world.aws.sso.approve])
    world.sign_in(naps)
    assert naps.slept == [7, 7]


def test_a_denied_sign_in_is_one_line(world: SsoWorld) -> None:
    error = refusal(lambda: world.sign_in(Naps(world, [world.aws.sso.deny])))
    assert isinstance(error, AwsRefused)
    assert error.what == "the sign-in to corp was denied in the browser"
    assert error.exit_code == 3


def test_a_code_that_aws_takes_no_longer_ends_the_wait(world: SsoWorld) -> None:
    error = refusal(lambda: world.sign_in(Naps(world, [nothing, world.aws.sso.expire_device_codes])))
    assert isinstance(error, NeedsHuman)
    assert error.what == "nobody has signed in to corp with the code while it lasted"
    assert error.todo == "`vault sso login corp` gives a new one"


def test_a_code_is_not_asked_about_longer_than_it_lasts(world: SsoWorld) -> None:
    world.aws.sso.device_seconds = 30
    naps = Naps(world)
    assert isinstance(refusal(lambda: world.sign_in(naps)), NeedsHuman)
    assert sum(naps.slept) == 30


@pytest.mark.parametrize("how", [*(how for how in Breakage if how is not Breakage.SLOW)])
def test_an_answer_that_does_not_arrive_does_not_throw_the_code_away(world: SsoWorld, how: Breakage) -> None:
    """The answer before the person has allowed it: what is lost then is only a `not yet`."""
    world.aws.break_next("CreateToken", how, times=2)
    assert world.sign_in(Naps(world, [nothing, nothing, world.aws.sso.approve])).access
    # Of a refusal cut in half the header still says which one it was.
    told = 0 if how in (Breakage.TRUNCATED, Breakage.MALFORMED) else 1
    assert sum("it is tried again" in line for line in world.human.said) == told


@pytest.mark.parametrize("how", [Breakage.RESET, Breakage.TRUNCATED, Breakage.MISSHAPEN])
def test_a_token_that_is_lost_on_the_way_is_one_clear_line(world: SsoWorld, how: Breakage) -> None:
    def allow() -> None:
        world.aws.sso.approve()
        world.aws.break_next("CreateToken", how)

    error = refusal(lambda: world.sign_in(Naps(world, [allow])))
    assert isinstance(error, AwsRefused)
    assert error.what.startswith("AWS refused (InvalidGrantException")


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException", "InternalServerException"])
def test_a_throttled_or_failing_aws_is_asked_again(world: SsoWorld, code: str) -> None:
    world.aws.fail_next("CreateToken", code)
    assert world.sign_in(Naps(world, [world.aws.sso.approve])).access


def test_a_refusal_that_is_none_of_these_is_shown(world: SsoWorld) -> None:
    world.aws.fail_next("CreateToken", "InvalidRequestException", status=400)
    assert isinstance(refusal(lambda: world.sign_in()), AwsRefused)


def test_nobody_there_is_not_asked(world: SsoWorld) -> None:
    error = refusal(lambda: sign_in(world.instance, world.endpoint, world.caller(NoHuman())))
    assert isinstance(error, NeedsHuman)
    assert "`vault sso login corp`" in error.todo
    assert world.calls() == []


def test_a_wrong_start_url_is_what_aws_says_about_it(world: SsoWorld) -> None:
    world.instance = SsoInstance("https://elsewhere.awsapps.com/start", "eu-west-1")
    error = refusal(lambda: world.sign_in())
    assert isinstance(error, AwsRefused)
    assert error.code == "InvalidRequestException"


GOOD = {
    "deviceCode": "d",
    "userCode": "ABCD-EFGH",
    "verificationUri": "https://device.sso.eu-west-1.amazonaws.com/",
    "interval": 1,
    "expiresIn": 600,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"verificationUri": "javascript:alert(1)"},
        {"verificationUri": "http://evil.example/"},
        {"verificationUri": "file:///etc/passwd"},
        {"verificationUriComplete": "https://a b/"},
        {"userCode": "\x1b[2J"},
        {"userCode": ""},
        {"deviceCode": 7},
        {"interval": -1},
        {"interval": 3601},
        {"expiresIn": 10**12},
    ],
)
def test_a_device_code_that_is_none_of_awss_is_seen_as_such(world: SsoWorld, change: dict[str, object]) -> None:
    with raw_server(http(json.dumps(GOOD | change), headers="Content-Type: application/json\r\n")) as url:
        oidc = Oidc(world.instance, Endpoint("eu-west-1", url), world.caller())
        registration = Registration("id", "secret", int(world.clock()) + 3600)
        if change:
            error = refusal(lambda: oidc.start_device(registration))
            assert isinstance(error, NetworkError)
            assert "is not AWS" in error.what
        else:
            assert oidc.start_device(registration).user_code == "ABCD-EFGH"
