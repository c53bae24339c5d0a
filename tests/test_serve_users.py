"""The loopback is open to every user of the machine: another one gets nothing of a server, and takes nothing away."""

from __future__ import annotations

import http.client
import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shellint.endpoints.server import CONNECTIONS
from tests.aws import StrictAws
from tests.desk import Desk
from tests.rig.environment import fresh_home
from tests.serving import Door, serving
from tests.store_helpers import NOBODY, as_nobody, needs_root

TTL = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
# Holds as many connections as it is told to, until its stdin ends.
HOLD = """\
for ((at = 0; at < $2; at++)); do
    exec {number}<>"/dev/tcp/127.0.0.1/$1" && printf 'GET / HTTP/1.1\\r\\n' >&"$number"
done
echo held
read -r || true
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))
        desk.role("plain")
        yield desk


@pytest.fixture(scope="module")
def door(desk: Desk) -> Iterator[Door]:
    with serving(desk, "plain") as door:
        yield door


def connect(door: Door) -> socket.socket:
    host, port = door.host.split(":")
    return socket.create_connection((host, int(port)), timeout=30)


@needs_root
def test_another_user_who_knows_the_token_is_answered_nothing(door: Door) -> None:
    document = door.document()  # also imports what the other user needs

    def ask(_: Path) -> None:
        assert os.geteuid() != 0
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            door.ask()

    as_nobody(ask)
    assert door.document() == document


@needs_root
def test_an_instances_metadata_is_for_its_own_user_too(desk: Desk) -> None:
    with serving(desk, "plain", "--ec2") as door:

        def ask(_: Path) -> None:
            with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
                door.ask("/latest/api/token", "PUT", TTL)

        assert door.ask("/latest/api/token", "PUT", TTL)[0] == 200
        as_nobody(ask)


@needs_root
def test_another_user_who_holds_all_the_connections_there_can_be_holds_up_nobody(door: Door) -> None:
    words = ["/bin/bash", "-c", HOLD, "bash", door.host.rpartition(":")[2], str(3 * CONNECTIONS)]
    with subprocess.Popen(
        words, user=NOBODY, group=NOBODY, extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        began = time.monotonic()
        assert door.document()["AccessKeyId"].startswith("ASIA")
        assert time.monotonic() - began < 4, "less than a silent client is given"
        other.stdin.close()
        assert other.wait(30) == 0


@needs_root
def test_another_user_who_breaks_off_at_once_costs_no_time(door: Door) -> None:
    """Whose a connection was cannot be told any more: that may not be looked for as long as for one that is missed."""

    def break_off(_: Path) -> None:
        for _each in range(200):
            with connect(door) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN

    began = time.monotonic()
    as_nobody(break_off)
    assert door.document()["AccessKeyId"].startswith("ASIA")
    assert time.monotonic() - began < 4, "200 x 2 pauses of 20 ms would be 8 s"


def test_a_hundred_at_once_are_given_the_same_session(desk: Desk, door: Door) -> None:
    """More than there are places: an SDK that is sent away comes again."""
    before = len(desk.aws.requests)

    def fetch(_: int) -> str:
        end = time.monotonic() + 30
        while True:
            try:
                return str(door.document()["AccessKeyId"])
            except (ConnectionError, http.client.HTTPException):
                assert time.monotonic() < end
                time.sleep(0.05)

    with ThreadPoolExecutor(100) as pool:
        seen = list(pool.map(fetch, range(100)))
    assert len(seen) == 100
    assert len(set(seen)) == 1
    assert desk.aws.requests[before:] == []
