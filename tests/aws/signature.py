"""Signature Version 4, verified from the raw request.

Written from https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and
deliberately not on botocore's signer, so that a mistake there would show. Messages are those AWS sends
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_plus

from tests.aws.messages import AwsError, RawRequest

__all__ = ["Authorization", "check_scope", "check_time", "parse", "signature_of", "verify"]

ALGORITHM = "AWS4-HMAC-SHA256"
TOLERANCE = timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """The Authorization header taken apart, with the X-Amz-Date that belongs to it."""

    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str

    @property
    def scope(self) -> str:
        """The credential scope: everything of the credential but the key."""
        return "/".join((self.date, self.region, self.service, self.terminator))


def parse(request: RawRequest) -> Authorization:
    """Take the Authorization header apart; raises AwsError when it is missing or incomplete."""
    header = request.header("authorization")
    if not header:
        raise AwsError(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise _incomplete(f"Authorization header requires '{name}' parameter.")
    credential = fields["Credential"].split("/")
    if len(credential) != 5:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
        )
    stamp = request.header("x-amz-date")
    if not stamp:
        raise _incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    access_key_id, date, region, service, terminator = credential
    return Authorization(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        terminator=terminator,
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
        stamp=stamp,
    )


def check_time(authorization: Authorization, now: float) -> None:
    """Refuse a request signed more than 15 minutes from `now` (unix seconds)."""
    try:
        signed = datetime.strptime(authorization.stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise _incomplete("Date must be in ISO-8601 'basic format'.") from None
    here = datetime.fromtimestamp(now, UTC)
    if signed < here - TOLERANCE:
        raise _mismatch(f"Signature expired: {authorization.stamp} is now earlier than {_window(here, -1)}")
    if signed > here + TOLERANCE:
        raise _mismatch(f"Signature not yet current: {authorization.stamp} is still later than {_window(here, +1)}")


def check_scope(authorization: Authorization, service: str) -> None:
    """Refuse a credential scoped to another day, another service, or to something else than a request."""
    if authorization.date != authorization.stamp[:8]:
        raise _mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
    if authorization.service != service:
        raise _mismatch(f"Credential should be scoped to correct service: '{service}'.")
    if authorization.terminator != "aws4_request":
        raise _mismatch("Credential should be scoped with a valid terminator: 'aws4_request'.")


def verify(request: RawRequest, authorization: Authorization, secret: str) -> None:
    """Refuse a signature that `secret` does not make of this request, or that leaves out what must be signed."""
    signed = authorization.signed_headers
    for name, _ in request.headers:
        if (name == "host" or name.startswith("x-amz-")) and name not in signed:
            raise _mismatch(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    if not hmac.compare_digest(signature_of(request, authorization, secret), authorization.signature):
        raise _mismatch(_MISMATCH)


def signature_of(request: RawRequest, authorization: Authorization, secret: str) -> str:
    """Return the signature, in hexadecimal, that `secret` makes of this request."""
    canonical = hashlib.sha256(_canonical_request(request, authorization.signed_headers).encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, authorization.stamp, authorization.scope, canonical))
    key = f"AWS4{secret}".encode()
    for part in authorization.scope.split("/"):
        key = _hmac(key, part)
    return _hmac(key, to_sign).hex()


def _canonical_request(request: RawRequest, signed_headers: tuple[str, ...]) -> str:
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),  # every service but S3 encodes the path a second time
            _canonical_query(request.query),
            *(f"{name}:{_canonical_value(request, name)}" for name in signed_headers),
            "",
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    encoded = (tuple(quote(unquote_plus(word), safe="-_.~") for word in (name, value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _canonical_value(request: RawRequest, name: str) -> str:
    return ",".join(re.sub(r" +", " ", value.strip()) for key, value in request.headers if key == name)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _window(here: datetime, sign: int) -> str:
    edge = (here + sign * TOLERANCE).strftime(_STAMP)
    return f"{edge} ({here.strftime(_STAMP)} {'-' if sign < 0 else '+'} 15 min.)"


def _incomplete(message: str) -> AwsError:
    return AwsError(400, "IncompleteSignature", message)


def _mismatch(message: str) -> AwsError:
    return AwsError(403, "SignatureDoesNotMatch", message)
