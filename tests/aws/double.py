"""The front of the stand-in: make it, put people and roles in it, ask it what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.aws import federation, pages
from tests.aws.directory import Directory
from tests.aws.exchange import Door
from tests.aws.faults import COMMON_ERRORS, Breakage, Fault, Faults
from tests.aws.federation import FederationDoor
from tests.aws.identity import TRUST_ACTIONS, Role, Session, User
from tests.aws.identity_provider import IdentityProvider
from tests.aws.journal import Journal, RequestRecord
from tests.aws.messages import Answer, AwsError, RawRequest
from tests.aws.oidc import oidc_door
from tests.aws.pages import PageDoor
from tests.aws.portal import portal_door
from tests.aws.query import QueryDoor
from tests.aws.server import HttpServer
from tests.aws.sso import IdentityCenter

__all__ = ["StrictAws"]

ACCOUNT = "123456789012"


class StrictAws:
    """An AWS of one's own, on a port of the loopback; a context manager.

    Every service is at `endpoint_url`; `sso` is IAM Identity Center. Four switches, to be set at any time:
    `clock_offset`, the seconds by which its clock is ahead of the machine's; `session_seconds`, how long every session
    lasts whatever was asked; `session_seconds_for`, the same for one action; `propagation`, how many requests with a
    key that CreateAccessKey made from now on are refused before AWS knows it everywhere.
    """

    def __init__(self, *, account: str = ACCOUNT, port: int = 0, log: Path | None = None) -> None:
        self.account = account
        self.clock_offset = 0.0
        self.session_seconds: int | None = None
        self.session_seconds_for: dict[str, int] = {}
        self._directory = Directory(self.now)
        self.sso = IdentityCenter(self._directory, self.now)
        self._faults = Faults()
        self._journal = Journal(log)
        self._lock = threading.Lock()
        self._server = HttpServer(self._respond, self.now, port)
        self._query = QueryDoor(self._directory, self.now, self._expiry)
        self._doors = self._other_doors()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop: connections are refused from now on, and those in silence are dropped."""
        if not self._server.closing.is_set():
            self._server.stop()

    def now(self) -> float:
        """Return unix seconds on the double's clock."""
        return time.time() + self.clock_offset

    @property
    def endpoint_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[RequestRecord]:
        """What was asked so far, in order."""
        with self._lock:
            return list(self._journal.records)

    @property
    def propagation(self) -> int:
        """How many requests with a new key are refused."""
        return self._directory.propagation

    @propagation.setter
    def propagation(self, requests: int) -> None:
        self._directory.propagation = requests

    def add_user(self, name: str, *, account: str | None = None) -> User:
        """Make a user, without a key."""
        return self._directory.new_user(name, account or self.account)

    def add_identity_provider(
        self, url: str, audience: str = "sts.amazonaws.com", *, account: str | None = None
    ) -> IdentityProvider:
        """Make an issuer of web identity tokens; a role trusts it by its `arn`."""
        provider = IdentityProvider(url, audience, account or self.account, self.now)
        self._directory.providers[provider.arn] = provider
        return provider

    def add_role(
        self,
        name: str,
        *,
        trusted: Sequence[str],
        account: str | None = None,
        max_duration: int = 3600,
        require_mfa: bool = False,
        external_id: str | None = None,
        actions: Sequence[str] = TRUST_ACTIONS,
    ) -> Role:
        """Make a role; `trusted` and `actions` as in `Role`, `max_duration` in seconds (3600 to 43200)."""
        role = Role(
            name=name,
            account=account or self.account,
            trusted=tuple(trusted),
            max_duration=max_duration,
            require_mfa=require_mfa,
            external_id=external_id,
            actions=tuple(actions),
        )
        return self._directory.add_role(role)

    def hand_out(self, role: Role, name: str, seconds: int = 21600) -> Session:
        """Give a session of a role to a machine, as the instance metadata service does without being asked by STS."""
        expires = self._expiry("", seconds)
        return self._directory.session_of_role(role, name, expires=expires)

    def fail_next(
        self, action: str, code: str, *, status: int | None = None, message: str | None = None, times: int = 1
    ) -> None:
        """Refuse the next calls of an action (`*`: any) with a code of AWS's; the action is not done."""
        usual_status, usual_message = COMMON_ERRORS.get(code, (400, code))
        error = AwsError(status or usual_status, code, usual_message if message is None else message)
        self._faults.add(Fault(action, times, error=error))

    def break_next(self, action: str, how: Breakage, *, seconds: float = 0.0, times: int = 1) -> None:
        """Spoil the answers to the next calls of an action (`*`: any), which is done; `seconds` is for SLOW."""
        self._faults.add(Fault(action, times, breakage=how, seconds=seconds))

    def _other_doors(self) -> Mapping[str, Door]:
        """Return the doors that are found by their path; what is found at none is the query protocol's."""
        doors: dict[str, Door] = {federation.PATH: FederationDoor(self._directory, self.now)}
        for rest in (
            oidc_door(self.sso, lambda: self.endpoint_url),
            portal_door(self.sso, self._directory, self._expiry),
        ):
            doors |= dict.fromkeys(rest.paths, rest)
        return doors | dict.fromkeys(pages.PATHS, PageDoor(self.sso))

    def _respond(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        """Answer one request; one at a time."""
        with self._lock:
            door = self._doors.get(request.path, self._query)
            exchange = door.read(request)
            error: AwsError | None = None
            try:
                if refusal := self._faults.error_for(exchange.action):
                    raise refusal
                answer = door.act(exchange)
            except AwsError as refusal:
                error, answer = refusal, door.refuse(exchange, refusal)
            fault = self._faults.breakage_for(exchange.action)
            self._journal.add(exchange.record(self.now(), answer, error, fault))
            return answer, fault

    def _expiry(self, action: str, asked: int) -> int:
        seconds = self.session_seconds_for.get(action, self.session_seconds)
        return int(self.now()) + (asked if seconds is None else seconds)
