"""A server renews what it hands out in time and without anybody, and goes on with what is good when it cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shellint.actions.grant import grant, wish_for
from shellint.actions.serve import sessions_of
from shellint.credentials import Credentials
from shellint.endpoints.documents import session_of
from shellint.endpoints.sessions import FRESH, Sessions
from shellint.errors import NeedsHuman, NetworkError, ShellintError
from shellint.lease import Wish
from shellint.request import Request
from tests.aws import StrictAws
from tests.desk import Desk
from tests.rig.environment import environment, fresh_home
from tests.world import HOUR, Clock, Script


class Source:
    """Gives sessions of `seconds`, or what `failure` says; `asked` for which roles."""

    def __init__(self, seconds: int | None = HOUR) -> None:
        self.seconds = seconds
        self.failure: ShellintError | None = None
        self.asked: list[str | None] = []
        self.now = 1_000_000.0

    def __call__(self, role_arn: str | None) -> Credentials:
        self.asked.append(role_arn)
        if self.failure:
            raise self.failure
        end = None if self.seconds is None else int(self.now) + self.seconds
        key = f"ASIA{len(self.asked)}"
        return Credentials(key, "s", "t", datetime.fromtimestamp(end, UTC) if end else None, end, int(self.now))

    def sessions(self) -> Sessions:
        return Sessions(self, lambda: self.now)


def key(sessions: Sessions, role_arn: str | None = None) -> str:
    return sessions.get(role_arn).access_key_id


def test_a_session_is_asked_for_once_until_it_is_no_longer_fresh() -> None:
    source = Source()
    sessions = source.sessions()
    assert [key(sessions), key(sessions), key(sessions, "arn"), key(sessions)] == ["ASIA1", "ASIA1", "ASIA2", "ASIA1"]
    source.now += HOUR - FRESH - 1
    assert key(sessions) == "ASIA1"
    source.now += 1
    assert key(sessions) == "ASIA3"
    assert source.asked == [None, "arn", None]


@pytest.mark.parametrize("seconds", [900, 959, 961])
def test_one_that_is_never_fresh_is_renewed_once_a_minute_at_most(seconds: int) -> None:
    source = Source(seconds)
    sessions = source.sessions()
    for _ in range(600):
        sessions.get()
        source.now += 1
    assert 9 <= len(source.asked) <= 10


def test_a_failure_ahead_of_the_end_is_nobodys_trouble_until_the_end() -> None:
    source = Source()
    sessions = source.sessions()
    first = key(sessions)
    source.failure = NetworkError("no network")
    source.now += HOUR - FRESH
    for _ in range(FRESH):
        assert key(sessions) == first
        source.now += 1
    assert len(source.asked) <= 1 + FRESH / 5
    with pytest.raises(NetworkError):
        sessions.get()
    source.failure = None
    source.now += 5
    assert key(sessions) != first


def test_a_failure_stands_for_some_seconds_so_that_three_tries_of_an_sdk_are_one() -> None:
    source = Source()
    source.failure = NeedsHuman("somebody has to come")
    sessions = source.sessions()
    for _ in range(3):
        with pytest.raises(NeedsHuman):
            sessions.get()
        source.now += 1
    assert len(source.asked) == 1


def test_one_without_an_end_is_asked_for_again_now_and_then_and_told_with_one() -> None:
    source = Source(None)
    sessions = source.sessions()
    sessions.get()
    source.now += FRESH
    assert session_of(sessions.get(), source.now)["Expiration"] == "1970-01-12T15:02:40Z"
    assert len(source.asked) == 2


def test_while_one_asks_aws_the_others_are_given_what_is_still_good() -> None:
    source = Source()
    began, go_on = threading.Event(), threading.Event()

    def slow(role_arn: str | None) -> Credentials:
        if source.asked:
            began.set()
            assert go_on.wait(30)
        return source(role_arn)

    sessions = Sessions(slow, lambda: source.now)
    first = key(sessions)
    source.now += HOUR - FRESH
    renewed: list[str] = []
    thread = threading.Thread(target=lambda: renewed.append(key(sessions)))
    thread.start()
    assert began.wait(30)
    assert key(sessions) == first
    go_on.set()
    thread.join(30)
    assert (renewed, key(sessions), len(source.asked)) == (["ASIA2"], "ASIA2", 2)


def test_roles_that_nobody_asks_for_any_more_are_forgotten() -> None:
    source = Source()
    sessions = source.sessions()
    for number in range(1_000):
        sessions.get(f"arn{number}")
    asked = len(source.asked)
    sessions.get("arn999")
    sessions.get("arn0")
    assert source.asked[asked:] == ["arn0"]


def test_the_end_is_told_on_the_clock_of_this_machine() -> None:
    """An SDK compares it with that, and AWS's clock may be another."""
    aws_end = datetime.fromtimestamp(2_000, UTC)
    skewed = Credentials("ASIA", "s", "t", aws_end, 2_600, 0)
    assert session_of(skewed, 100.0)["Expiration"] == datetime.fromtimestamp(2_600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        yield Desk(aws, fresh_home(tmp_path / "home"))


def test_a_role_is_renewed_through_the_night_as_long_as_its_devices_session_lasts(desk: Desk) -> None:
    """One code in the evening; nobody is asked afterwards, and at its end it is said who has to come."""
    desk.role("guarded", mfa=True, require_mfa=True)
    clock = Clock()
    human = Script([desk.mfa.fresh_code])
    request = Request(env=environment(desk.home, **desk.env), human=human, now=clock, user="alice", host="laptop")
    wish = wish_for(request, Wish("guarded"))
    grant(request, wish)
    sessions = sessions_of(request, wish)
    seen = set()
    for quarter in range(8 * 4):
        clock.ahead = quarter * 900
        session = sessions.get()
        assert session.left(clock()) > 900
        seen.add(session.access_key_id)
    assert len(human.asked) == 1
    assert 9 <= len(seen) <= 12
    clock.ahead = 9 * HOUR
    with pytest.raises(NeedsHuman, match=r"^guarded has ended: ") as caught:
        sessions.get()
    assert caught.value.todo == "`vault exec guarded true` in a terminal renews it"
