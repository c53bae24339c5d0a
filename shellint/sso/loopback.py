"""A small server on the loopback for one sign-in: it leads the browser to AWS, and takes what it brings back.

Every process and every web page on this machine can speak to it. So other users are refused; an address works once; a
code is taken only with the state that was sent along, and only from a browser that means this address (and no name that
was made to point here); and nothing else, however strange, ends the wait. RFC 8252, sections 7.3 and 8.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from shellint.peer import is_trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

__all__ = ["Loopback"]

_CALLBACK = "/oauth/callback"
# Seconds: for a connection that sends nothing (browsers open some ahead), for the page to be told how it ended, and for
# it to be sent.
_IDLE, _VERDICT, _SENDING = 10.0, 60.0, 5.0

_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer to the browser."""

    status: HTTPStatus
    title: str = ""
    text: str = ""
    location: str = field(default="", repr=False)


_DONE = _Page(HTTPStatus.OK, "Signed in", "You can close this page and go back to the terminal.")
_FAILED = _Page(HTTPStatus.FORBIDDEN, "Not signed in", "The terminal says why. You can close this page.")
_USED = _Page(HTTPStatus.GONE, "Used already", "This address works once. The terminal shows another one.")
_ANSWERED = _Page(HTTPStatus.GONE, "Answered already", "This sign-in has its answer. You can close this page.")
_NOT_YOURS = _Page(HTTPStatus.FORBIDDEN, "Not yours", "This page is for the user of this machine who signs in.")
_UNKNOWN = _Page(HTTPStatus.NOT_FOUND, "Nothing here", "This is no page of the sign-in that waits here.")

# The code is in the address of the page: no link may carry it on, and no cache keep it.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 1.2em sans-serif; margin: 20vh auto; max-width: 30em; text-align: center }}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


@dataclass(slots=True)
class _Arrival:
    """What a browser brought; its page waits for the verdict, and the end of the server for the page."""

    given: Mapping[str, str] = field(repr=False)
    verdict: SimpleQueue[_Page] = field(default_factory=SimpleQueue)
    sent: threading.Event = field(default_factory=threading.Event)


class Loopback:
    """The server, while the context lasts; `state` is what a browser has to bring back along with a code."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._targets: dict[str, str | None] = {}
        self._arrivals: SimpleQueue[_Arrival] = SimpleQueue()
        self._answered = False
        self._led = threading.Event()
        self._lock = threading.Lock()
        self._server = _server(self._arrive)
        self._host = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def redirect_uri(self) -> str:
        """Where the browser is to come back to."""
        return f"http://{self._host}{_CALLBACK}"

    def one_time(self, url: str) -> str:
        """Return an address that leads to `url`, once, and says nothing about it."""
        path = f"/{secrets.token_urlsafe(24)}"
        self._targets[path] = url
        return f"http://{self._host}{path}"

    def lead(self, seconds: float) -> bool:
        """Wait until a browser has been led on by a one-time address; tell whether one was within `seconds`."""
        return self._led.wait(seconds)

    def receive(self, seconds: float, redeem: Callable[[Mapping[str, str]], _Outcome]) -> _Outcome:
        """Return what `redeem` makes of what the browser brings; if that raises, the page says that it failed.

        Raises TimeoutError when no browser has come for `seconds`.
        """
        try:
            arrival = self._arrivals.get(timeout=seconds)
        except Empty:
            raise TimeoutError from None
        page = _FAILED
        try:
            outcome = redeem(arrival.given)
            page = _DONE
        finally:
            arrival.verdict.put(page)
            arrival.sent.wait(_SENDING)
        return outcome

    def _arrive(self, host: str, target: str) -> tuple[_Page, threading.Event]:
        """Return the answer to a request, and what to set once it is sent."""
        parts = urlsplit(target)
        if host != self._host:
            return _UNKNOWN, threading.Event()
        with self._lock:
            if parts.path in self._targets:
                url, self._targets[parts.path] = self._targets[parts.path], None
                return (_Page(HTTPStatus.FOUND, location=url), self._led) if url else (_USED, threading.Event())
            given = {name: values[0] for name, values in parse_qs(parts.query).items() if len(values) == 1}
            if parts.path != _CALLBACK or not self._is_ours(given) or not {"code", "error"} & set(given):
                return _UNKNOWN, threading.Event()
            if self._answered:
                return _ANSWERED, threading.Event()
            self._answered = True
        arrival = _Arrival(given)
        self._arrivals.put(arrival)
        try:
            return arrival.verdict.get(timeout=_VERDICT), arrival.sent
        except Empty:
            return _FAILED, arrival.sent

    def _is_ours(self, given: Mapping[str, str]) -> bool:
        return hmac.compare_digest(given.get("state", "").encode(errors="replace"), self._state.encode())


def _server(arrive: Callable[[str, str], tuple[_Page, threading.Event]]) -> Any:
    """Return a server that asks `arrive`, with the Host header and the target of a GET, what to answer."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE
        server_version, sys_version = "shellint", ""

        def do_GET(self) -> None:
            page, sent = _NOT_YOURS, threading.Event()
            if is_trusted(self.connection):
                page, sent = arrive(self.headers.get("Host", ""), self.path)
            try:
                self._send(page)
            finally:
                sent.set()

        def _send(self, page: _Page) -> None:
            body = b"" if page.location else _HTML.format(title=page.title, text=page.text).encode()
            self.send_response(page.status)
            headers = {"Location": page.location} if page.location else {"Content-Type": "text/html; charset=utf-8"}
            for name, value in (headers | _HEADERS | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Stay silent: an address may hold a code."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever broke off gets no answer; nobody else has to know."""

    return Server(("127.0.0.1", 0), Handler)
