"""A small HTTP server on the loopback, before which every process and every web page of this machine can stand.

So a request comes from our own user, where the system tells; it is for its own address and no name that was made to
point here (DNS rebinding); it is short, and there quickly; there are not too many at a time; and each connection is
good for one.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from shellint.errors import ShellintError
from shellint.peer import is_trusted

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

__all__ = ["Answer", "Asked", "listen", "serve", "url_of"]

# Bytes of a request up to its empty line; seconds until that has to be there, and for an answer to be taken.
LONGEST, SECONDS = 16_384, 5.0
CONNECTIONS = 32
# Connections that may wait to be looked at: where there is no room, a client tries again only after a second.
_WAITING = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its `path` without a query, and its headers by their names in lower case, the last of each."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def listen(port: int = 0) -> socket.socket:
    """Return a socket that listens on the loopback, at any free port for 0. Raises ShellintError."""
    import socket

    try:
        return socket.create_server(("127.0.0.1", port), backlog=_WAITING)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "the loopback is not there"
        raise ShellintError(f"cannot listen at port {port}: {why}", "choose another with --port, or none") from None


def url_of(listener: socket.socket) -> str:
    """Return the address of what listens there, without a slash at the end."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve(listener: socket.socket, answer: Callable[[Asked], Answer], *, refusal: Callable[[int], Answer]) -> None:
    """Answer every request, until the process ends; `refusal` is the answer, by its status, to what is no good one."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from io import BytesIO
    from threading import BoundedSemaphore
    from urllib.parse import unquote

    host = url_of(listener).removeprefix("http://")
    free = BoundedSemaphore(CONNECTIONS)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "shellint", ""

        def setup(self) -> None:
            super().setup()
            self.rfile.close()
            self.rfile = BytesIO(_head(self.connection))

        def handle(self) -> None:
            self.handle_one_request()

        def do_GET(self) -> None:
            if self.headers.get_all("Host") != [host]:
                self._send(refusal(HTTPStatus.FORBIDDEN))
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answered = answer(Asked(self.command, unquote(self.path.partition("?")[0]), headers))
            except Exception:  # noqa: BLE001  whatever it is, it is answered, and without a word of it
                answered = refusal(HTTPStatus.INTERNAL_SERVER_ERROR)
            self._send(answered)

        def do_PUT(self) -> None:
            self.do_GET()

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            self._send(refusal(code))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            length = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
            always = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Connection": "close"}
            for name, value in (length | always | dict(answer.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Stay silent: there is nothing to say that would not help somebody else."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def process_request(self, request: Any, client_address: Any) -> None:
            # Another user shall not even fill the places.
            if not is_trusted(request) or not free.acquire(blocking=False):
                self.shutdown_request(request)
                return
            try:
                super().process_request(request, client_address)
            except BaseException:
                free.release()  # no thread was started that would
                raise

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            try:
                super().process_request_thread(request, client_address)
            finally:
                free.release()

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever broke off gets no answer; nobody else has to know."""

    server = Server(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.serve_forever(poll_interval=3600.0)  # nobody ends it but by a signal: it need not wake up to look


def _head(connection: socket.socket) -> bytes:
    """Return the request up to its empty line. Raises OSError when it is too long or not there in time."""
    head = bytearray()
    end = time.monotonic() + SECONDS
    while b"\n\r\n" not in head and b"\n\n" not in head:
        connection.settimeout(max(end - time.monotonic(), 0.001))
        more = connection.recv(4096)
        head += more
        if not more or len(head) > LONGEST:
            raise ConnectionAbortedError
    connection.settimeout(SECONDS)
    return bytes(head)
