"""Failures on request: refusals that AWS gives for its own reasons, and answers spoilt on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.aws.messages import AwsError

__all__ = ["COMMON_ERRORS", "Breakage", "Fault", "Faults"]

# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and the errors of each action in the references
# of STS, SSO OIDC (https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference) and the SSO portal.
COMMON_ERRORS = {
    "AuthorizationPendingException": (400, "Authorization is still pending."),
    "ForbiddenException": (403, "No access"),
    "InternalFailure": (500, "The request processing has failed because of an unknown error, exception or failure."),
    "InternalServerException": (500, "Internal server error"),
    "InvalidClientException": (401, "Invalid client provided"),
    "PackedPolicyTooLarge": (400, "Packed size of session tags consumes 120% of allotted space."),
    "RegionDisabledException": (403, "STS is not activated in this region for account."),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
    "SlowDownException": (400, "Slow down"),
    "Throttling": (400, "Rate exceeded"),
    "TooManyRequestsException": (429, "Too many requests"),
    "UnauthorizedException": (401, "Session token not found or invalid"),
}


class Breakage(StrEnum):
    """What happens to an answer. The action itself is done: only its answer does not arrive whole, or in time."""

    RESET = "reset"  # the connection is reset
    TRUNCATED = "truncated"  # half the body, then the connection closes
    MALFORMED = "malformed"  # half the XML, as if it were all
    MISSHAPEN = "misshapen"  # whole and well formed, without anything that is looked for in it
    PORTAL = "portal"  # a web page, well formed: somebody else's answer
    SILENT = "silent"  # nothing, until the double closes
    SLOW = "slow"  # the right answer, late


@dataclass(slots=True)
class Fault:
    """Either a refusal in place of the action or a breakage of its answer; `seconds` belongs to SLOW."""

    action: str
    times: int
    error: AwsError | None = None
    breakage: Breakage | None = None
    seconds: float = 0.0


class Faults:
    """The failures that are due, in the order they were asked for."""

    def __init__(self) -> None:
        self._due: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a failure in the queue."""
        self._due.append(fault)

    def error_for(self, action: str) -> AwsError | None:
        """Use up the next refusal for this action."""
        fault = self._take(action, lambda fault: fault.error is not None)
        return fault.error if fault else None

    def breakage_for(self, action: str) -> Fault | None:
        """Use up the next breakage for this action."""
        return self._take(action, lambda fault: fault.breakage is not None)

    def _take(self, action: str, wanted: Callable[[Fault], bool]) -> Fault | None:
        fault = next((fault for fault in self._due if fault.action in (action, "*") and wanted(fault)), None)
        if fault:
            fault.times -= 1
            if fault.times <= 0:
                self._due.remove(fault)
        return fault
