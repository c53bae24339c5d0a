"""STS: what gives every session that is made with a key, another session, or a web identity token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shellint.sources.answers import StrangeAnswer, session_in
from shellint.sources.client import aws_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.credentials import Credentials, LongTermKey
    from shellint.endpoint import Endpoint
    from shellint.sources.client import Client

__all__ = ["Identity", "Sts", "sts_client"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom AWS takes a caller for: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""

    account: str
    arn: str
    user_id: str

    @property
    def is_user(self) -> bool:
        """Whether it is a user of IAM, or the root user: not a role, nor a federated user."""
        return self.arn.split(":", 5)[-1].partition("/")[0] in {"user", "root"}


class Sts:
    """STS, asked with one key, one session or nothing. Made by `sts_client`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `operation`; raises as `Client.call`."""
        return self._client.call(operation, parameters)

    def identity(self) -> Identity:
        """Return who asks, which no policy can deny; raises as `call`."""
        return self._client.read("get_caller_identity", {}, _identity)

    def session(self, operation: str, parameters: Mapping[str, Any]) -> Credentials:
        """Return the session that `operation` makes, its end moved onto this machine's clock; raises as `call`."""
        return self._client.read(operation, parameters, lambda answer: session_in(answer, self._client.now()))


def sts_client(
    endpoint: Endpoint,
    credentials: LongTermKey | Credentials | None,
    env: Mapping[str, str],
    *,
    profile: str,
    owner: str,
    now: Callable[[], float],
    once: bool = False,
    notice: Callable[[str], None] | None = None,
    **timeouts: float,
) -> Sts:
    """Return STS at `endpoint`, asked with the `credentials` of `owner` on behalf of `profile`, as `aws_client`."""
    return Sts(
        aws_client(
            "sts",
            endpoint,
            credentials,
            env,
            profile=profile,
            owner=owner,
            now=now,
            once=once,
            notice=notice,
            **timeouts,
        )
    )


def _identity(answer: Mapping[str, Any]) -> Identity:
    given = [answer[name] for name in ("Account", "Arn", "UserId")]
    if not all(isinstance(value, str) and value for value in given):
        raise StrangeAnswer("it does not say who asks")
    return Identity(*given)
