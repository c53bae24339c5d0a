"""STS: what gives every session that is made with a key, another session, or a web identity token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shellint.sources.answers import session_in
from shellint.sources.client import aws_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.credentials import Credentials, LongTermKey
    from shellint.endpoint import Endpoint
    from shellint.sources.client import Client

__all__ = ["Sts", "sts_client"]


class Sts:
    """STS, asked with one key, one session or nothing. Made by `sts_client`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `operation`; raises as `Client.call`."""
        return self._client.call(operation, parameters)

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
    **timeouts: float,
) -> Sts:
    """Return STS at `endpoint`, asked with the `credentials` of `owner` on behalf of `profile`, as `aws_client`."""
    return Sts(
        aws_client("sts", endpoint, credentials, env, profile=profile, owner=owner, now=now, once=once, **timeouts)
    )
