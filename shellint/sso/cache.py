"""The AWS CLI's own sign-ins, in `~/.aws/sso/cache`: used while they last, refreshed in place when they do not.

A refresh token is good once, so what it gives goes back into the file, in the form in which botocore reads and writes
it (botocore.tokens.SSOTokenProvider); else the AWS CLI would be signed out.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shellint.cli_files import read_sign_in, write_sign_in
from shellint.paths import sweep_temporary
from shellint.sso.values import Registration, Token, is_token

if TYPE_CHECKING:
    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller

__all__ = ["CliToken"]


class CliToken:
    """The AWS CLI's token for an instance. A file that is malformed, too large or that others may write is none."""

    def __init__(self, instance: SsoInstance, caller: Caller) -> None:
        self._instance = instance
        digest = hashlib.sha1(instance.name.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
        self.path = caller.aws / "sso" / "cache" / f"{digest}.json"

    def read(self) -> Token | None:
        """Return the token, without what would refresh it where the file cannot be replaced."""
        fields = self._fields()
        access, expires = fields.get("accessToken"), _seconds(fields.get("expiresAt"))
        if expires is None or not is_token(access):
            return None
        registration = _registration(fields)
        refresh = fields.get("refreshToken")
        if not is_token(refresh) or registration is None or not os.access(self.path.resolve().parent, os.W_OK):
            refresh = None
        return Token(str(access), expires, refresh, registration)

    def write(self, token: Token) -> None:
        """Put a refreshed token in its place; when the AWS CLI has signed out meanwhile, nothing. Raises StoreError."""
        fields = self._fields()
        if not fields:
            return
        end = datetime.fromtimestamp(token.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields |= {"accessToken": token.access, "expiresAt": end}
        if token.refresh:
            fields["refreshToken"] = token.refresh
        else:
            fields.pop("refreshToken", None)
        write_sign_in(self.path, fields)

    def ready(self) -> None:
        """Make sure that a token can be kept, by writing once more what there is. Raises StoreError."""
        if fields := self._fields():
            write_sign_in(self.path, fields)

    def drop(self) -> None:
        """Leave it: what cannot be refreshed is the AWS CLI's to replace."""

    def remove(self) -> bool:
        """Sign the AWS CLI out, as `aws sso logout` does, and tell whether it was signed in."""
        sweep_temporary(self.path)
        if not self._fields():
            return False
        self.path.unlink(missing_ok=True)
        return True

    def _fields(self) -> dict[str, Any]:
        """Return what the file has, nothing when it is not for this instance."""
        try:
            fields = read_sign_in(self.path)
        except (OSError, ValueError):
            return {}
        for key, ours in (("startUrl", self._instance.start_url), ("region", self._instance.region)):
            if fields.get(key, ours) != ours:
                return {}
        return fields


def _registration(fields: dict[str, Any]) -> Registration | None:
    client_id, secret = fields.get("clientId"), fields.get("clientSecret")
    expires = _seconds(fields.get("registrationExpiresAt"))
    if expires is None or not is_token(client_id) or not is_token(secret):
        return None
    return Registration(str(client_id), str(secret), expires)


def _seconds(text: object) -> int | None:
    """Return a time in unix seconds; None for what no version of botocore or of the AWS CLI has written."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix("UTC"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
