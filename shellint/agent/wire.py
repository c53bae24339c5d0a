"""The messages between a client and the agent: a length in four bytes, a kind in one, fields with NUL between them.

From the client:   Q  a command: protocol, version, pid, whether stdout is a terminal, directory, interpreter and
                      place of the program, count and words, variables
                   a  what a person answered: `ok` and the answer, or `nobody`, what and to do, or `interrupted`
                   r  what a program did: `ok`, exit code and what it printed, or `error`, what and to do
From the agent:    S  text for stderr
                   A  a question: ask, secret, yes or no, or whether a person is `there`; its text
                   R  a program: name, seconds, notice, longest, whether it has the terminal, count and words, variables
                   X  the end: code, stderr, stdout, stderr after that, count and words of a program, variables
                   D  the client has to do it all by itself

A variable is `NAME=VALUE`; in R and X it changes the client's own, and `NAME` alone takes one out. lean.py has the same
in fewer words.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LONGEST", "PROTOCOL", "Call", "Malformed", "changes", "head", "parse_call", "receive", "send"]

PROTOCOL = "1"
HEAD = 5
LONGEST = 1 << 20
"""Bytes of a message from a client."""


class Malformed(Exception):
    """What came is no message, or the connection ended within one."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command as a client sends it; `words` may hold an MFA code."""

    version: str
    pid: int
    terminal: bool
    directory: str
    words: tuple[str, ...] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)
    place: str = ""


def head(data: bytes) -> tuple[bytes, int]:
    """Return the kind and the length of the message that begins so. Raises Malformed for one that is too long."""
    length = int.from_bytes(data[:4], "big")
    if length > LONGEST:
        raise Malformed
    return data[4:HEAD], length


def parse_call(kind: bytes, payload: bytes) -> Call:
    """Return the command in a message. Raises Malformed."""
    try:
        protocol, version, pid, terminal, directory, place, count, *rest = map(_text, payload.split(b"\0"))
        words, variables = rest[: int(count)], rest[int(count) :]
        env = dict(variable.split("=", 1) for variable in variables)
        if kind != b"Q" or protocol != PROTOCOL or len(words) != int(count) or int(pid) <= 0:
            raise Malformed
        return Call(version, int(pid), terminal == "1", directory, tuple(words), env, place)
    except ValueError:
        raise Malformed from None


def send(connection: socket.socket, kind: bytes, *fields: str | bytes | int) -> None:
    """Send a message. Raises OSError."""
    payload = b"\0".join(each if isinstance(each, bytes) else _bytes(str(each)) for each in fields)
    connection.sendall(len(payload).to_bytes(4, "big") + kind + payload)


def receive(connection: socket.socket, expected: bytes) -> list[bytes]:
    """Return the fields of the next message. Raises Malformed and OSError."""
    kind, length = head(_exactly(connection, HEAD))
    payload = _exactly(connection, length)
    if kind != expected:
        raise Malformed
    return payload.split(b"\0")


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the variables that lead from one environment to another."""
    gone = [name for name in before if name not in after]
    return gone + [f"{name}={value}" for name, value in after.items() if before.get(name) != value]


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            raise Malformed
        found += more
    return bytes(found)


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
