"""The server of a sign-in: what it answers to whom, and that nothing but the right browser ends its wait."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode, urlsplit

import pytest

from shellint.sso.loopback import Loopback

STATE = "the-state-that-was-sent"
CODE = {"code": "the-code", "state": STATE}


class Browser:
    """Speaks to the server, from a thread where the server has to wait for something."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.address = urlsplit(server.redirect_uri).netloc
        self.answers: list[tuple[int, str]] = []

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Mapping[str, str]]:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read().decode(), dict(answer.getheaders())

    def come_back(self, given: Mapping[str, str], **headers: str) -> threading.Thread:
        def come() -> None:
            status, body, _ = self.get(f"/oauth/callback?{urlencode(given)}", **headers)
            self.answers.append((status, body))

        thread = threading.Thread(target=come)
        thread.start()
        return thread


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Loopback(STATE) as server:
        yield Browser(server)


def taken(browser: Browser, redeem: Callable[[Mapping[str, str]], object] = dict) -> object:
    return browser.server.receive(10, redeem)


def test_the_browser_that_comes_back_is_told_that_it_is_signed_in_once_it_is(browser: Browser) -> None:
    thread = browser.come_back(CODE)

    def redeem(given: Mapping[str, str]) -> str:
        assert browser.answers == [], "the page waits for the outcome"
        return given["code"]

    assert taken(browser, redeem) == "the-code"
    thread.join(10)
    ((status, body),) = browser.answers
    assert status == 200
    assert "Signed in" in body
    assert "You can close this page" in body


def test_a_code_that_aws_does_not_take_is_not_called_signed_in(browser: Browser) -> None:
    thread = browser.come_back(CODE)

    def redeem(_: Mapping[str, str]) -> None:
        raise LookupError("refused")

    with pytest.raises(LookupError):
        taken(browser, redeem)
    thread.join(10)
    ((status, body),) = browser.answers
    assert status == 403
    assert "Not signed in" in body


def test_the_page_cannot_pass_the_code_on(browser: Browser) -> None:
    headers: dict[str, str] = {}
    thread = threading.Thread(target=lambda: headers.update(browser.get(f"/oauth/callback?{urlencode(CODE)}")[2]))
    thread.start()
    taken(browser)
    thread.join(10)
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/favicon.ico", {}),
        ("/oauth/callback", {}),
        ("/oauth/callback?code=x", {}),
        ("/oauth/callback?state=wrong&code=x", {}),
        ("/oauth/callback?state=%ff%00&code=x", {}),
        (f"/oauth/callback?state={STATE}", {}),
        (f"/oauth/callback?state={STATE}&code=", {}),
        (f"/oauth/callback?state={STATE}&state={STATE}&code=x", {}),
        (f"/oauth/callback?state={STATE}&code=x&code=y", {}),
        (f"/oauth/callback/?state={STATE}&code=x", {}),
        (f"/oauth/callback?state={STATE}&code=x", {"Host": "evil.example"}),
        (f"/oauth/callback?state={STATE}&code=x", {"Host": "localhost"}),
        ("//[", {}),
    ],
)
def test_what_is_not_the_browser_coming_back_does_not_end_the_wait(
    browser: Browser, path: str, headers: dict[str, str]
) -> None:
    assert browser.get(path, **headers)[0] == 404
    thread = browser.come_back(CODE)
    assert taken(browser) == CODE
    thread.join(10)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS", "STRANGE"])
def test_only_a_get_brings_a_code(browser: Browser, method: str) -> None:
    assert browser.get(f"/oauth/callback?{urlencode(CODE)}", method)[0] == 501
    with pytest.raises(TimeoutError):
        browser.server.receive(0.05, dict)


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"x" * 70_000, b"GET /"]
)
def test_garbage_and_silence_keep_nobody_from_signing_in(browser: Browser, garbage: bytes) -> None:
    host, port = browser.address.split(":")
    with socket.create_connection((host, int(port))) as silent:
        silent.sendall(garbage)
        thread = browser.come_back(CODE)
        assert taken(browser) == CODE
        thread.join(10)


def test_a_second_browser_is_told_that_it_is_late(browser: Browser) -> None:
    first = browser.come_back(CODE)
    while not browser.server._answered:
        first.join(0.01)
    status, body, _ = browser.get(f"/oauth/callback?{urlencode(CODE)}")
    assert (status, "Answered already" in body) == (410, True)
    assert taken(browser) == CODE
    first.join(10)


def test_an_address_leads_on_once_and_says_nothing_about_where(browser: Browser) -> None:
    target = "https://oidc.eu-west-1.amazonaws.com/authorize?state=secret"
    address = browser.server.one_time(target)
    assert "secret" not in address
    assert "oidc" not in address
    path = urlsplit(address).path
    assert browser.get(path, Host="evil.example")[0] == 404
    assert browser.get(path, "HEAD")[0] == 501
    status, body, headers = browser.get(path)
    assert (status, body, headers["Location"]) == (302, "", target)
    status, body, headers = browser.get(path)
    assert (status, "Used already" in body, "Location" in headers) == (410, True, False)


def test_each_address_is_another(browser: Browser) -> None:
    addresses = {browser.server.one_time("https://x.example/") for _ in range(50)}
    assert len(addresses) == 50
    assert all(len(urlsplit(address).path) > 30 for address in addresses)


def test_nobody_who_comes_is_a_timeout(browser: Browser) -> None:
    with pytest.raises(TimeoutError):
        browser.server.receive(0.05, dict)


def test_it_listens_on_the_loopback_alone_and_no_longer_than_it_must() -> None:
    with Loopback(STATE) as server:
        address = Browser(server).address
        assert address.startswith("127.0.0.1:")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(address.split(":")[1])))
