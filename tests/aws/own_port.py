"""A server beside the strict AWS, with a port of its own on the loopback."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from tests.aws.double import StrictAws
from tests.aws.faults import Fault, Faults
from tests.aws.messages import Answer, RawRequest
from tests.aws.server import HttpServer

__all__ = ["OwnPort"]


class OwnPort(ABC):
    """A context manager: it listens within. Its clock is that of `aws`."""

    def __init__(self, aws: StrictAws) -> None:
        self._aws = aws
        self._faults = Faults()
        self._server = HttpServer(self._respond, aws.now, 0)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def endpoint_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @abstractmethod
    def _respond(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        """Return the answer, and what is to go wrong with it."""
