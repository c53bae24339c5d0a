"""What does not answer, or is not AWS, or cannot be trusted, is one line that names the host."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.errors import ConfigError, NetworkError
from shellint.sources import client as client_module
from shellint.sources.session_token import get_session_token
from tests.aws import Breakage, KeyPair, StrictAws
from tests.loopback import closed_port, raw_server, tls_in_front_of
from tests.sts_helpers import PLAIN, ask, refusal


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as double:
        yield double


@pytest.fixture
def key(aws: StrictAws) -> KeyPair:
    return aws.add_user("alice").add_key()


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at the first attempt: the pauses between attempts are tested once and not in each case."""
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)


def test_the_ca_bundle_decides_whom_to_trust(
    aws: StrictAws, key: KeyPair, tmp_path: Path, once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint's own bundle, and none that this process's environment names."""
    with tls_in_front_of(aws, tmp_path) as (url, ca):
        for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(variable, str(ca))
        error = refusal(lambda: ask(url, key).call("get_caller_identity", {}))
        assert isinstance(error, NetworkError)
        assert "cannot be trusted: self-signed certificate" in error.what.replace("self signed", "self-signed")
        assert "AWS_CA_BUNDLE" in error.todo
        assert ask(url, key, ca_bundle=str(ca)).call("get_caller_identity", {})


def test_a_ca_bundle_that_is_not_there_or_no_bundle_is_named(aws: StrictAws, key: KeyPair, tmp_path: Path) -> None:
    error = refusal(lambda: ask(aws.endpoint_url, key, ca_bundle="/nowhere/ca.pem"))
    assert isinstance(error, ConfigError)
    assert "/nowhere/ca.pem" in error.what
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("not a certificate")
    url = aws.endpoint_url.replace("http:", "https:")
    error = refusal(lambda: ask(url, key, ca_bundle=str(rubbish)).call("get_caller_identity", {}))
    assert error.todo == f"check the CA bundle {rubbish}"


BREAKAGES = [
    (Breakage.RESET, "broke off the connection"),
    (Breakage.TRUNCATED, "is not AWS"),
    (Breakage.MALFORMED, "is not AWS"),
    (Breakage.PORTAL, "is not AWS"),
    (Breakage.SILENT, "took the request and stayed silent"),
]


@pytest.mark.parametrize(("how", "what"), BREAKAGES)
def test_each_broken_answer_is_one_line_that_names_the_host(
    aws: StrictAws, key: KeyPair, how: Breakage, what: str, once: None
) -> None:
    aws.break_next("*", how)
    sts = ask(aws.endpoint_url, key, read_timeout=0.3)
    error = refusal(lambda: get_session_token(sts, PLAIN, None))
    assert isinstance(error, NetworkError)
    assert what in error.what
    assert aws.endpoint_url.removeprefix("http://") in error.what


HOLLOW = b"<GetSessionTokenResponse><GetSessionTokenResult/></GetSessionTokenResponse>"
HTML = b"<html><body>Sign in to use this network</body></html>"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(HOLLOW), HOLLOW),
        b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML),
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 12\r\n\r\n<b>who?</b>\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML),
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
    ],
)
def test_what_answers_in_place_of_aws_is_seen_as_such(answer: bytes, once: None) -> None:
    with raw_server(answer) as url:
        error = refusal(lambda: get_session_token(ask(url, KeyPair("AKIAEXAMPLE000000000", "secret")), PLAIN, None))
    assert isinstance(error, NetworkError)
    assert url.removeprefix("http://") in error.what


def test_aclosed_port_is_one_line_with_the_systems_own_reason(key: KeyPair, once: None) -> None:
    port = closed_port()
    error = refusal(lambda: ask(f"http://127.0.0.1:{port}", key).call("get_caller_identity", {}))
    assert error.what == f"127.0.0.1:{port} cannot be reached: Connection refused"
    assert error.exit_code == 1


def test_a_host_that_takes_no_connection_is_given_up(key: KeyPair, once: None) -> None:
    """A full backlog: the kernel drops what comes, as a firewall would."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        error = refusal(lambda: ask(url, key, connect_timeout=0.3).call("get_caller_identity", {}))
    assert error.what.endswith("does not answer")


def test_an_endpoint_that_is_no_url_is_named(key: KeyPair) -> None:
    error = refusal(lambda: ask("not a url", key))
    assert isinstance(error, ConfigError)
    assert "not a url" in error.what


def test_a_passing_trouble_is_tried_again(aws: StrictAws, key: KeyPair) -> None:
    aws.fail_next("*", "Throttling")
    aws.fail_next("*", "ServiceUnavailable")
    assert get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    assert len(aws.requests) == client_module.ATTEMPTS


def test_what_takes_long_gives_a_sign_of_life(aws: StrictAws, key: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "NOTICE", 0.05)
    said: list[str] = []
    assert get_session_token(ask(aws.endpoint_url, key, notice=said.append), PLAIN, None)
    assert said == [], "an answer that comes at once needs none"
    aws.break_next("GetSessionToken", Breakage.SLOW, seconds=0.3)
    assert get_session_token(ask(aws.endpoint_url, key, notice=said.append), PLAIN, None)
    assert said == [f"waiting for {aws.endpoint_url.removeprefix('http://')}"]


def test_a_minute_of_silence_is_given_up_well_before_its_end() -> None:
    pauses = 1 + 2  # seconds, at most: botocore's standard mode doubles a random part of a second
    longest = client_module.ATTEMPTS * (client_module.CONNECT_TIMEOUT + client_module.READ_TIMEOUT) + pauses
    assert longest < 50
