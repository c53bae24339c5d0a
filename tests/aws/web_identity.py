"""AssumeRoleWithWebIdentity: a role for whoever an identity provider vouches for. The call is not signed.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import re
from typing import Any

from tests.aws.call import Call, credentials
from tests.aws.identity_provider import IdentityProvider, claims_of
from tests.aws.messages import AwsError, Element
from tests.aws.sts import CHAINED_SECONDS, ROLE_ARN, check_role_maximum

__all__ = ["assume_role_with_web_identity"]


def assume_role_with_web_identity(call: Call) -> Element:
    """Give temporary credentials of a role. One hour unless told; the token may end sooner."""
    arn = call.parameters["RoleArn"]
    if not re.fullmatch(ROLE_ARN, arn):
        raise AwsError(400, "ValidationError", "Request ARN is invalid")
    token = call.parameters["WebIdentityToken"]
    claims = _claims(token)
    provider = _provider(call, arn.split(":")[4], claims)
    _verify(provider, token, claims, call.directory.clock())
    role = call.directory.roles.get(arn)
    if role is None or provider.arn not in role.trusted or "sts:AssumeRoleWithWebIdentity" not in role.actions:
        raise AwsError(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    duration = call.duration(CHAINED_SECONDS)
    check_role_maximum(role, duration)
    session = call.directory.session_of_role(role, call.parameters["RoleSessionName"], expires=call.expiry(duration))
    return {
        "SubjectFromWebIdentityToken": claims["sub"],
        "Audience": provider.audience,
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        "Credentials": credentials(session),
        "Provider": provider.arn,
    }


def _claims(token: str) -> dict[str, Any]:
    try:
        claims = claims_of(token)
    except ValueError:
        raise _invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        ) from None
    if missing := [name for name in ("iss", "aud", "sub", "exp", "iat") if name not in claims]:
        raise _invalid(f"Missing a required claim: {missing[0]}")
    return claims


def _provider(call: Call, account: str, claims: dict[str, Any]) -> IdentityProvider:
    """Return the provider that the role's account has for the issuer."""
    name = str(claims["iss"]).removeprefix("https://")
    provider = call.directory.providers.get(f"arn:aws:iam::{account}:oidc-provider/{name}")
    if provider is None or provider.url != claims["iss"]:
        raise _invalid(f"No OpenIDConnect provider found in your account for {claims['iss']}")
    return provider


def _verify(provider: IdentityProvider, token: str, claims: dict[str, Any], now: float) -> None:
    if not provider.verifies(token):
        raise _invalid("Couldn't retrieve verification key from your identity provider")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if provider.audience not in audiences:
        raise _invalid("Incorrect token audience")
    if not isinstance(claims["exp"], int) or now >= claims["exp"]:
        message = f"Token expired: current date/time {int(now)} must be before the expiration date/time {claims['exp']}"
        raise AwsError(400, "ExpiredTokenException", message)


def _invalid(message: str) -> AwsError:
    return AwsError(400, "InvalidIdentityToken", message)
