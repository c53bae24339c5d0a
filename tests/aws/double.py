"""The front of the stand-in: make it, put people and roles in it, ask it what it was asked."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

from tests.aws import signature
from tests.aws.faults import COMMON_ERRORS, Breakage, Fault, Faults
from tests.aws.identity import TRUST_ACTIONS, AccessKey, Caller, Directory, Role, Session, User
from tests.aws.journal import Journal, RequestRecord
from tests.aws.messages import Answer, AwsError, RawRequest, error_answer, result_answer
from tests.aws.server import HttpServer
from tests.aws.shapes import validate
from tests.aws.sts import ACTIONS, Call

__all__ = ["StrictAws"]

ACCOUNT = "123456789012"
VERSION = "2011-06-15"


class StrictAws:
    """An AWS of one's own, on a port of the loopback; a context manager.

    Three switches, to be set at any time: `clock_offset`, the seconds by which its clock is ahead of the machine's;
    `session_seconds`, how long every session lasts whatever was asked; `session_seconds_for`, the same for one action.
    """

    def __init__(self, *, account: str = ACCOUNT, port: int = 0, log: Path | None = None) -> None:
        self.account = account
        self.clock_offset = 0.0
        self.session_seconds: int | None = None
        self.session_seconds_for: dict[str, int] = {}
        self._directory = Directory(self.now)
        self._faults = Faults()
        self._journal = Journal(log)
        self._lock = threading.Lock()
        self._server = HttpServer(self._respond, self.now, port)

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

    def add_user(self, name: str, *, account: str | None = None) -> User:
        """Make a user, without a key."""
        return self._directory.new_user(name, account or self.account)

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

    def _respond(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        """Answer one request; one at a time."""
        with self._lock:
            exchange = _Exchange(request)
            error: AwsError | None = None
            try:
                answer = self._act(exchange)
            except AwsError as refusal:
                error, answer = refusal, error_answer(refusal)
            fault = self._faults.breakage_for(exchange.action)
            self._journal.add(exchange.record(self.now(), answer, error, fault))
            return answer, fault

    def _act(self, exchange: _Exchange) -> Answer:
        if error := self._faults.error_for(exchange.action):
            raise error
        exchange.caller = caller = self._authenticate(exchange)
        action = ACTIONS.get(exchange.action)
        if action is None or exchange.parameters.get("Version") != VERSION:
            version = exchange.parameters.get("Version", "NO_VERSION_SPECIFIED")
            raise AwsError(400, "InvalidAction", f"Could not find operation {exchange.action} for version {version}")
        validate(exchange.action, exchange.parameters)
        call = Call(caller, exchange.parameters, self._directory, lambda asked: self._expiry(exchange.action, asked))
        return result_answer(exchange.action, action(call))

    def _authenticate(self, exchange: _Exchange) -> Caller:
        """Find out who asks, by signature; every doubt about a key or a token is the same refusal."""
        exchange.authorization = authorization = signature.parse(exchange.request)
        signature.check_time(authorization, self.now())
        signature.check_scope(authorization, "sts")
        caller = self._directory.find(authorization.access_key_id)
        token = exchange.request.header("x-amz-security-token") or ""
        match caller:
            case AccessKey(active=True) if not token:
                pass
            case Session(token=genuine) if hmac.compare_digest(genuine.encode(), token.encode()):
                pass
            case _:
                message = "The security token included in the request is invalid."
                raise AwsError(403, "InvalidClientTokenId", message)
        signature.verify(exchange.request, authorization, caller.secret)
        if isinstance(caller, Session) and self.now() >= caller.expires:
            raise AwsError(403, "ExpiredToken", "The security token included in the request is expired")
        return caller

    def _expiry(self, action: str, asked: int) -> int:
        seconds = self.session_seconds_for.get(action, self.session_seconds)
        return int(self.now()) + (asked if seconds is None else seconds)


class _Exchange:
    """One request on its way, with what is known about it so far."""

    def __init__(self, request: RawRequest) -> None:
        self.request = request
        self.authorization: signature.Authorization | None = None
        self.caller: Caller | None = None
        form = request.body.decode("utf-8", "replace") if request.method == "POST" else ""
        self.parameters = dict(parse_qsl(f"{request.query}&{form}", keep_blank_values=True))
        self.action = self.parameters.get("Action", "")

    def record(self, now: float, answer: Answer, error: AwsError | None, fault: Fault | None) -> RequestRecord:
        """Return what is kept of it."""
        breakage = fault.breakage if fault else None
        return RequestRecord(
            time=now,
            action=self.action,
            access_key_id=self.authorization.access_key_id if self.authorization else None,
            arn=self.caller.arn if self.caller else None,
            region=self.authorization.region if self.authorization else None,
            parameters=RequestRecord.presentable(self.parameters),
            mfa_code="TokenCode" in self.parameters,
            user_agent=self.request.header("user-agent") or "",
            status=answer.status,
            error=error.code if error else None,
            breakage=breakage.value if breakage else None,
        )
