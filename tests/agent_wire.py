"""The agent's socket, spoken to by hand; and a connection through it that ends after so many bytes."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shellint import __version__
from shellint.agent.wire import HEAD, PROTOCOL
from tests.agent_rig import Agency
from tests.rig.environment import environment

__all__ = ["Cut", "call", "connect", "message", "messages", "socket_of", "through"]


def socket_of(agent: Agency) -> Path:
    """Return the agent's socket, which is started where it is not."""
    done = agent.run("agent", "start")
    assert done.returncode == 0, done.stderr
    (found,) = (path for path in agent.runtime.iterdir() if path.is_socket())
    return found


def connect(path: Path) -> socket.socket:
    """Return a connection whose reads are over in ten seconds."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def message(kind: bytes, *fields: bytes | str) -> bytes:
    """Return a message as it goes over the wire."""
    payload = b"\0".join(each.encode() if isinstance(each, str) else each for each in fields)
    return len(payload).to_bytes(4, "big") + kind + payload


def call(agent: Agency, *words: str, version: str = __version__, protocol: str = PROTOCOL) -> bytes:
    """Return the message of a client that calls `words`."""
    env = environment(agent.desk.home, **agent.env)
    place = f"{sys.executable} nowhere"
    head = (protocol, version, str(os.getpid()), "0", str(agent.desk.home), place, str(len(words)))
    return message(b"Q", *head, *words, *(f"{name}={value}" for name, value in env.items()))


def messages(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the kinds and payloads of whole messages."""
    found = []
    while data:
        end = HEAD + int.from_bytes(data[:4], "big")
        found.append((data[4:HEAD], data[HEAD:end]))
        data = data[end:]
    return found


@dataclass
class Cut:
    """How many bytes may pass to the agent and from it, and what did."""

    sent: int | None = None
    answered: int | None = None
    passed: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))


@contextlib.contextmanager
def through(agent: Agency, cut: Cut) -> Iterator[None]:
    """Stand between clients and the agent: where the bytes end, the agent is killed, and then its connection ends."""
    path = socket_of(agent)
    real = path.rename(path.with_name("real"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    listener.settimeout(60)
    relay = threading.Thread(target=_relay, args=(agent, listener, real, cut))
    relay.start()
    try:
        yield
    finally:
        relay.join()
        real.replace(path)


def _relay(agent: Agency, listener: socket.socket, real: Path, cut: Cut) -> None:
    with listener:
        client, _ = listener.accept()
    with client, connect(real) as server, selectors.DefaultSelector() as both:
        for number, source in enumerate((client, server)):
            both.register(source, selectors.EVENT_READ, number)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # either end may have gone by itself
            _pass_on((client, server), both, cut)
        if (cut.sent, cut.answered) != (None, None):
            for process in agent.agents():
                process.kill()


def _pass_on(ends: tuple[socket.socket, socket.socket], both: selectors.BaseSelector, cut: Cut) -> None:
    while True:
        for key, _ in both.select():
            limit, passed = (cut.sent, cut.answered)[key.data], cut.passed[key.data]
            more = ends[key.data].recv(65536)
            room = len(more) if limit is None else limit - len(passed)
            passed.extend(more[:room])
            ends[1 - key.data].sendall(more[:room])
            if not more or len(passed) == limit:
                return
