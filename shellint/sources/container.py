"""The endpoint of a container: that of ECS, of EKS Pod Identity, or of a server like them.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shellint.errors import ConfigError, NetworkError, ShellintError
from shellint.sources.failures import NOT_AN_ANSWER
from shellint.sources.refusals import one_line
from shellint.sources.token_file import read_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shellint.sources.roots import Caller

__all__ = ["container"]

# Seconds to wait for each of botocore's three attempts, and after each of them.
TIMEOUT, PAUSE = 2.0, 1.0
_RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_HEADER = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_HEADER_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"


def container(profile: str, caller: Caller) -> tuple[str, Mapping[str, Any]]:
    """Return where the credentials come from and what they are, under AWS's names, unchecked.

    Raises ConfigError when the variables are missing or wrong, or name a host that could be anybody's, NetworkError
    when nobody answers, or with no.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import ContainerMetadataFetcher

    env = caller.env
    variable = next((name for name in (_RELATIVE, _FULL) if env.get(name)), None)
    if variable is None:
        raise ConfigError(
            f"{profile} takes its credentials from the container, which sets neither {_RELATIVE} nor {_FULL}",
            "run it in a container that has a role, or use another profile",
        )
    headers = _authorization(env)
    # A session of its own, which has no proxy: the address stands for the machine itself.
    fetcher = ContainerMetadataFetcher(URLLib3Session(timeout=TIMEOUT), sleep=lambda _: time.sleep(PAUSE))
    url = fetcher.full_url(env[variable]) if variable == _RELATIVE else env[variable]
    place = f"the container's endpoint ({variable})"
    failure: ShellintError
    try:
        answer = fetcher.retrieve_full_uri(url, headers=headers)
    except BotoCoreError as error:
        status = re.search(r"non 200 response ([0-9]{3})\b", str(error))
        why = f"it answered HTTP {status[1]}" if status else "it does not answer, or not as AWS does"
        failure = NetworkError(f"{place} gave {profile} no credentials: {why}", f"check {variable} and {_HEADER}")
    except NOT_AN_ANSWER:
        failure = ConfigError(f"{variable} is no URL that AWS allows there", "it takes https, or a loopback address")
    else:
        found = answer if isinstance(answer, dict) else {}
        return place, {**found, "SessionToken": found.get("Token")}
    # Raised out here, so that it is chained to nothing: what botocore raises holds the answer.
    raise failure


def _authorization(env: Mapping[str, str]) -> dict[str, str] | None:
    """Return the header that the endpoint wants; a file comes before a variable, as in botocore."""
    file = env.get(_HEADER_FILE)
    try:
        token = read_token(Path(file)).decode().rstrip("\r\n") if file else env.get(_HEADER)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"{_HEADER_FILE} cannot be read: {one_line(file or '')}: {why}", "correct it") from None
    if token and not re.fullmatch("[ -~]{1,32768}", token):
        raise ConfigError(f"{_HEADER_FILE if file else _HEADER} is no header of one line", "correct it")
    return {"Authorization": token} if token else None
