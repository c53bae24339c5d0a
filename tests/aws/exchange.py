"""One request on its way through the double, and what stands for one of AWS's protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from tests.aws.faults import Fault
from tests.aws.identity import Caller
from tests.aws.journal import RequestRecord
from tests.aws.messages import Answer, AwsError, RawRequest
from tests.aws.signature import Authorization

__all__ = ["Door", "Exchange", "query_of"]


@dataclass(slots=True)
class Exchange:
    """A request with what is known about it so far; `document` is the JSON that came with it."""

    request: RawRequest
    action: str
    parameters: Mapping[str, str]
    document: Any = None
    authorization: Authorization | None = None
    caller: Caller | None = None
    access_key_id: str | None = None

    def record(self, now: float, answer: Answer, error: AwsError | None, fault: Fault | None) -> RequestRecord:
        """Return what is kept of it."""
        breakage = fault.breakage if fault else None
        return RequestRecord(
            time=now,
            action=self.action,
            access_key_id=self.authorization.access_key_id if self.authorization else self.access_key_id,
            arn=self.caller.arn if self.caller else None,
            region=self.authorization.region if self.authorization else None,
            parameters=RequestRecord.presentable(self.parameters),
            mfa_code="TokenCode" in self.parameters,
            user_agent=self.request.header("user-agent") or "",
            status=answer.status,
            error=error.code if error else None,
            breakage=breakage.value if breakage else None,
            method=self.request.method,
            in_url=tuple(query_of(self.request)),
        )


class Door(Protocol):
    """One way in: it reads a request, does what is asked, and says no in the words of its protocol."""

    def read(self, request: RawRequest) -> Exchange:
        """Find out what is asked; never raises."""

    def act(self, exchange: Exchange) -> Answer:
        """Do it; raises AwsError."""

    def refuse(self, exchange: Exchange, error: AwsError) -> Answer:
        """Put a refusal into an answer."""


def query_of(request: RawRequest) -> dict[str, str]:
    """Return the parameters that stand in the URL."""
    return dict(parse_qsl(request.query, keep_blank_values=True))
