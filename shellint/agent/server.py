"""The agent's loop: takes connections and whole commands, has each answered in a thread, watches the shells.

A thread each, because an answer may wait for a person, and nobody else is to wait for that; only a whole command gets
one, so that a client which is slow, silent or sends nonsense costs no more than its connection.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shellint.agent.conversation import Conversations
from shellint.agent.leases import Leases
from shellint.agent.lifetime import Lifetime
from shellint.agent.wire import HEAD, LONGEST, Malformed, head
from shellint.memory import Memory
from shellint.reach import peer

__all__ = ["HURRY", "MOST", "Server", "awake"]

MOST = 1024
"""Connections at a time, as long as so many files may be open; more wait in the kernel."""
HURRY = 5.0
"""Seconds in which a command has to be there."""
READING = 30
"""Seconds that a client may take to read what is sent to it."""
PAUSE = 0.05
"""Seconds until the next try when the system has no descriptor left for a connection."""


def awake() -> float:
    """Return the seconds of a clock that goes on while the machine is asleep, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class _Coming:
    """A command that is not whole yet."""

    until: float
    data: bytearray = field(default_factory=bytearray)


class Server:
    """Answers at the listening socket `descriptor`, whose path is `name`, until it has nothing to do or is to stop.

    Whoever holds `lock` owns that path: it is closed when the path has been given up.
    """

    def __init__(
        self,
        descriptor: int,
        name: str,
        lock: int,
        *,
        memory: Memory,
        most: int = MOST,
        clock: Callable[[], float] = awake,
    ) -> None:
        self._name = name
        self._owned = lock
        self._most = most
        self._clock = clock
        self._listener = socket.socket(fileno=descriptor)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._coming: dict[socket.socket, _Coming] = {}
        self._answering = 0
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._memory = memory
        self._leases = Leases(Path(name).parent, memory, self.wake, self.stop)
        self._conversations = Conversations(memory, self._leases)
        self._stopping = False
        self._given_up = threading.Event()
        self._lifetime = Lifetime(clock())

    def wake(self) -> None:
        """Have the loop look again; from any thread."""
        with contextlib.suppress(OSError):
            self._wake.send(b"!")

    def stop(self) -> None:
        """Leave the path to another agent, and end when what is here is answered; from any thread but the loop's."""
        self._stopping = True
        self.wake()
        self._given_up.wait(HURRY)

    def run(self) -> None:
        """Answer until there is nothing to do."""
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        if self._leases.descriptor is not None:
            self._selector.register(self._leases.descriptor, selectors.EVENT_READ)
        try:
            while not self._is_over(self._clock()):
                events = self._selector.select(self._wait(self._clock()))
                now = self._clock()
                if self._lifetime.is_stale(now):
                    self._memory.lock()
                for key, _ in events:
                    self._see(key.fileobj, now)
                for late in [each for each, coming in self._coming.items() if coming.until <= now]:
                    self._drop(late)
                self._leases.tick(time.time())
        finally:
            self._give_up()
            for each in (self._selector, self._wake, self._woken):
                each.close()

    def _see(self, source: object, now: float) -> None:
        if source is self._listener:
            self._accept(now)
        elif source is self._woken:
            with contextlib.suppress(OSError):
                self._woken.recv(4096)
        elif isinstance(source, socket.socket) and source in self._coming:
            self._read(source, now)

    def _wait(self, now: float) -> float:
        """Return for how many seconds nothing will happen by itself."""
        due = [coming.until - now for coming in self._coming.values()]
        due += [
            self._leases.wait(time.time()),
            self._lifetime.wait(now, held=bool(self._leases) or self._answering > 0),
        ]
        return max(0.0, min(due)) + 0.01

    def _is_over(self, now: float) -> bool:
        unused = self._lifetime.is_unused(now, held=bool(self._leases))
        if unused:
            self._memory.lock()
        if self._stopping or (unused and not self._answering):
            self._give_up()
            return not self._answering
        return False

    def _give_up(self) -> None:
        """Leave the path to another agent. What comes meanwhile gets no answer here: its client knows what to do."""
        if not self._given_up.is_set():
            with contextlib.suppress(OSError):
                Path(self._name).unlink()
            self._selector.unregister(self._listener)
            self._listener.close()
            os.close(self._owned)
            self._given_up.set()

    def _accept(self, now: float) -> None:
        while True:
            if len(self._coming) + self._answering >= self._most:
                if not self._coming:
                    time.sleep(PAUSE)  # as many are answered as may be
                    return
                self._drop(next(iter(self._coming)))
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:
                time.sleep(PAUSE)
                return
            if peer(connection) != os.geteuid():
                connection.close()
                continue
            connection.setblocking(False)
            self._coming[connection] = _Coming(now + HURRY)
            self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket, now: float) -> None:
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
            self._lifetime.asked(now)
            self._have_answered(connection, kind, bytes(coming.data[HEAD:]))

    def _have_answered(self, connection: socket.socket, kind: bytes, payload: bytes) -> None:
        with self._lock:
            self._answering += 1
        try:
            threading.Thread(target=self._answer, args=(connection, kind, payload), daemon=True).start()
        except RuntimeError:  # no thread is to be had: the client does it by itself
            with self._lock:
                self._answering -= 1
            connection.close()

    def _answer(self, connection: socket.socket, kind: bytes, payload: bytes) -> None:
        try:
            with connection:
                connection.setblocking(True)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", READING, 0))
                self._conversations.answer(connection, kind, payload)
        finally:
            with self._lock:
                self._answering -= 1
            self.wake()

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        del self._coming[connection]
        connection.close()
