"""The token of a sign-in: used until it ends, refreshed before that, and what happens when it cannot be."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from shellint.errors import AwsRefused, NeedsHuman, NetworkError, ShellintError
from shellint.plan import Endpoint
from shellint.providers import SsoInstance
from shellint.sources import client
from shellint.sso import oidc as sso_oidc
from shellint.sso import token as sso_token
from shellint.sso.login import sign_in
from shellint.sso.token import forget_token, sign_in_anew, with_access
from shellint.terminal import NoHuman
from tests.aws import Breakage, StrictAws
from tests.sso_world import Naps, SsoWorld
from tests.sts_helpers import refusal


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SsoWorld]:
    monkeypatch.setattr(sso_oidc, "aws_client", partial(client.aws_client, read_timeout=2.0))
    with StrictAws() as aws:
        world = SsoWorld(aws, tmp_path)
        # Nobody waits in these tests: a sign-in is with a code that is allowed after the first nap.
        naps = Naps(world, [aws.sso.approve] * 100)
        monkeypatch.setattr(sso_token, "sign_in", partial(sign_in, sleep=naps))
        yield world


def test_the_first_who_asks_signs_in_and_the_next_use_what_it_got(world: SsoWorld) -> None:
    first = world.token()
    calls = world.calls()
    assert world.token() == first
    assert world.calls() == calls == ["RegisterClient", "StartDeviceAuthorization", "CreateToken"]


def test_a_token_is_used_until_five_minutes_before_its_end_and_then_refreshed(world: SsoWorld) -> None:
    first = world.token()
    world.pass_time(3600 - 310)
    assert world.token() == first
    world.pass_time(15)
    second = world.token(NoHuman())
    assert second != first
    assert world.calls()[-2:] == ["CreateToken", "CreateToken"]
    assert world.token() == second


def test_w11_a_sign_in_lasts_its_eight_hours_without_a_person(world: SsoWorld) -> None:
    """Each hour with the refresh token of the hour before, which AWS takes once."""
    tokens = {world.token()}
    for _ in range(7):
        world.pass_time(3500)
        tokens.add(world.token(NoHuman()))
    assert len(tokens) == 8
    assert world.calls().count("RegisterClient") == 1
    assert not [record.error for record in world.aws.requests if record.error]


def test_a_prompt_may_refresh_but_not_sign_in(world: SsoWorld) -> None:
    assert isinstance(refusal(lambda: world.token(programs=False)), NeedsHuman)
    world.token()
    world.pass_time(3500)
    assert world.token(programs=False)


@pytest.mark.parametrize("how", ["nobody", "prompt", "not asked for"])
def test_an_ended_sign_in_says_how_to_sign_in_again(world: SsoWorld, how: str) -> None:
    world.token()
    world.pass_time(9 * 3600)
    error = refusal(
        lambda: world.token(
            NoHuman() if how == "nobody" else None, programs=how != "prompt", interactive=how != "not asked for"
        )
    )
    assert (error.what, error.exit_code) == ("the sign-in to corp has ended", 4)
    assert error.todo == "`vault sso login corp` signs in again"


def test_an_ended_sign_in_is_followed_by_another_where_somebody_is_there(world: SsoWorld) -> None:
    first = world.token()
    world.pass_time(9 * 3600)
    assert world.token() != first
    assert [record.error for record in world.aws.requests if record.error] == ["InvalidGrantException"]


def test_a_revoked_sign_in_is_forgotten(world: SsoWorld) -> None:
    world.token()
    world.aws.sso.revoke()
    world.pass_time(3601)
    assert isinstance(refusal(lambda: world.token(NoHuman())), NeedsHuman)
    assert world.caller().store.names("sso") == []


@pytest.mark.parametrize("how", [how for how in Breakage if how is not Breakage.SLOW])
def test_a_refresh_that_fails_on_the_way_leaves_the_token_to_its_end(world: SsoWorld, how: Breakage) -> None:
    first = world.token()
    world.pass_time(3500)
    world.aws.break_next("CreateToken", how)
    assert world.token(NoHuman()) == first


@pytest.mark.parametrize(
    ("how", "kind"),
    [(how, NetworkError) for how in Breakage if how is not Breakage.SLOW]
    + [("TooManyRequestsException", AwsRefused), ("InternalServerException", AwsRefused)],
)
def test_a_refresh_that_fails_with_nothing_left_is_one_line(
    world: SsoWorld, how: Breakage | str, kind: type[ShellintError]
) -> None:
    world.token()
    world.pass_time(3601)
    kept = world.caller().store.names("sso")
    if isinstance(how, Breakage):
        world.aws.break_next("CreateToken", how)
    else:
        world.aws.fail_next("CreateToken", how)
    assert isinstance(refusal(world.token), kind)
    assert world.caller().store.names("sso") == kept, "it may still be good: the next who asks tries it again"
    assert world.calls().count("RegisterClient") == 1, "a trouble of the network is no reason to sign in"


def test_a_refresh_token_is_sent_once_whatever_becomes_of_the_answer(world: SsoWorld) -> None:
    """A second time would end the sign-in: AWS takes it for stolen."""
    world.token()
    world.pass_time(3601)
    world.aws.break_next("CreateToken", Breakage.RESET)
    refusal(world.token)
    assert world.calls().count("CreateToken") == 2


def test_a_token_the_portal_refuses_is_replaced_once(world: SsoWorld) -> None:
    given: list[str] = []

    def call(token: str) -> str:
        given.append(token)
        if len(given) == 1:
            raise AwsRefused("no", code="UnauthorizedException")
        return "done"

    world.token()
    assert with_access(world.place, world.caller(NoHuman()), call) == "done"
    assert len(set(given)) == 2
    assert world.token() == given[1], "it was refreshed and kept"


@pytest.mark.parametrize(("code", "times"), [("UnauthorizedException", 2), ("ForbiddenException", 1)])
def test_what_the_portal_refuses_twice_or_for_another_reason_is_an_error(
    world: SsoWorld, code: str, times: int
) -> None:
    given: list[str] = []

    def call(token: str) -> None:
        given.append(token)
        raise AwsRefused("no", code=code)

    with pytest.raises(AwsRefused):
        with_access(world.place, world.caller(), call)
    assert len(given) == times


def test_a_login_that_is_asked_for_replaces_a_token_that_is_still_good(world: SsoWorld) -> None:
    first = world.token()
    made = sign_in_anew(world.place, world.caller(), browser=False)
    assert made.access != first
    assert world.token() == made.access
    assert len(world.caller().store.names("sso")) == 1


def test_a_forgotten_token_is_gone_for_every_endpoint(world: SsoWorld) -> None:
    assert not forget_token(world.instance, world.caller())
    world.token()
    assert forget_token(world.instance, world.caller())
    assert world.caller().store.names("sso") == []
    assert isinstance(refusal(lambda: world.token(NoHuman())), NeedsHuman)


@pytest.mark.parametrize(
    "change",
    [
        {"session": "other"},
        {"region": "us-east-1"},
        {"scopes": ("sso:account:access", "aws")},
        {"start_url": "https://d-0000000000.awsapps.com/start"},
    ],
)
def test_a_token_is_only_for_what_it_was_asked_for(world: SsoWorld, change: dict[str, str]) -> None:
    world.token()
    fields = {name: getattr(world.instance, name) for name in ("start_url", "region", "session", "scopes")}
    world.instance = SsoInstance(**fields | change)
    assert isinstance(refusal(lambda: world.token(NoHuman())), NeedsHuman)


def test_a_token_goes_to_no_other_endpoint(world: SsoWorld) -> None:
    world.token()
    world.endpoint = Endpoint("eu-west-1", "http://127.0.0.1:1")
    assert isinstance(refusal(lambda: world.token(NoHuman())), NeedsHuman)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"access": 1}', b'{"registration": {"x": 1}}'])
def test_a_token_that_cannot_be_read_is_none(world: SsoWorld, content: bytes) -> None:
    world.token()
    store = world.caller().store
    store.put("sso", store.names("sso")[0], content)
    store.put("sso-client", store.names("sso-client")[0], content)
    assert world.token()


def test_ctrl_c_cannot_lose_the_only_copy_of_a_refresh_token(world: SsoWorld) -> None:
    world.token()
    world.pass_time(3601)
    world.aws.break_next("CreateToken", Breakage.SLOW, seconds=0.3)

    def interrupt() -> None:
        asked = len(world.aws.requests)
        while len(world.aws.requests) == asked:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        world.token()
    thread.join(10)
    calls = world.calls()
    assert world.token(NoHuman()), "the token that was on its way is the one that is kept"
    assert world.calls() == calls
