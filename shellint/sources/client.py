"""A service of AWS as one caller sees it: a boto3 client that knows only what it was told.

boto3 on its own reads the process environment, `~/.aws` and the metadata service of the machine. Here everything is
handed in, because the caller's environment is not this process's (an agent serves many shells), and because a stale
`AWS_PROFILE` must not decide where a key is sent.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from shellint.credentials import LongTermKey
from shellint.errors import ConfigError
from shellint.sources.failures import NOT_AN_ANSWER, translate
from shellint.sources.kept_clients import Shape, client_for
from shellint.sources.refusals import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shellint.credentials import Credentials
    from shellint.endpoint import Endpoint
    from shellint.sources.kept_clients import Kept

__all__ = ["ATTEMPTS", "CONNECT_TIMEOUT", "READ_TIMEOUT", "Client", "aws_client", "proxies_to"]

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
# Three attempts of READ_TIMEOUT: an endpoint that accepts and never answers is given up after about half a minute.
ATTEMPTS = 3
# Seconds after which a person would wonder.
NOTICE = 4.0

_Answer = TypeVar("_Answer")


class Client:
    """A service, asked with one key, one session or nothing. Made by `aws_client`."""

    def __init__(
        self,
        kept: Kept,
        credentials: LongTermKey | Credentials | None,
        request: Request,
        now: Callable[[], float],
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._kept = kept
        self._credentials = credentials
        self._request = request
        self._notice = notice
        self.now = now

    @property
    def url(self) -> str:
        """Where it is asked."""
        return self._kept.url

    def send_along(self, header: str, value: Callable[[str], str]) -> None:
        """Send `header` with every request; its `value` is made of the URL that is asked."""
        self._kept.send_along(header, value)

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
            with self._sign_of_life(), self._kept.asked(self._credentials) as client:
                answer = getattr(client, operation)(**parameters)
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
    shape = Shape(
        service=service,
        endpoint=endpoint,
        signed=credentials is not None,
        attempts=1 if once else ATTEMPTS,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        proxies=tuple(_proxies(env).items()),
        bundle=_state(endpoint.ca_bundle),
    )
    try:
        made = client_for(shape)
        host = urlsplit(made.url).netloc
        if _bypasses_proxy(host, env):
            made = client_for(replace(shape, proxies=()))
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


def _state(bundle: str | None) -> tuple[int, ...]:
    """Return what is different once the file of a CA bundle is another. Raises ConfigError when it is none."""
    if bundle is None:
        return ()
    if not Path(bundle).is_file():
        raise ConfigError(f"the CA bundle {bundle} is not a file", "correct AWS_CA_BUNDLE or ca_bundle in the profile")
    found = Path(bundle).stat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


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
