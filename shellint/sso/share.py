"""Handing a sign-in over to the AWS CLI, in its own form: `~/.aws/sso/cache`, plain text that its owner alone can read.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shellint.flight import alone
from shellint.paths import private_directory, write_private
from shellint.sso.cache import CliToken
from shellint.sso.sealed import SealedToken
from shellint.sso.token import lock_name

if TYPE_CHECKING:
    from pathlib import Path

    from shellint.endpoint import Endpoint
    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller
    from shellint.sso.values import Token

__all__ = ["share_token"]


def share_token(instance: SsoInstance, oidc: Endpoint, caller: Caller) -> Path:
    """Move our token into the AWS CLI's file, and return its path; one that is there already stays.

    It is moved, not copied: a refresh token is good once, and with two holders the second to use it would end the
    sign-in of both. Raises StoreError.
    """
    ours, cli = SealedToken(instance, oidc, caller), CliToken(instance, caller)
    with alone(caller.store, lock_name(instance), caller.human):
        token = ours.read()
        if token is not None:
            private_directory(cli.path.parent)
            write_private(cli.path, json.dumps(_fields(instance, token)).encode())
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
