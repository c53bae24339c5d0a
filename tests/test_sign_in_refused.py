"""`login_session`: a sign-in that has ended, is damaged, or cannot be renewed is one line, and nothing is spoilt."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.broker import Broker
from shellint.errors import AwsRefused, NeedsHuman, NetworkError, StoreError
from shellint.sources import client as client_module
from shellint.terminal import NoHuman
from shellint.undisturbed import LIMITS
from tests.aws import Breakage, StrictAws
from tests.console import Console, LoginDesk
from tests.roots import SECRET, caller
from tests.store_helpers import NOBODY, needs_root
from tests.world import World

AGAIN = "`aws login --profile tool` signs in again"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoginDesk]:
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)
    with StrictAws() as aws:
        world = World(aws, tmp_path / "data")
        with Console(aws, world.role("person")) as console:
            yield LoginDesk(world, console, tmp_path / "home")


def test_nobody_has_signed_in(desk: LoginDesk) -> None:
    error = desk.failed()
    assert isinstance(error, NeedsHuman)
    assert (error.what, error.todo) == ("nobody has signed in as tool", "`aws login --profile tool` signs in")
    assert error.exit_code == 4


ENDED = [
    (403, "AccessDeniedException", "TOKEN_EXPIRED"),
    (403, "AccessDeniedException", "USER_CREDENTIALS_CHANGED"),
    (403, "AccessDeniedException", "INSUFFICIENT_PERMISSIONS"),
    (400, "ValidationException", "invalid_grant"),
]


@pytest.mark.parametrize(("status", "code", "error"), ENDED)
def test_a_sign_in_that_has_ended_needs_a_person_who_signs_in_again(
    desk: LoginDesk, status: int, code: str, error: str
) -> None:
    path = desk.keep(desk.console.signed_in(-1))
    before = path.read_bytes()
    desk.console.fail_next(status, code, error)
    failure = desk.failed()
    assert isinstance(failure, NeedsHuman)
    assert failure.what.startswith("the sign-in of tool has ended: ")
    assert f"in words: {error}" in failure.what
    assert failure.todo == AGAIN
    assert path.read_bytes() == before


def test_a_refresh_token_that_has_served_already_is_such_an_end(desk: LoginDesk) -> None:
    desk.keep(desk.console.signed_in(-1))
    desk.console.end()
    assert desk.failed().todo == AGAIN
    assert desk.console.answered == [403]


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequestsError"), (500, "InternalServerException")])
def test_a_service_that_is_busy_or_broken_says_nothing_about_the_sign_in(
    desk: LoginDesk, status: int, code: str
) -> None:
    desk.keep(desk.console.signed_in(-1))
    desk.console.fail_next(status, code, "rate_exceeded")
    error = desk.failed()
    assert isinstance(error, AwsRefused)
    assert error.exit_code == 3
    assert "aws login" not in error.todo
    assert desk.obtain()


@pytest.mark.parametrize("how", [each for each in Breakage if each is not Breakage.SLOW])
def test_each_broken_answer_is_one_line_and_nothing_is_written(
    desk: LoginDesk, how: Breakage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client_module.aws_client.__kwdefaults__, "read_timeout", 0.3)  # type: ignore[arg-type]
    path = desk.keep(desk.console.signed_in(-1))
    before = path.read_bytes()
    desk.console.break_next(how)
    error = desk.failed()
    assert isinstance(error, NetworkError)
    assert error.exit_code == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[1]", b"null", b"{}", b"[" * 100_000, f'"{SECRET}"'.encode()], ids=range(8)
)
def test_a_file_that_is_damaged_is_told_without_its_content(desk: LoginDesk, content: bytes) -> None:
    desk.keep(content)
    error = desk.failed()
    assert isinstance(error, NeedsHuman)
    assert error.todo.startswith("`aws login --profile tool` signs in")


@pytest.mark.parametrize("name", ["refreshToken", "clientId", "dpopKey"])
@pytest.mark.parametrize("value", [None, 7, [SECRET]])
def test_without_what_a_renewal_needs_the_session_serves_until_its_end(
    desk: LoginDesk, name: str, value: object
) -> None:
    desk.keep(desk.console.signed_in() | {name: value})
    assert desk.obtain()
    desk.keep(desk.console.signed_in(-1) | {name: value})
    assert desk.failed().what == "what `aws login` keeps for tool is damaged"
    assert desk.console.answered == []


@pytest.mark.parametrize("key", [SECRET, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", ""])
def test_a_key_that_is_none_is_not_used(desk: LoginDesk, key: str) -> None:
    desk.keep(desk.console.signed_in(-1, dpopKey=key))
    assert desk.failed().what == "what `aws login` keeps for tool is damaged"


@pytest.mark.parametrize("access", [None, [], {}, {"accessKeyId": "short"}, {"expiresAt": 7}])
def test_a_session_that_is_none_is_renewed_and_not_handed_out(desk: LoginDesk, access: object) -> None:
    desk.keep(desk.console.signed_in() | {"accessToken": access})
    assert desk.obtain()
    assert desk.console.answered == [200]


def test_a_key_without_a_token_in_its_place_is_not_handed_out(desk: LoginDesk) -> None:
    kept = desk.console.signed_in()
    del kept["accessToken"]["sessionToken"]
    desk.keep(kept)
    assert desk.obtain().session_token
    assert desk.console.answered == [200]


def test_a_renewal_that_cannot_be_written_is_told(desk: LoginDesk) -> None:
    desk.keep(desk.console.signed_in(-1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    asking = caller(desk.world, {}, human=NoHuman(), aws=desk.home / ".aws")
    broker = Broker(asking)
    desk.world.store.names("session")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(StoreError, match=f"cannot write {desk.directory}/.*: File too large"):
            broker.obtain(desk.plan(), min_ttl=300)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert desk.console.answered == [], "the refresh token was not used up"
    assert desk.obtain()


@pytest.mark.parametrize("how", [Breakage.RESET, Breakage.PORTAL])
def test_what_is_left_of_a_session_serves_where_it_cannot_be_renewed(desk: LoginDesk, how: Breakage) -> None:
    kept = desk.console.signed_in(4 * 60)
    desk.keep(kept)
    desk.console.break_next(how)
    assert desk.obtain().access_key_id == kept["accessToken"]["accessKeyId"]


def test_a_refresh_token_is_sent_once_whatever_becomes_of_the_answer(
    desk: LoginDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ATTEMPTS", 3)
    desk.keep(desk.console.signed_in(-1))
    desk.console.break_next(Breakage.RESET)
    assert isinstance(desk.failed(), NetworkError)
    assert desk.console.answered == [200]


def test_an_answer_that_comes_late_is_not_waited_for_but_kept(desk: LoginDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, False, 0.2)
    path = desk.keep(desk.console.signed_in(-1))
    before = path.read_bytes()
    desk.console.break_next(Breakage.SLOW, seconds=1)
    assert desk.failed().what == "the sign-in could not be renewed within 0.2 seconds"
    until = time.monotonic() + 10
    while path.read_bytes() == before and time.monotonic() < until:
        time.sleep(0.02)
    assert desk.obtain()
    assert desk.console.answered == [200]


@pytest.mark.parametrize("mode", [0o606, 0o660])
def test_a_file_that_others_may_write_is_not_believed(desk: LoginDesk, mode: int) -> None:
    desk.keep(desk.console.signed_in()).chmod(mode)
    assert "is not believed" in desk.failed().what


@needs_root
def test_a_file_of_another_user_is_not_believed(desk: LoginDesk) -> None:
    os.chown(desk.keep(desk.console.signed_in()), NOBODY, NOBODY)
    assert "is not believed" in desk.failed().what


def test_what_a_killed_process_left_beside_the_file_goes_with_the_next_renewal(desk: LoginDesk) -> None:
    path = desk.keep(desk.console.signed_in(-1))
    (path.parent / f".{path.name}.abc.tmp").write_text("a live token")
    assert desk.obtain()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
