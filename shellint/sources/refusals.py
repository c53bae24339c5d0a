"""What AWS refuses, as errors of this program: one line that says why, one that says what to do.

AWS's own code and message are shown; of its message only the first line, because the answer to a wrong signature may
go on with the whole request, session token included.

AWS's codes: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and the Errors section of
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shellint.errors import AwsRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Request", "WrongMfaCode", "clock_offset", "one_line", "refusal"]

_SHOWN = 300  # characters of AWS's message: an encoded authorization message has thousands
# SigV4 tolerates 15 minutes (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html);
# from a third of that on, a refused signature is the clock's fault more likely than the key's.
_CLOCK_IS_OFF = 300


class WrongMfaCode(AwsRefused):
    """The code was wrong, or had been used once already; another one may be right."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what and where: what an error has to name.

    `profile` is what the session is for; `owner` the profile whose key or session signs the request.
    """

    profile: str
    owner: str
    access_key_id: str | None
    long_term: bool
    host: str
    region: str
    ca_bundle: str | None

    @property
    def signer(self) -> str:
        """Return the words for what signed the request; of its id only both ends are shown."""
        if self.access_key_id is None:
            return f"the sign-in of {self.owner}"
        masked = f"{self.access_key_id[:4]}…{self.access_key_id[-4:]}"
        return f"the key {masked} of {self.owner}" if self.long_term else f"the session {masked} of {self.owner}"

    @property
    def trust(self) -> str:
        """Return what to do about a certificate that is not trusted."""
        if self.ca_bundle:
            return f"check the CA bundle {self.ca_bundle}"
        return "if a company proxy signs for it, set AWS_CA_BUNDLE to that proxy's CA file"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Applies when AWS's code is `code` (with or without `Exception`) and its message has `says` in it.

    With `long_term`, only to a request that a key signed. The two lines are format strings.
    """

    code: str
    says: str
    what: str
    todo: str
    error: type[AwsRefused] = AwsRefused
    long_term: bool = False


_STORE_AGAIN = "`vault add {owner_quoted}` stores a key anew"
_SLOW_DOWN = ("AWS asks to slow down", "try again in a minute")
_PROVIDER = "the account must have the provider, with the audience of the token; a new token may help"
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
        long_term=True,
    ),
    _Rule(
        "InvalidClientTokenId",
        "",
        "AWS does not know {signer}: revoked, its key is gone, or the account has not enabled {region}",
        "try another region, or look at the key in the IAM console",
    ),
    _Rule(
        "ExpiredToken",
        "Token expired",
        "the web identity token of {owner} has expired",
        "get a new one from where it comes from (web_identity_token_file, web_identity_token_process)",
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
        "the MFA device {serial} is not one of the user of {owner}",
        "correct mfa_serial in the profile, or AWS_MFA_SERIAL",
    ),
    _Rule(
        "AccessDenied",
        "sts:AssumeRoleWithWebIdentity",
        "{role} does not trust the web identity token of {owner}",
        "its trust policy must name the provider, the audience and the subject of the token",
    ),
    _Rule("InvalidIdentityToken", "", "AWS does not accept the web identity token of {owner}", _PROVIDER),
    _Rule("IDPRejectedClaim", "", "the identity provider does not stand by the token of {owner}", _PROVIDER),
    _Rule("IDPCommunicationError", "", "AWS cannot reach the identity provider of {owner}", "try again in a minute"),
    _Rule(
        "AccessDenied",
        "sts:AssumeRole",
        "{owner} may not assume {role}",
        "its trust policy and yours must both allow it; it may ask for mfa_serial or external_id in the profile",
    ),
    _Rule(
        "AccessDenied",
        "sts:GetFederationToken",
        "the user of {owner} may not open the console with its key",
        "its policy must allow sts:GetFederationToken; or name a profile with a role",
    ),
    _Rule("AccessDenied", "", "{owner} may not do this", "ask whoever runs the account"),
    _Rule(
        "RegionDisabled",
        "",
        "the account has not activated STS in {region}",
        "use another region, or activate it in the account's settings",
    ),
    _Rule("Throttling", "", *_SLOW_DOWN),
    _Rule("RequestLimitExceeded", "", *_SLOW_DOWN),
    _Rule("TooManyRequests", "", *_SLOW_DOWN),
    _Rule("TooManyRequestsError", "", *_SLOW_DOWN),
    _Rule("Unauthorized", "", "AWS does not accept {signer}", "`vault sso login` signs in anew"),
    _Rule(
        "ValidationError",
        "MaxSessionDuration",
        "{role} gives no session of {duration}",
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


def refusal(response: Mapping[str, Any], request: Request, words: Mapping[str, str], now: float) -> AwsRefused:
    """Return the error for an answer with one of AWS's codes; `words` fill the lines, `now` is in unix seconds."""
    code, message = response["Error"]["Code"], response["Error"].get("Message")
    if not isinstance(message, str):
        message = ""
    family = code.removesuffix("Exception")
    rule = next(
        rule
        for rule in _RULES
        if rule.code in {"", family} and rule.says in message and (request.long_term or not rule.long_term)
    )
    offset = clock_offset(response["ResponseMetadata"], now)
    if family in _CLOCK_CODES and offset is not None and abs(offset) > _CLOCK_IS_OFF:
        side = "behind" if offset < 0 else "ahead of"
        rule = _Rule(
            code, "", f"this machine's clock is {round(abs(offset) / 60)} minutes {side} AWS's", "set the clock"
        )
    said = f"{code}: {one_line(message)}" if message.strip() else code
    what = f"{rule.what.format_map(words)} ({said})"
    return rule.error(what, rule.todo.format_map(words), code=code)


def clock_offset(metadata: Mapping[str, Any], now: float) -> int | None:
    """Return by how many seconds this machine's clock is ahead of AWS's, from botocore's `ResponseMetadata`.

    None when the answer has no usable Date header.
    """
    from email.utils import parsedate_to_datetime

    try:
        return round(now - parsedate_to_datetime(metadata["HTTPHeaders"]["date"]).timestamp())
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def one_line(text: str) -> str:
    """Return the first line of a foreign text, printable and not too long."""
    first = text.strip().partition("\n")[0]
    return "".join(character for character in first if character.isprintable())[:_SHOWN].strip()
