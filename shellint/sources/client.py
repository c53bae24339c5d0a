"""A service of AWS as one caller sees it: a boto3 client that knows only what it was told.

boto3 on its own reads the process environment, `~/.aws` and the metadata service of the machine. Here everything is
handed in, because the caller's environment is not this process's (an agent serves many shells), and because a stale
`AWS_PROFILE` must not decide where a key is sent.
"""

from __future__ import annotations

import contextlib
import os
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from shellint import __version__
from shellint.credentials import LongTermKey
from shellint.errors import ConfigError
from shellint.sources.failures import NOT_AN_ANSWER, translate
from shellint.sources.refusals import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shellint.credentials import Credentials
    from shellint.endpoint import Endpoint

__all__ = ["CONNECT_TIMEOUT", "READ_TIMEOUT", "Client", "aws_client", "boto3_session", "proxies_to"]

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
# Seconds after which a person would wonder.
NOTICE = 4.0
# What is asked, in boto3's spelling.
_SERVICES = ("iam", "signin", "sso", "sso-oidc", "sts")
# Three attempts of READ_TIMEOUT: an endpoint that accepts and never answers is given up after about half a minute.
ATTEMPTS = 3

# Services whose clients are kept, and how many of them.
_KEPT = {"sts", "sso", "sso-oidc"}
_CLIENTS = 64
_MAKING = Lock()  # a session makes one client at a time
_IN_FLIGHT = BoundedSemaphore(8)  # requests at a time: AWS throttles who asks for hundreds of sessions at once
_SIGNING: ContextVar[tuple[str, str, str | None]] = ContextVar("signing")

_Answer = TypeVar("_Answer")


class Client:
    """A service, asked with one key, one session or nothing. Made by `aws_client`."""

    def __init__(
        self,
        client: Any,
        credentials: LongTermKey | Credentials | None,
        request: Request,
        now: Callable[[], float],
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._request = request
        self._notice = notice
        self.now = now

    @property
    def url(self) -> str:
        """Where it is asked."""
        return str(self._client.meta.endpoint_url)

    def send_along(self, header: str, value: Callable[[str], str]) -> None:
        """Send `header` with every request; its `value` is made of the URL that is asked."""

        def add(params: dict[str, Any], **_: Any) -> None:
            params["headers"][header] = value(params["url"])

        self._client.meta.events.register("before-call", add)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `operation` (in boto3's spelling, `get_caller_identity`).

        Raises AwsRefused when AWS says no, NetworkError when it does not answer, or not as AWS does, ConfigError when
        the parameters cannot even be sent.
        """
        return self.read(operation, parameters, lambda answer: answer)

    def read(self, operation: str, parameters: Mapping[str, Any], read: Callable[[dict[str, Any]], _Answer]) -> _Answer:
        """Return what `read` makes of the answer; StrangeAnswer, and what a wrong shape raises, count as no answer."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            with self._sign_of_life(), _IN_FLIGHT, _signing(self._credentials):
                answer = getattr(self._client, operation)(**parameters)
            return read(answer)
        except (BotoCoreError, ClientError, ResponseParserError, *NOT_AN_ANSWER) as error:
            failure = translate(error, self._request, parameters, self.now())
        # Raised out here, so that it is chained to nothing: what botocore raises can hold the answer, with its secrets.
        raise failure

    @contextlib.contextmanager
    def _sign_of_life(self) -> Iterator[None]:
        """Tell the person what is waited for, once it takes long."""
        if self._notice is None:
            yield
            return
        from threading import Timer

        timer = Timer(NOTICE, self._notice, (f"waiting for {self._request.host}",))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def aws_client(
    service: str,
    endpoint: Endpoint,
    credentials: LongTermKey | Credentials | None,
    env: Mapping[str, str],
    *,
    profile: str,
    owner: str,
    now: Callable[[], float],
    once: bool = False,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    notice: Callable[[str], None] | None = None,
) -> Client:
    """Return `service` (in boto3's spelling) at `endpoint`, asked with the `credentials` of `owner` for `profile`.

    Nothing is sent yet. Without credentials the requests are not signed. From `env` (the caller's environment) only
    the proxy variables are read. Timeouts are in seconds and hold for each of three attempts; `once` makes it one, for
    a request that AWS takes no second time, such as one with an MFA code. `notice` tells a person what is waited for.
    Raises ConfigError when the CA bundle or the endpoint's URL cannot be used.
    """
    bundle = endpoint.ca_bundle
    if bundle is not None and not Path(bundle).is_file():
        raise ConfigError(f"the CA bundle {bundle} is not a file", "correct AWS_CA_BUNDLE or ca_bundle in the profile")
    make = _client if service in _KEPT else _client.__wrapped__
    shape = (bool(credentials), once, connect_timeout, read_timeout, Path(bundle).stat().st_mtime_ns if bundle else 0)
    try:
        with _MAKING:
            made = make(service, endpoint, tuple(_proxies(env).items()), *shape)
            host = urlsplit(made.meta.endpoint_url).netloc
            if _bypasses_proxy(host, env):
                made = make(service, endpoint, (), *shape)
    except ValueError as error:
        raise ConfigError(
            f"the endpoint {endpoint.url} cannot be used: {error}", "correct AWS_ENDPOINT_URL_… or endpoint_url"
        ) from error
    return Client(
        made,
        credentials,
        Request(
            profile=profile,
            owner=owner,
            access_key_id=credentials.access_key_id if credentials else None,
            long_term=isinstance(credentials, LongTermKey),
            host=host,
            region=endpoint.region,
            ca_bundle=endpoint.ca_bundle,
        ),
        now,
        notice,
    )


@lru_cache(maxsize=_CLIENTS)
def _client(
    service: str,
    endpoint: Endpoint,
    proxies: tuple[tuple[str, str], ...],
    signed: bool,
    once: bool,
    connect_timeout: float,
    read_timeout: float,
    _bundle_changed: int,
) -> Any:
    """Return a client without credentials of its own: kept, with its connections, for whoever asks there next."""
    from botocore import UNSIGNED
    from botocore.config import Config

    return boto3_session().client(
        service,
        region_name=endpoint.region,
        endpoint_url=endpoint.url,
        # None would make botocore look at REQUESTS_CA_BUNDLE; True is the bundle that comes with it.
        verify=endpoint.ca_bundle or True,
        config=Config(
            signature_version=None if signed else UNSIGNED,
            # An empty dict, unlike None, keeps botocore from this process's own HTTPS_PROXY.
            proxies=dict(proxies),
            use_fips_endpoint=endpoint.use_fips,
            use_dualstack_endpoint=endpoint.use_dualstack,
            ignore_configured_endpoint_urls=True,
            retries={"mode": "standard", "total_max_attempts": 1 if once else ATTEMPTS},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            user_agent_extra=f"shellint/{__version__}",
        ),
    )


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
        """What `Client.read` signs with."""

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


def proxies_to(host: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy of each scheme on the way to `host` (with or without a port), none where NO_PROXY has it."""
    return {} if _bypasses_proxy(host, env) else _proxies(env)


def _proxies(env: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy of each scheme, the lower-case variable first, as curl and urllib read them."""
    found = {scheme: env.get(f"{scheme}_proxy") or env.get(f"{scheme.upper()}_PROXY") for scheme in ("http", "https")}
    return {scheme: url for scheme, url in found.items() if url}


def _bypasses_proxy(host: str, env: Mapping[str, str]) -> bool:
    """Tell whether `host` is in NO_PROXY."""
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # botocore's own choice

    no_proxy = env.get("no_proxy") or env.get("NO_PROXY")
    return bool(_proxies(env) and no_proxy and proxy_bypass_environment(host, {"no": no_proxy}))
