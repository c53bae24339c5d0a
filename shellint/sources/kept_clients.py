"""The boto3 clients: made once for each way to ask a service, and kept with their connections for whoever asks so next.

A client has no credentials of its own: it signs with those of the thread that asks.
"""

from __future__ import annotations

import contextlib
import os
import time
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any

from shellint import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shellint.credentials import Credentials, LongTermKey
    from shellint.endpoint import Endpoint

__all__ = ["IN_FLIGHT", "LEFT_ALONE", "Kept", "Shape", "boto3_session", "client_for"]

IN_FLIGHT = 8
"""Requests at a time to one place: AWS throttles who asks for hundreds of sessions at once."""
LEFT_ALONE = 60.0
"""Seconds without a request, after which a client is made anew."""

# What is asked, in boto3's spelling.
_SERVICES = ("iam", "signin", "sso", "sso-oidc", "sts")
# Services whose clients are kept, and how many of them.
_KEPT = {"sts", "sso", "sso-oidc"}
_MOST = 64
_MAKING = Lock()  # a session makes one client at a time
_SIGNING: ContextVar[tuple[str, str, str | None]] = ContextVar("signing")


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to ask a service (in boto3's spelling): all that tells one client from another.

    Timeouts are in seconds, for each attempt. `proxies` are by scheme; `bundle` is the state of the
    CA bundle's file, which is read when the client is made.
    """

    service: str
    endpoint: Endpoint
    signed: bool
    attempts: int
    connect_timeout: float
    read_timeout: float
    proxies: tuple[tuple[str, str], ...]
    bundle: tuple[int, ...]


class Kept:
    """A client that has no credentials of its own, and lets in so many at a time."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.url = str(client.meta.endpoint_url)
        self._room = _room_at(self.url)
        self._used = time.time()

    @contextlib.contextmanager
    def asked(self, credentials: LongTermKey | Credentials | None) -> Iterator[Any]:
        """Yield the client, which signs with these credentials what this thread asks."""
        with self._room, _signing(credentials):
            try:
                yield self._client
            finally:
                self._used = time.time()

    def is_left_alone(self) -> bool:
        """Tell whether it was not used for long."""
        return abs(time.time() - self._used) > LEFT_ALONE

    def send_along(self, header: str, value: Callable[[str], str]) -> None:
        """Send `header` with every request; its `value` is made of the URL that is asked."""

        def add(params: dict[str, Any], **_: Any) -> None:
            params["headers"][header] = value(params["url"])

        self._client.meta.events.register("before-call", add)


def client_for(shape: Shape) -> Kept:
    """Return a client of that shape. Raises ValueError for an endpoint that is none."""
    with _MAKING:
        if shape.service not in _KEPT:
            return _made(shape)
        # Of a connection that was left alone nobody may have told us that it leads nowhere now: a laptop has slept, a
        # firewall has forgotten it. And who was throttled then need not go slowly now.
        kept = _clients.pop(shape, None)
        if kept is None or kept.is_left_alone():
            kept = _made(shape)
        _clients[shape] = kept
        if len(_clients) > _MOST:
            del _clients[next(iter(_clients))]
        return kept


@lru_cache(maxsize=_MOST)
def _room_at(_url: str) -> BoundedSemaphore:
    """Return what lets in so many at a time; a place that hangs is no other's trouble."""
    return BoundedSemaphore(IN_FLIGHT)


_clients: dict[Shape, Kept] = {}
"""The one that was asked for last stands last."""


def _made(shape: Shape) -> Kept:
    from botocore import UNSIGNED
    from botocore.config import Config

    client = boto3_session().client(
        shape.service,
        region_name=shape.endpoint.region,
        endpoint_url=shape.endpoint.url,
        # None would make botocore look at REQUESTS_CA_BUNDLE; True is the bundle that comes with it.
        verify=shape.endpoint.ca_bundle or True,
        config=Config(
            signature_version=None if shape.signed else UNSIGNED,
            # An empty dict, unlike None, keeps botocore from this process's own HTTPS_PROXY.
            proxies=dict(shape.proxies),
            use_fips_endpoint=shape.endpoint.use_fips,
            use_dualstack_endpoint=shape.endpoint.use_dualstack,
            ignore_configured_endpoint_urls=True,
            # Adaptive: all who ask with this client slow down together when AWS says so.
            retries={"mode": "adaptive", "total_max_attempts": shape.attempts},
            connect_timeout=shape.connect_timeout,
            read_timeout=shape.read_timeout,
            user_agent_extra=f"shellint/{__version__}",
        ),
    )
    return Kept(client)


@cache
def boto3_session() -> Any:
    """Return the boto3 session all clients are made from: it has no settings, no profile, and the caller's credentials.

    Those are of the thread that calls, so that a client and its connections serve whoever asks.
    """
    import boto3
    import botocore.session
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.credentials import Credentials as BotoCredentials
    from botocore.loaders import Loader

    class BuiltinLoader(Loader):  # type: ignore[misc]  # botocore is untyped
        """botocore's own models, without `~/.aws/models`."""

        def list_available_services(self, type_name: str) -> list[str]:
            # botocore stats 1,800 files to find this out: a third of the time it takes to make a client.
            return list(_SERVICES)

    nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = botocore.session.Session(
        session_vars={
            name: (None, None, default, convert)
            for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
        }
        | nowhere
        # Older botocore sent sixteen regions to the global endpoint, whose tokens newer regions refuse.
        | {"sts_regional_endpoints": (None, None, "regional", None)}
    )
    session.register_component(
        "data_loader",
        BuiltinLoader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False),
    )

    class CallersCredentials(BotoCredentials):  # type: ignore[misc]  # botocore is untyped
        """What `Kept.asked` is given."""

        def get_frozen_credentials(self) -> Any:
            return BotoCredentials(*_SIGNING.get()).get_frozen_credentials()

    session._credentials = CallersCredentials("", "")
    return boto3.Session(botocore_session=session)


@contextlib.contextmanager
def _signing(credentials: LongTermKey | Credentials | None) -> Iterator[None]:
    """Have what this thread asks signed with these credentials."""
    if credentials is None:
        yield
        return
    token = getattr(credentials, "session_token", None)
    before = _SIGNING.set((credentials.access_key_id, credentials.secret_access_key, token))
    try:
        yield
    finally:
        _SIGNING.reset(before)
