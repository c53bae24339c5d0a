"""Who may speak to the server of a sign-in: the user who signs in, and nobody else on this machine."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shellint.peer import is_trusted
from shellint.sso.loopback import Loopback
from tests.store_helpers import as_nobody, needs_root

PEER, HERE = ("127.0.0.1", 0xA123), ("127.0.0.1", 0x1F90)
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   0: {peer} {here} 01 00000000:00000000 00:00000000 00000000 {uid:5}        0 {inode} 1 0 20 4 0 10 -1\n"
V4 = {"peer": "0100007F:A123", "here": "0100007F:1F90"}
V6 = {name: f"0000000000000000FFFF0000{address}" for name, address in V4.items()}


class Connection(socket.socket):
    """One with addresses of its own."""

    def getpeername(self) -> tuple[str, int]:
        return PEER

    def getsockname(self) -> tuple[str, int]:
        return HERE


def _status(address: str) -> int:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", parts.path)
        return connection.getresponse().status


@needs_root
def test_another_user_is_refused_and_uses_up_nothing() -> None:
    with Loopback("state") as server:
        address = server.one_time("https://oidc.example/authorize")
        assert _status(server.one_time("https://oidc.example/")) == 302  # also imports what the other user needs

        def take(_: Path) -> None:
            assert os.geteuid() != 0
            assert _status(address) == 403

        as_nobody(take)
        assert _status(address) == 302


def test_whoever_signs_in_is_trusted_whatever_user_that_is() -> None:
    def act(_: Path) -> None:
        with Loopback("state") as server:
            assert _status(server.one_time("https://oidc.example/")) == 302

    act(Path())  # imports what the other user needs
    as_nobody(act)


def test_an_end_that_is_closed_is_nobodys() -> None:
    """What is sent and closed at once could have come from anybody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        taken, _ = listener.accept()
        with taken:
            with client:
                assert is_trusted(taken)
            assert not is_trusted(taken)


@pytest.mark.parametrize("table", ["tcp", "tcp6"])
@pytest.mark.parametrize(
    ("uid", "inode", "trusted"),
    [(os.geteuid(), 7, True), (0, 7, True), (os.geteuid() + 1, 7, False), (os.geteuid(), 0, False)],
)
def test_the_table_of_connections_says_whose_the_other_end_is(
    tmp_path: Path, table: str, uid: int, inode: int, *, trusted: bool
) -> None:
    ours = LINE.format(**(V4 if table == "tcp" else V6), uid=uid, inode=inode)
    opposite = LINE.format(peer=V4["here"], here=V4["peer"], uid=os.geteuid(), inode=8)
    for name in ("tcp", "tcp6"):
        (tmp_path / name).write_text(HEAD + opposite + (ours if name == table else ""))
    with Connection() as connection:
        assert is_trusted(connection, proc=tmp_path) is trusted


def test_who_is_in_no_table_is_refused_and_without_tables_everybody_is_trusted(tmp_path: Path) -> None:
    for name in ("tcp", "tcp6"):
        (tmp_path / name).write_text(HEAD)
    with Connection() as connection:
        assert is_trusted(connection, proc=tmp_path / "absent")
        assert not is_trusted(connection, proc=tmp_path)
