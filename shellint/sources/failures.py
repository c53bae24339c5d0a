"""What botocore raises, as the errors of this program: refused by AWS (`refusals.py`), or not answered at all."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from shellint.durations import format_duration
from shellint.errors import ConfigError, NetworkError, ShellintError
from shellint.sources.refusals import one_line, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shellint.sources.refusals import Request

__all__ = ["NOT_AN_ANSWER", "translate"]

NOT_AN_ANSWER = (LookupError, AttributeError, TypeError, ValueError, ArithmeticError, RuntimeError)
"""By these botocore's parser fails over an answer that is well-formed but not AWS's: it does not look, it leaps."""

_Failure = tuple[type[ShellintError], str, str]

_BETWEEN = "a network that wants a login, or a proxy, may stand between"
_NOT_AWS: _Failure = (NetworkError, "what answers as {host} is not AWS", _BETWEEN)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,127}")

# By the name of botocore's class, the first of its bases that is here, so that this file imports no botocore.
_FAILURES: dict[str, _Failure] = {
    "ConnectTimeoutError": (NetworkError, "{host} does not answer", "check the network, VPN and HTTPS_PROXY"),
    "ReadTimeoutError": (NetworkError, "{host} took the request and stayed silent", "try again in a minute"),
    "ProxyConnectionError": (
        NetworkError,
        "the proxy on the way to {host} cannot be used{reason}",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    "SSLError": (
        NetworkError,
        "the TLS connection to {host} cannot be trusted{reason}",
        "{trust}",
    ),
    "EndpointConnectionError": (
        NetworkError,
        "{host} cannot be reached{reason}",
        "check the network, the region and AWS_ENDPOINT_URL",
    ),
    "ConnectionClosedError": (NetworkError, "{host} broke off the connection", "try again in a minute"),
    "ResponseParserError": _NOT_AWS,
    "StrangeAnswer": (NetworkError, "what answers as {host} is not AWS: {text}", _BETWEEN),
    **{kind.__name__: _NOT_AWS for kind in NOT_AN_ANSWER},
    "HTTPClientError": (NetworkError, "the request to {host} failed{reason}", "check the network and HTTPS_PROXY"),
    "BotoCoreError": (ConfigError, "the request for {profile} could not be made: {text}", "correct the profile"),
}


def translate(error: Exception, request: Request, parameters: Mapping[str, Any], now: float) -> ShellintError:
    """Return the error of this program for one that botocore raised; `now` in unix seconds."""
    words = {
        "profile": request.profile,
        "owner": request.owner,
        "owner_quoted": shlex.quote(request.owner),
        "signer": request.signer,
        "host": request.host,
        "region": request.region,
        "trust": request.trust,
        "role": parameters.get("RoleArn", "the role"),
        "serial": parameters.get("SerialNumber", "the MFA device"),
        "duration": format_duration(parameters.get("DurationSeconds", 0)),
    }
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = str(response["ResponseMetadata"].get("HTTPStatusCode", ""))
        code = response.get("Error", {}).get("Code")
        if isinstance(code, str) and code != "Unknown" and _CODE.fullmatch(code):
            return refusal(response, request, words, now)
        # botocore found no error of AWS's in the body and made one of the status line.
        kind, what, todo = _NOT_AWS
        return kind(f"{what.format_map(words)} (HTTP {status})", todo)
    known = (_FAILURES[base.__name__] for base in type(error).__mro__ if base.__name__ in _FAILURES)
    kind, what, todo = next(known, _FAILURES["BotoCoreError"])
    words |= {"reason": _reason(error), "text": one_line(str(error).replace("\n", "; "))}
    return kind(what.format_map(words), todo.format_map(words))


def _reason(error: BaseException) -> str:
    """Return what the operating system or the TLS library says at the bottom of `error`, or nothing."""
    said = [text for text in map(_said, _causes(error)) if text]
    return f": {said[-1]}" if said else ""


def _said(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return ""
    return one_line(getattr(error, "verify_message", "") or error.strerror or "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
