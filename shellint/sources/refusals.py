"""What botocore raises, as the errors of this program: one line that says why, one that says what to do.

Three tables: what AWS refuses, how a connection fails, and the codes by which AWS complains about the clock.
AWS's own code and message are shown; of its message only the first line, because the answer to a wrong signature may
go on with the whole request, session token included.

AWS's codes: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and the Errors section of
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shellint.durations import format_duration
from shellint.errors import AwsRefused, ConfigError, NetworkError, ShellintError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Request", "WrongMfaCode", "clock_offset", "translate"]

_SHOWN = 300  # characters of AWS's message: an encoded authorization message has thousands
# SigV4 tolerates 15 minutes (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html);
# from a third of that on, a refused signature is the clock's fault more likely than the key's.
_CLOCK_IS_OFF = 300


class WrongMfaCode(AwsRefused):
    """The code was wrong, or had been used once already; another one may be right."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks and where: what an error has to name."""

    profile: str
    access_key_id: str
    long_term: bool
    host: str
    region: str
    ca_bundle: str | None

    @property
    def signer(self) -> str:
        """Return the words for what signed the request; of its id only both ends are shown."""
        masked = f"{self.access_key_id[:4]}…{self.access_key_id[-4:]}"
        return f"the key {masked} of {self.profile}" if self.long_term else f"the session {masked}"

    @property
    def trust(self) -> str:
        """Return what to do about a certificate that is not trusted."""
        if self.ca_bundle:
            return f"check the CA bundle {self.ca_bundle}"
        return "if a company proxy signs for it, set AWS_CA_BUNDLE to that proxy's CA file"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Applies when AWS's code is `code` (with or without `Exception` after it) and its message has `says` in it.

    The two lines are format strings.
    """

    code: str
    says: str
    what: str
    todo: str
    error: type[AwsRefused] = AwsRefused


_STORE_AGAIN = "`vault add {profile}` stores a key anew"
_SLOW_DOWN = ("AWS asks to slow down", "try again in a minute")
_POLICY = ("the session tags of {role} are more than AWS takes", "use fewer or shorter session_tags")

_RULES = (
    # These two before the wrong secret: AWS gives them the same code.
    _Rule("SignatureDoesNotMatch", "Signature expired", "this machine's clock is behind AWS's", "set the clock"),
    _Rule("SignatureDoesNotMatch", "not yet current", "this machine's clock is ahead of AWS's", "set the clock"),
    _Rule("SignatureDoesNotMatch", "", "the secret that goes with {signer} is wrong", _STORE_AGAIN),
    _Rule(
        "InvalidClientTokenId",
        "",
        "AWS does not know {signer}: deleted, deactivated, or of another partition",
        _STORE_AGAIN,
    ),
    _Rule("ExpiredToken", "", "{signer} has expired", "try again; if it stays so, check this machine's clock"),
    _Rule(
        "AccessDenied",
        "invalid MFA one time pass code",
        "AWS did not accept the MFA code for {serial}: it is wrong, or was used once already",
        "wait for the next code",
        WrongMfaCode,
    ),
    _Rule(
        "AccessDenied",
        "MultiFactorAuthentication failed",
        "the MFA device {serial} is not one of {profile}'s user",
        "correct mfa_serial in the profile, or AWS_MFA_SERIAL",
    ),
    _Rule(
        "AccessDenied",
        "sts:AssumeRole",
        "{profile} may not assume {role}",
        "its trust policy and yours must both allow it; it may ask for mfa_serial or external_id in the profile",
    ),
    _Rule("AccessDenied", "", "{profile} may not do this", "ask whoever runs the account"),
    _Rule(
        "RegionDisabled",
        "",
        "the account has not activated STS in {region}",
        "use another region, or activate it in the account's settings",
    ),
    _Rule("Throttling", "", *_SLOW_DOWN),
    _Rule("RequestLimitExceeded", "", *_SLOW_DOWN),
    _Rule(
        "ValidationError",
        "MaxSessionDuration",
        "{role} gives sessions shorter than {duration}",
        "ask for less (--duration, duration_seconds), or raise the role's maximum session duration",
    ),
    _Rule(
        "ValidationError",
        "role chaining",
        "{role} is assumed from a session, which is good for one hour and not for {duration}",
        "ask for 1h or less (--duration, duration_seconds)",
    ),
    _Rule("ValidationError", "", "AWS takes a setting of {profile} to be wrong", "correct it in the profile"),
    _Rule("MalformedPolicyDocument", "", *_POLICY),
    _Rule("PackedPolicyTooLarge", "", *_POLICY),
    _Rule("", "", "AWS refused", "try again; if it stays so, ask whoever runs the account"),
)

_CLOCK_CODES = {"SignatureDoesNotMatch", "InvalidSignature", "RequestExpired", "RequestTimeTooSkewed"}

_NOT_AWS = (
    NetworkError,
    "what answers as {host} is not AWS",
    "a network that wants a login, or a proxy, may stand between",
)

# By the name of botocore's class, the first of its bases that is here, so that this file imports no botocore.
_FAILURES: dict[str, tuple[type[ShellintError], str, str]] = {
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
    "KeyError": _NOT_AWS,
    "HTTPClientError": (NetworkError, "the request to {host} failed{reason}", "check the network and HTTPS_PROXY"),
    "BotoCoreError": (ConfigError, "the request for {profile} could not be made: {text}", "correct the profile"),
}


def translate(error: Exception, request: Request, parameters: Mapping[str, Any], now: float) -> ShellintError:
    """Return the error of this program for one that botocore raised; `now` in unix seconds."""
    words = {
        "profile": request.profile,
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
        return _refused(response, words, now)
    known = (_FAILURES[base.__name__] for base in type(error).__mro__ if base.__name__ in _FAILURES)
    kind, what, todo = next(known, _FAILURES["BotoCoreError"])
    words |= {"reason": _reason(error), "text": _one_line(str(error).replace("\n", "; "))}
    return kind(what.format_map(words), todo.format_map(words))


def clock_offset(metadata: Mapping[str, Any], now: float) -> int | None:
    """Return by how many seconds this machine's clock is ahead of AWS's, from botocore's `ResponseMetadata`.

    None when the answer has no usable Date header.
    """
    from email.utils import parsedate_to_datetime

    try:
        return round(now - parsedate_to_datetime(metadata["HTTPHeaders"]["date"]).timestamp())
    except (KeyError, ValueError, TypeError):
        return None


def _refused(response: Mapping[str, Any], words: dict[str, str], now: float) -> ShellintError:
    metadata = response.get("ResponseMetadata", {})
    status = str(metadata.get("HTTPStatusCode", ""))
    code = response.get("Error", {}).get("Code", "")
    message = response.get("Error", {}).get("Message", "")
    if code in {"", "Unknown", status}:
        # botocore found no error of AWS's in the body and made one of the status line.
        kind, what, todo = _NOT_AWS
        return kind(f"{what.format_map(words)} (HTTP {status})", todo)
    family = code.removesuffix("Exception")
    rule = next(rule for rule in _RULES if rule.code in {"", family} and rule.says in message)
    offset = clock_offset(metadata, now)
    if family in _CLOCK_CODES and offset is not None and abs(offset) > _CLOCK_IS_OFF:
        side = "behind" if offset < 0 else "ahead of"
        rule = _Rule(
            code, "", f"this machine's clock is {round(abs(offset) / 60)} minutes {side} AWS's", "set the clock"
        )
    what = f"{rule.what.format_map(words)} ({code}: {_one_line(message)})"
    return rule.error(what, rule.todo.format_map(words), code=code)


def _one_line(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return "".join(character for character in first if character.isprintable())[:_SHOWN].strip()


def _reason(error: BaseException) -> str:
    """Return what the operating system or the TLS library says at the bottom of `error`, or nothing."""
    said = [text for text in map(_said, _causes(error)) if text]
    return f": {said[-1]}" if said else ""


def _said(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return ""
    return _one_line(getattr(error, "verify_message", "") or error.strerror or "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
