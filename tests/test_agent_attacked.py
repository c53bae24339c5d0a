"""Clients that send nonsense, stay silent, are slow or vanish, in any number: the others are answered, and soon."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from shellint.agent.server import HURRY, MOST
from shellint.agent.wire import LONGEST
from tests.agent_rig import Agency, agency, until
from tests.agent_wire import call, connect, message, messages, socket_of
from tests.desk import Desk

SEED = 20_261_125
SOON = 3.0
"""Seconds, on a machine that does other things too."""


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    with agency(desk) as started:
        socket_of(started)
        assert started.run("status").returncode == 0  # it has imported what it answers with
        yield started


def is_answered(agent: Agency) -> bool:
    """Tell whether the agent that was there from the beginning answers a client, and soon."""
    (process,) = agent.agents()
    begin = time.monotonic()
    done = agent.run("agent", "status")
    return f"pid {process.pid}," in done.stdout and time.monotonic() - begin < SOON


def everything(connection: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(65536):
            found += more
    return found


def test_two_thousand_random_messages_are_answered_with_nothing(agent: Agency) -> None:
    path, chance = socket_of(agent), random.Random(SEED)
    for number in range(2000):
        noise = chance.randbytes(chance.randrange(300))
        if number % 2:  # a whole message, whose content is noise
            noise = message(chance.choice([b"Q", b"a", b"r", b"X", b"\0"]), *noise.split(b"\xff"))
        with connect(path) as connection, contextlib.suppress(OSError):
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            assert everything(connection) == b"", (SEED, number, noise)
    assert is_answered(agent)


@pytest.mark.parametrize("change", ["1x", "-1", "99999999999", ""])
def test_a_command_whose_count_is_not_true_is_answered_with_nothing(agent: Agency, change: str) -> None:
    whole = call(agent, "status")
    fields = whole[5:].split(b"\0")
    fields[6] = change.encode()
    with connect(socket_of(agent)) as connection:
        connection.sendall(message(b"Q", *fields))
        assert everything(connection) == b""
    assert is_answered(agent)


def test_a_huge_message_is_not_waited_for(agent: Agency) -> None:
    for length in (LONGEST + 1, 0xFFFFFFFF):
        with connect(socket_of(agent)) as connection:
            begin = time.monotonic()
            connection.sendall(length.to_bytes(4, "big") + b"Q")
            assert everything(connection) == b""
            assert time.monotonic() - begin < HURRY / 2
    assert is_answered(agent)


def test_a_message_may_come_byte_by_byte(agent: Agency) -> None:
    with connect(socket_of(agent)) as connection:
        for byte in call(agent, "agent", "status"):
            connection.sendall(bytes([byte]))
        ((kind, payload),) = messages(everything(connection))
    assert (kind, payload.split(b"\0")[0]) == (b"X", b"0")


def test_two_hundred_half_open_connections_hold_nobody_up_and_are_dropped(agent: Agency) -> None:
    path = socket_of(agent)
    with contextlib.ExitStack() as opened:
        silent = [opened.enter_context(connect(path)) for _ in range(200)]
        for connection in silent[::2]:
            connection.sendall(b"\0\0\1")
        assert is_answered(agent)
        for connection in silent:
            assert everything(connection) == b""
    assert is_answered(agent)


def test_more_connections_than_it_has_room_for_hold_nobody_up(agent: Agency) -> None:
    path = socket_of(agent)
    (process,) = agent.agents()
    with contextlib.ExitStack() as opened:
        for _ in range(MOST + 200):
            opened.enter_context(connect(path))
        assert is_answered(agent)
        assert process.num_fds() < MOST + 50
    until(lambda: process.num_fds() < 50)
    before = process.cpu_times().user
    time.sleep(0.5)
    assert process.cpu_times().user - before < 0.25
    assert is_answered(agent)


def test_a_client_that_does_not_read_its_answer_holds_nobody_up(agent: Agency) -> None:
    path = socket_of(agent)
    with contextlib.ExitStack() as opened:
        for _ in range(50):
            connection = opened.enter_context(connect(path))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            connection.sendall(call(agent, "export", "--help"))
        assert is_answered(agent)
    assert is_answered(agent)


def test_a_client_that_vanishes_during_a_question_is_forgotten(agent: Agency) -> None:
    agent.desk.role("careful", mfa=True)
    path = socket_of(agent)
    (process,) = agent.agents()
    idle = process.num_threads()
    for _ in range(20):
        with connect(path) as connection:
            connection.sendall(call(agent, "export", "careful"))
            assert connection.recv(5)[4:] == b"A"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert is_answered(agent)
    until(lambda: process.num_threads() <= idle)


def test_an_answer_to_a_question_may_be_nonsense(agent: Agency) -> None:
    agent.desk.role("careful", mfa=True)
    for answer in (
        message(b"r", "ok", "123456"),
        message(b"a"),
        b"\xff" * 5,
        message(b"a", "error"),
    ):
        with connect(socket_of(agent)) as connection:
            connection.sendall(call(agent, "export", "careful"))
            assert connection.recv(65536)[4:5] == b"A"
            connection.sendall(answer)
            ((kind, payload),) = messages(everything(connection))
            assert (kind, payload.split(b"\0")[0]) == (b"X", b"130"), answer
    assert is_answered(agent)
