"""`login_session`: the console sign-in that `aws login` of the AWS CLI keeps, used and renewed where it keeps it.

What is kept is a session of 15 minutes, a refresh token that serves once, and the key that the next request has to be
signed with (DPoP, https://www.rfc-editor.org/rfc/rfc9449). botocore knows the file and the service, but signs only
with awscrt, 13 MB of it; `cryptography`, which is here anyway, does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shlex
import uuid
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shellint.cli_files import read_sign_in, write_sign_in
from shellint.credentials import Credentials
from shellint.errors import AwsRefused, NeedsHuman, NetworkError, StoreError
from shellint.flight import alone
from shellint.paths import from_home
from shellint.sources.answers import StrangeAnswer, credentials_in
from shellint.sources.client import aws_client
from shellint.sources.refusals import one_line
from shellint.undisturbed import LIMITS, undisturbed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from shellint.endpoint import Endpoint
    from shellint.plan import Plan
    from shellint.sources.roots import Caller
    from shellint.steps import Provided

__all__ = ["credentials"]

# Seconds. With less than that left botocore renews the session, too.
_AHEAD = 300
# By these AWS says that the refresh token is no longer one: it ended, it has served, the person's rights changed.
_ENDED = {"AccessDeniedException", "ValidationException"}
_NAMES = {"AccessKeyId": "accessKeyId", "SecretAccessKey": "secretAccessKey", "SessionToken": "sessionToken"}


def credentials(step: Provided, plan: Plan, caller: Caller) -> Credentials:
    """Return the session of the sign-in, renewed when little of it is left.

    Raises NeedsHuman when only another `aws login` can help, StoreError when a renewed one could not be written down,
    and as `Client.call`.
    """
    session: str = step.provider.session  # type: ignore[union-attr]  # which is how this file was chosen
    # As botocore names it: LoginTokenLoader.
    name = hashlib.sha256(session.encode(errors="surrogateescape")).hexdigest()
    path = _directory(caller) / f"{name}.json"
    if made := _session(_load(path, step.profile), caller.now(), _AHEAD):
        return made
    with alone(caller.store, f"sign-in-{name}", caller.human):
        # Another process may have renewed it while this one waited, and its refresh token serves no second time.
        kept = _load(path, step.profile)
        if made := _session(kept, caller.now(), _AHEAD):
            return made
        try:
            return _renewed(path, kept, step.profile, plan, caller)
        except (AwsRefused, NetworkError, StoreError):
            if made := _session(kept, caller.now(), 0):
                return made
            raise


def _directory(caller: Caller) -> Path:
    named = caller.env.get("AWS_LOGIN_CACHE_DIRECTORY")
    return from_home(named, caller.aws.parent) if named else caller.aws / "login" / "cache"


def _again(profile: str) -> str:
    return f"`aws login --profile {shlex.quote(profile)}` signs in again"


def _damaged(profile: str) -> NeedsHuman:
    return NeedsHuman(f"what `aws login` keeps for {profile} is damaged", _again(profile))


def _load(path: Path, profile: str) -> dict[str, Any]:
    try:
        return read_sign_in(path)
    except FileNotFoundError:
        raise NeedsHuman(f"nobody has signed in as {profile}", _again(profile).removesuffix(" again")) from None
    except PermissionError:
        what = f"what `aws login` keeps for {profile} is another user's, or was open to one, and is not believed"
        raise NeedsHuman(what, f"remove {path}, then {_again(profile)}") from None
    except (OSError, ValueError):
        raise _damaged(profile) from None


def _session(kept: Mapping[str, Any], now: float, ahead: float) -> Credentials | None:
    """Return the session in what is kept, unless no more than `ahead` seconds are left of it."""
    access = kept.get("accessToken")
    if not isinstance(access, dict):
        return None
    given = {name: access.get(key) for name, key in _NAMES.items()} | {"Expiration": access.get("expiresAt")}
    try:
        found = credentials_in(given, now)
    except StrangeAnswer:
        return None
    is_session = isinstance(found, Credentials) and found.expires is not None
    return found if is_session and found.left(now) > ahead else None  # type: ignore[return-value, union-attr]


def _renewed(path: Path, kept: dict[str, Any], profile: str, plan: Plan, caller: Caller) -> Credentials:
    """Return a new session, which is kept. https://docs.aws.amazon.com/signin/latest/APIReference."""
    key = _key(kept.get("dpopKey"))
    if key is None or not all(isinstance(kept.get(name), str) for name in ("clientId", "refreshToken")):
        raise _damaged(profile)
    endpoint = _endpoint(plan, kept.get("signInRegion"))
    client = aws_client("signin", endpoint, None, caller.env, profile=profile, owner=profile, now=caller.now, once=True)
    client.send_along("DPoP", lambda url: _proof(key, url, caller.now()))
    given = {"clientId": kept["clientId"], "refreshToken": kept["refreshToken"], "grantType": "refresh_token"}

    def read(answer: dict[str, Any]) -> tuple[dict[str, Any], Credentials]:
        output, now = answer["tokenOutput"], caller.now()
        end = datetime.fromtimestamp(now + output["expiresIn"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        access = {key: output["accessToken"][key] for key in _NAMES.values()} | {"expiresAt": end}
        former = kept["accessToken"] if isinstance(kept.get("accessToken"), dict) else {}
        renewed = {**kept, "accessToken": {**former, **access}, "refreshToken": output["refreshToken"]}
        made = _session(renewed, now, 0)
        if made is None or not output["refreshToken"]:
            raise StrangeAnswer("it gave no session")
        return renewed, made

    def renew() -> Credentials:
        renewed, made = client.read("create_o_auth2_token", {"tokenInput": given}, read)
        with contextlib.suppress(OSError, ValueError):  # somebody may have signed out while this took too long,
            if read_sign_in(path) == kept:  # or in again
                write_sign_in(path, renewed)
        return made

    write_sign_in(path, kept)  # on a full disk the next refresh token would be lost, and with it the sign-in
    try:
        return undisturbed(renew, LIMITS[caller.programs])
    except AwsRefused as refused:
        if refused.code not in _ENDED:
            raise
        ended = f"the sign-in of {profile} has ended: {one_line(refused.what)}"
    raise NeedsHuman(ended, _again(profile))


def _endpoint(plan: Plan, region: Any) -> Endpoint:
    """Return where to ask: in the region of the sign-in, where the file says which; it becomes part of a host name."""
    if plan.sign_in is None:
        raise TypeError("a plan that begins with a sign-in has an endpoint for it")
    if isinstance(region, str) and re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}", region):
        return replace(plan.sign_in, region=region)
    return plan.sign_in


def _key(text: Any) -> EllipticCurvePrivateKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text.encode(), None)
    except (AttributeError, TypeError, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1) else None


def _proof(key: EllipticCurvePrivateKey, url: str, now: float) -> str:
    """Return the DPoP header: a JWT, signed by `key`, that says what is asked and when (unix seconds)."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    point = key.public_key().public_numbers()
    public = {"kty": "EC", "crv": "P-256", "x": _base64(point.x.to_bytes(32)), "y": _base64(point.y.to_bytes(32))}
    parts = (
        {"typ": "dpop+jwt", "alg": "ES256", "jwk": public},
        {"htm": "POST", "htu": url, "iat": int(now), "jti": str(uuid.uuid4())},
    )
    signed = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{_base64(r.to_bytes(32) + s.to_bytes(32))}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
