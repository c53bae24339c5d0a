"""HTTP on the loopback: hands each request to one function, sends what it says, or spoils it as told."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, NoReturn, TypeAlias, cast

from tests.aws.faults import Breakage, Fault
from tests.aws.messages import Answer, RawRequest

__all__ = ["HttpServer", "Respond"]

Respond: TypeAlias = Callable[[RawRequest], tuple[Answer, Fault | None]]

_PORTAL = b"<html><head><title>Welcome</title></head><body><p>Please sign in to use this network.</p></body></html>"
_MISSHAPEN = {"application/json": b'{"surprise": [1]}', "text/xml": b"<surprise><one>1</one></surprise>"}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, zero seconds


class HttpServer(socketserver.ThreadingTCPServer):
    """A server of its own threads; `clock` (unix seconds) is what its Date headers say."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, respond: Respond, clock: Callable[[], float], port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.respond = respond
        self.clock = clock
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def start(self) -> None:
        """Serve, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Refuse new connections and drop those there are, those kept alive or held in silence too."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that went away is no failure of ours
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StrictAws"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def app(self) -> HttpServer:
        return cast("HttpServer", self.server)

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        answer, fault = self.app.respond(RawRequest(self.command, path, query, headers, body))
        how = fault.breakage if fault else None
        if fault and how is Breakage.SLOW:
            self.app.closing.wait(fault.seconds)
        if how is Breakage.SILENT:
            self.app.closing.wait()
            raise ConnectionAbortedError
        if how is Breakage.RESET:
            self._reset()
        if how is Breakage.PORTAL:
            answer = Answer(200, _PORTAL, answer.request_id, "text/html")
        if how is Breakage.MISSHAPEN:
            body = _MISSHAPEN.get(answer.content_type, b"surprise")
            answer = Answer(200, body, answer.request_id, answer.content_type)
        half = answer.body[: len(answer.body) // 2]
        sent = half if how in (Breakage.TRUNCATED, Breakage.MALFORMED) else answer.body
        self._head(answer, len(answer.body if how is Breakage.TRUNCATED else sent))
        self.wfile.write(sent)
        if how is Breakage.TRUNCATED:
            self.close_connection = True

    def _head(self, answer: Answer, length: int) -> None:
        self.send_response(answer.status)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(length))
        self.send_header("x-amzn-RequestId", answer.request_id)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()

    def _reset(self) -> NoReturn:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        raise ConnectionAbortedError

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.app.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent: the journal is the log."""
