"""Handing a sign-in over to the AWS CLI, in its own form: `~/.aws/sso/cache`, plain text that its owner alone can read.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shellint.cli_files import write_sign_in
from shellint.errors import ConfigError
from shellint.flight import alone
from shellint.paths import private_directory
from shellint.sso.cache import CliToken
from shellint.sso.sealed import SealedToken
from shellint.sso.token import lock_name

if TYPE_CHECKING:
    from pathlib import Path

    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller
    from shellint.sso.values import SignInPlace, Token

__all__ = ["share_token"]


def share_token(place: SignInPlace, caller: Caller) -> Path:
    """Move our token into the AWS CLI's file, and return its path; one that is there already stays.

    It is moved, not copied: a refresh token is good once, and with two holders the second to use it would end the
    sign-in of both. Raises StoreError, and ConfigError when it was made where the AWS CLI's own are not sent.
    """
    instance = place.instance
    if not place.is_of_aws:
        raise ConfigError(
            f"the sign-in to {instance.name} is for {place.portal.url or place.oidc.url}, the AWS CLI's is for AWS",
            "leave out --share, or unset AWS_ENDPOINT_URL_… and endpoint_url",
        )
    ours, cli = SealedToken(place, caller), CliToken(instance, caller)
    with alone(caller.store, lock_name(instance), caller.human):
        token = ours.read()
        if token is not None:
            private_directory(cli.path.parent)
            write_sign_in(cli.path, _fields(instance, token))
            ours.drop()
    return cli.path


def _fields(instance: SsoInstance, token: Token) -> dict[str, str]:
    fields = {
        "startUrl": instance.start_url,
        "region": instance.region,
        "accessToken": token.access,
        "expiresAt": _time(token.expires),
    }
    if token.refresh and token.registration:
        fields |= {
            "refreshToken": token.refresh,
            "clientId": token.registration.client_id,
            "clientSecret": token.registration.secret,
            "registrationExpiresAt": _time(token.registration.expires),
        }
    return fields


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
