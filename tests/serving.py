"""Asking a server of ours: the address and the token it gave, and requests as an SDK or a stranger makes them."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.desk import BIN, Desk
from tests.rig.environment import environment

__all__ = ["METADATA", "URI", "Door", "door_in", "raw", "serving", "wait_until"]

URI, TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
METADATA = "AWS_EC2_METADATA_SERVICE_ENDPOINT"


@dataclass(frozen=True, slots=True)
class Door:
    """Where a server listens, and the token of a container's, empty for an instance's; `process` serves."""

    url: str
    token: str
    process: int

    @property
    def host(self) -> str:
        """Address and port."""
        return urlsplit(self.url).netloc

    def ask(
        self, path: str = "/", method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body; the token goes along unless `headers` are given."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        given = {"Authorization": self.token} if headers is None else headers
        try:
            connection.request(method, path, headers=dict(given))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
        finally:
            connection.close()

    def document(self, path: str = "/") -> dict[str, Any]:
        """Return what the owner of the token is given."""
        status, _, body = self.ask(path)
        found: dict[str, Any] = json.loads(body)
        assert status == 200, found
        return found


def door_in(environ: Mapping[str, str], process: int) -> Door:
    """Return the door that variables name."""
    url = environ.get(URI) or environ[METADATA]
    return Door(url.rstrip("/"), environ.get(TOKEN, ""), process)


@contextmanager
def serving(desk: Desk, *words: str, **env: str) -> Iterator[Door]:
    """Run `vault serve WORDS`, as in a window of its own, until the context ends."""
    process = subprocess.Popen(
        [BIN / "vault", "serve", *words, "--shell", "bash"],
        env=environment(desk.home, **{**desk.env, **env}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    lines: dict[str, str] = {}
    with process:
        try:
            while not {URI, METADATA} & lines.keys() or (URI in lines and TOKEN not in lines):
                line = process.stdout.readline()
                assert line, process.stderr.read()
                lines |= dict(re.findall(r"^\\export (\w+)=\$'(.*)'$", line))
            yield door_in(lines, process.pid)
        finally:
            process.terminate()


def raw(door: Door, request: bytes) -> bytes:
    """Send bytes and return all that comes back."""
    import socket

    host, port = door.host.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def wait_until(condition: Any, what: str, seconds: float = 30) -> None:
    """Wait until `condition()` is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)
