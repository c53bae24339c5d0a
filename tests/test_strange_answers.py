"""What answers in place of AWS, or like AWS but with values no shell should hold, is one line and leaves nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shellint.errors import AwsRefused, NetworkError, ShellintError
from shellint.plan import SessionToken
from shellint.sources import client as client_module
from tests.aws import Breakage, StrictAws
from tests.loopback import raw_server
from tests.sts_helpers import refusal
from tests.world import HOUR, World

SECRET = "hunter2-of-the-answer"
NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
PLAIN = SessionToken("base", None, None, HOUR)
GOOD = {"AccessKeyId": "ASIAEXAMPLE000000000", "SecretAccessKey": SECRET, "SessionToken": SECRET + "=="}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


def http(body: str | bytes, status: int = 200, headers: str = "") -> bytes:
    content = body.encode() if isinstance(body, str) else body
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(content)}\r\n\r\n".encode() + content


def session(
    expires: str | float = 3600, *, date: float | None = None, values: Mapping[str, str] | None = None
) -> bytes:
    """Return the answer to GetSessionToken; `expires` and `date` in seconds from now."""
    end = expires if isinstance(expires, str) else _utc(expires).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = GOOD | {"Expiration": end} | dict(values or {})
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value != "absent")
    header = "" if date is None else f"Date: {_utc(date).strftime('%a, %d %b %Y %H:%M:%S GMT')}\r\n"
    return http(wrapped(f"<Credentials>{inner}</Credentials>"), headers=header)


def wrapped(inner: str) -> str:
    return (
        f"<GetSessionTokenResponse {NAMESPACE}><GetSessionTokenResult>{inner}</GetSessionTokenResult>"
        "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetSessionTokenResponse>"
    )


def refused(error: str, status: int = 403) -> bytes:
    return http(f"<ErrorResponse {NAMESPACE}>{error}<RequestId>1</RequestId></ErrorResponse>", status)


def outcome(world: World, answer: bytes) -> ShellintError:
    """Return the error of `use`, having checked that it is clean lines, chained to nothing, and nothing is kept."""
    with raw_server(answer) as url:
        error = refusal(lambda: world.broker().obtain(world.plan(PLAIN, url=url), min_ttl=300), SECRET)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert world.store.names("session") == []
    return error


def test_an_answer_as_it_should_be_is_taken(world: World) -> None:
    """The control: what the other tests change is all that is wrong with theirs."""
    with raw_server(session(date=0)) as url:
        made = world.broker().obtain(world.plan(PLAIN, url=url), min_ttl=300)
    assert (made.secret_access_key, made.session_token) == (SECRET, SECRET + "==")


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("value", ["", "absent", " ", "x" * 200_000, "a\tb", "a&#13;b", "a&#127;b", "é", "<x/>"])
def test_a_malformed_value_is_refused(world: World, name: str, value: str) -> None:
    error = outcome(world, session(values={name: value}))
    assert isinstance(error, NetworkError)
    assert "is not AWS" in error.what
    assert len(error.what) < 200


@pytest.mark.parametrize("value", ["AKIASHORT", "asiaexample000000000", "ASIA-EXAMPLE-00000000", "A" * 129])
def test_a_key_id_that_is_none_is_refused(world: World, value: str) -> None:
    assert "a malformed AccessKeyId" in outcome(world, session(values={"AccessKeyId": value})).what


def test_a_token_of_32_kb_is_the_longest(world: World) -> None:
    with raw_server(session(values={"SessionToken": "x" * 32_768})) as url:
        assert len(world.broker().obtain(world.plan(PLAIN, url=url), min_ttl=300).session_token) == 32_768
    world.store.delete_where("session", lambda _: True)
    assert "a malformed SessionToken" in outcome(world, session(values={"SessionToken": "x" * 32_769})).what


@pytest.mark.parametrize(
    ("expires", "date"), [(-1, None), (0, None), (38 * HOUR, None), (10 * 365 * 86400, 0), (1800, 3600), (-60, 0)]
)
def test_an_end_that_is_past_or_too_far_by_awss_own_clock_is_refused(
    world: World, expires: float, date: float | None
) -> None:
    assert "has ended already, or would last longer" in outcome(world, session(expires, date=date)).what


@pytest.mark.parametrize("date", [-12 * HOUR, 12 * HOUR])
def test_a_clock_that_is_wrong_by_hours_is_no_reason_to_refuse(world: World, date: float) -> None:
    with raw_server(session(date + HOUR, date=date)) as url:
        made = world.broker().obtain(world.plan(PLAIN, url=url), min_ttl=300)
    assert made.left(made.issued) == pytest.approx(HOUR, abs=5)


@pytest.mark.parametrize(
    "expires", ["", "absent", "soon", "99999999999999999999", "9e999", "nan", "0001-01-01", "<x/>"]
)
def test_an_end_that_is_no_time_is_refused(world: World, expires: str) -> None:
    assert "is not AWS" in outcome(world, session(expires)).what


@pytest.mark.parametrize("date", ["Mon, 01 Jan 0001 00:00:00 GMT", "Mon, 99 Foo 2020 99:99:99", "\xff", "0", ""])
def test_a_date_that_is_none_corrects_nothing(world: World, date: str) -> None:
    answer = session().replace(b"Content-Length", f"Date: {date}\r\nContent-Length".encode("latin-1"))
    with raw_server(answer) as url:
        try:
            made = world.broker().obtain(world.plan(PLAIN, url=url), min_ttl=300)
        except NetworkError:
            assert "0001" in date, "only a date that can be read can put the end out of reach"
        else:
            assert made.left(made.issued) == pytest.approx(HOUR, abs=5)


PORTAL = (
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Sign in</title></head>'
    f"<body><p>one</p><p>{SECRET}</p></body></html>"
)


@pytest.mark.parametrize("status", [200, 400, 403, 500, 511])
@pytest.mark.parametrize(
    "body",
    [
        PORTAL,
        PORTAL.replace("<body>", "<Error><b/></Error><body>"),
        f"<a>{SECRET}</b>",
        f"<Errors>{SECRET}</Errors>",
        f"<ErrorResponse><Error>{SECRET}</Error></ErrorResponse>",
        f"<ErrorResponse><ResponseMetadata>{SECRET}</ResponseMetadata></ErrorResponse>",
        "<ErrorResponse><Error/><Error/></ErrorResponse>",
        "<Error/>",
        wrapped(""),
        wrapped("<Credentials/>"),
        wrapped("<Credentials/><Credentials/>"),
        wrapped(f"<Credentials>{SECRET}</Credentials>"),
        "<GetSessionTokenResponse><GetSessionTokenResult/><GetSessionTokenResult/></GetSessionTokenResponse>",
        "<x>" * 3000 + "</x>" * 3000,
        b"\xff\xfe<a/>",
        b"\x00",
    ],
    ids=range(16),
)
def test_well_formed_or_not_what_is_not_awss_is_seen_as_such(world: World, body: str | bytes, status: int) -> None:
    error = outcome(world, http(body, status))
    assert isinstance(error, NetworkError)
    assert "is not AWS" in error.what


@pytest.mark.parametrize(
    "code",
    ["<Code><b>AccessDenied</b></Code>", "<Code/>", "<Code>a</Code><Code>b</Code>", "<Code>&#27;[2J</Code>", ""],
)
def test_an_error_without_a_code_of_awss_is_not_awss(world: World, code: str) -> None:
    error = outcome(world, refused(f"<Error>{code}<Message>{SECRET}</Message></Error>"))
    assert isinstance(error, NetworkError)


@pytest.mark.parametrize("message", ["", "<Message/>", "<Message><b/></Message>", "<Message>a</Message><Message/>"])
def test_a_refusal_without_words_shows_its_code(world: World, message: str) -> None:
    error = outcome(world, refused(f"<Error><Type>Sender</Type><Code>AccessDenied</Code>{message}</Error>"))
    assert isinstance(error, AwsRefused)
    assert error.what == "base may not do this (AccessDenied)"


def test_a_request_with_a_code_is_sent_once_even_when_it_stays_unanswered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS may have taken the code: sent again by itself, it would be refused as used."""
    monkeypatch.setattr(client_module, "ATTEMPTS", 3)
    world.human.answers = [world.mfa.fresh_code()]
    world.aws.break_next("*", Breakage.RESET)
    with pytest.raises(NetworkError):
        world.broker().obtain(world.plan(world.device()), min_ttl=300)
    assert world.calls() == ["GetSessionToken"]
    assert len(world.human.asked) == 1
    world.aws.break_next("*", Breakage.RESET)
    assert world.broker().obtain(world.plan(PLAIN), min_ttl=300), "without a code it is tried again"


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(time.time() + seconds, UTC)
