"""Whoever can connect can also be slow, long-winded or many; the server sees it through and goes on."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.serving import Door, raw, wait_until

CONNECTIONS, SECONDS = 4, 0.5
SERVER = """
import sys
from http import HTTPStatus
from shellint.endpoints import server
from shellint.endpoints.documents import refusal

def answer(asked):
    if asked.path == "/wrong":
        raise ValueError("s3cret")
    return server.Answer(HTTPStatus.OK, b"good")

server.CONNECTIONS, server.SECONDS = int(sys.argv[1]), float(sys.argv[2])
listener = server.listen()
print(server.url_of(listener), flush=True)
server.serve(listener, answer, refusal=refusal)
"""


@contextmanager
def small_server(connections: int, seconds: float) -> Iterator[Door]:
    """Run a server like that of `vault serve`, with other limits."""
    words = [sys.executable, "-c", SERVER, str(connections), str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        yield Door(process.stdout.readline().strip(), "", process.pid)
        process.kill()
        assert process.stderr.read() == "", "nothing that a client does is worth a word"


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with small_server(32, SECONDS) as door:
        yield door


def connect(door: Door) -> socket.socket:
    host, port = door.host.split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def is_fine(door: Door) -> bool:
    try:
        return door.ask()[2] == b"good"
    except OSError:
        return False


def test_a_client_that_says_nothing_is_dropped(door: Door) -> None:
    with connect(door) as silent:
        assert silent.recv(1) == b""
    assert is_fine(door)


def test_a_client_that_sends_byte_by_byte_has_no_longer_than_others(door: Door) -> None:
    began = time.monotonic()
    with connect(door) as slow, contextlib.suppress(ConnectionError):
        while time.monotonic() < began + 30:
            slow.sendall(b"G")
            time.sleep(SECONDS / 10)
    assert time.monotonic() - began < 30
    assert is_fine(door)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 5_000 + b"\r\n",
        b"a" * 1_000_000,
    ],
)
def test_a_request_that_is_too_long_is_cut_off(door: Door, request_: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # the rest of it was never read
        assert raw(door, request_) == b""
    assert is_fine(door)


def test_more_clients_than_there_are_places_are_sent_away_until_one_is_free() -> None:
    with small_server(CONNECTIONS, 60) as door, ExitStack() as held:
        held.enter_context(connect(door))
        assert is_fine(door)
        for _ in range(CONNECTIONS):
            held.enter_context(connect(door)).sendall(b"GET /")
        assert not is_fine(door)
        held.close()
        wait_until(lambda: is_fine(door), "a free place")


def test_a_failure_of_our_own_is_answered_without_a_word_of_it(door: Door) -> None:
    status, _, body = door.ask("/wrong")
    assert (status, body) == (500, b'{"code": "InternalServerError", "message": "Internal Server Error"}')


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\n\n",
        b"\r\n\r\n",
        b"\0\0\0\n\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"\x16\x03\x01\n\n",
    ],
)
def test_rubbish_is_no_trouble(door: Door, request_: bytes) -> None:
    assert b"good" not in raw(door, request_)
    assert is_fine(door)


def test_one_connection_is_good_for_one_request(door: Door) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {door.host}\r\n\r\n".encode()
    assert raw(door, request * 3).count(b"good") == 1
