"""The agent's loop: takes connections and whole commands, has each answered in a thread, watches the shells.

A thread each, because an answer may wait for a person, and nobody else is to wait for that; only a whole command gets
one, so that a client which is slow, silent or sends nonsense costs no more than its connection.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from shellint.agent.conversation import Conversations
from shellint.agent.leases import Leases
from shellint.agent.ready import get_ready, hide_memory
from shellint.agent.wire import HEAD, LONGEST, Malformed, head
from shellint.memory import Memory

__all__ = ["serve"]

MOST = 1024
"""Connections at a time; more wait in the kernel."""
HURRY = 5.0
"""Seconds in which a command has to be there."""
IDLE = 1800.0
"""Seconds without a command and without a shell that holds something, after which there is nothing to be here for."""
KEYS_KEPT = 43_200.0
"""Seconds after which what opens the stores is forgotten whatever is held."""


@dataclass(slots=True)
class _Coming:
    """A command that is not whole yet."""

    until: float
    data: bytearray = field(default_factory=bytearray)


class Server:
    """Answers at one socket, until it has nothing to do or a newer version takes over."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._name = name
        self._listener = socket.socket(fileno=descriptor)
        self._listener.setblocking(False)
        self._inode = os.lstat(name).st_ino
        self._selector = selectors.DefaultSelector()
        self._coming: dict[socket.socket, _Coming] = {}
        self._answering = 0
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        memory = Memory()
        self._memory = memory
        self._leases = Leases(Path(name).parent, memory, self.wake, self.stop)
        self._conversations = Conversations(memory, self._leases)
        self._stopping = False
        self._last = self._opened = time.monotonic()

    def wake(self) -> None:
        """Have the loop look again; from any thread."""
        with contextlib.suppress(OSError):
            self._wake.send(b"!")

    def stop(self) -> None:
        """Take no more commands, and end when those that are here are answered; from any thread."""
        self._stopping = True
        with contextlib.suppress(OSError):
            if os.lstat(self._name).st_ino == self._inode:
                Path(self._name).unlink()
        self.wake()

    def run(self) -> None:
        """Answer until there is nothing to do."""
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        if self._leases.descriptor is not None:
            self._selector.register(self._leases.descriptor, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(self._wait()):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    with contextlib.suppress(OSError):
                        self._woken.recv(4096)
                elif isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)
            now = time.monotonic()
            for late in [each for each, coming in self._coming.items() if coming.until < now]:
                self._drop(late)
            self._leases.tick(time.time())
            if self._is_over(now):
                return

    def _wait(self) -> float | None:
        """Return how long nothing will happen by itself, in seconds."""
        if self._coming:
            return max(0.0, min(coming.until for coming in self._coming.values()) - time.monotonic()) + 0.01
        return min(self._leases.wait(time.time()), IDLE / 2)

    def _is_over(self, now: float) -> bool:
        with self._lock:
            if self._answering:
                return False
        if self._stopping:
            return True
        if now - self._opened > KEYS_KEPT or (now - self._last > IDLE and not self._leases):
            self._memory.lock()
            self._opened = now
        if now - self._last > IDLE and not self._leases:
            self.stop()
            return True
        return False

    def _accept(self) -> None:
        if self._stopping:
            self._selector.unregister(self._listener)
            self._listener.close()
            return
        while len(self._coming) + self._answering < MOST:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if peer_uid(connection) != os.geteuid():
                connection.close()
                continue
            connection.setblocking(False)
            self._coming[connection] = _Coming(time.monotonic() + HURRY)
            self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        coming = self._coming[connection]
        try:
            more = connection.recv(65536)
            coming.data += more
            kind, length = head(bytes(coming.data[:HEAD])) if len(coming.data) >= HEAD else (b"", LONGEST)
        except BlockingIOError:
            return
        except (OSError, Malformed):
            more, length = b"", 0
        if not more or len(coming.data) > HEAD + length:
            self._drop(connection)
        elif len(coming.data) == HEAD + length:
            self._selector.unregister(connection)
            del self._coming[connection]
            with self._lock:
                self._answering += 1
            self._last = time.monotonic()
            thread = threading.Thread(
                target=self._answer, args=(connection, kind, bytes(coming.data[HEAD:])), daemon=True
            )
            thread.start()

    def _answer(self, connection: socket.socket, kind: bytes, payload: bytes) -> None:
        try:
            with connection:
                connection.setblocking(True)
                self._conversations.answer(connection, kind, payload)
        finally:
            with self._lock:
                self._answering -= 1
            self.wake()

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        del self._coming[connection]
        connection.close()


def peer_uid(connection: socket.socket) -> int:
    """Return the user at the other end, as the kernel has it: SO_PEERCRED of Linux, LOCAL_PEERCRED of macOS."""
    level, option, size = (socket.SOL_SOCKET, 17, 12) if sys.platform == "linux" else (0, 1, 76)
    return int.from_bytes(connection.getsockopt(level, option, size)[4:8], sys.byteorder)


def serve(descriptor: int, name: str) -> None:
    """Answer at the listening socket `descriptor`, whose path is `name`."""
    hide_memory()
    gc.disable()  # imports make much garbage to look through and little to free
    server = Server(descriptor, name)
    threading.Thread(target=_get_ready, daemon=True).start()
    server.run()


def _get_ready() -> None:
    """Import what answers, before somebody waits for it."""
    get_ready()
    gc.collect()
    gc.freeze()
    gc.enable()
