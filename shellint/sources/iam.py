"""IAM: the access keys of one user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html and the actions named there
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from shellint.credentials import LongTermKey
from shellint.errors import AwsRefused, ConfigError
from shellint.rotation import UserKey
from shellint.sources.answers import StrangeAnswer, credentials_in
from shellint.sources.client import aws_client
from shellint.sources.refusals import clock_offset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.credentials import Credentials
    from shellint.endpoint import Endpoint
    from shellint.sources.client import Client

__all__ = ["PERMISSIONS", "Iam", "Listing", "iam_client", "user_of"]

PERMISSIONS = (
    "the user needs iam:ListAccessKeys, iam:CreateAccessKey and iam:DeleteAccessKey on itself;"
    " where its policy asks for MFA, the profile needs mfa_serial"
)

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: a name, perhaps behind a path.
_USER = re.compile(r"arn:[^:]+:iam::\d+:user/(?:.*/)?([\w+=,.@-]+)", re.ASCII)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Listing:
    """A user's keys, and by how many seconds this machine's clock was ahead of AWS's when it listed them."""

    keys: tuple[UserKey, ...]
    ahead: int

    def find(self, access_key_id: str) -> UserKey | None:
        """Return the key of that id."""
        return next((key for key in self.keys if key.access_key_id == access_key_id), None)


class Iam:
    """IAM, asked about the keys of `user`, whom it is told: a session of a role has no user of its own.

    Each method raises as `Client.call`; where AWS forbids it, the error says which permissions are needed.
    """

    def __init__(self, connect: Callable[..., Client], user: str) -> None:
        self._connect = connect
        self._client = connect()
        self._user = user

    def keys(self) -> Listing:
        """List the keys; the answer has all of them, since they are two at most."""
        return self._ask("list_access_keys", self._listing)

    def create(self) -> LongTermKey:
        """Make a key. Asked once: had only the answer been lost, another try would be one key too many."""
        return self._ask("create_access_key", self._created, client=self._connect(once=True))

    def delete(self, access_key_id: str) -> None:
        """Delete a key, if it is still there."""
        try:
            # AWS's answer is empty but for this: without it the answer is somebody else's, a portal's perhaps.
            self._ask(
                "delete_access_key",
                lambda answer: answer["ResponseMetadata"]["RequestId"],
                {"AccessKeyId": access_key_id},
            )
        except AwsRefused as refused:
            if refused.code != "NoSuchEntity":
                raise

    def last_used(self, access_key_id: str) -> float | None:
        """Return when a key was used last (unix seconds), as far as AWS knows; None for never."""
        return self._client.read(
            "get_access_key_last_used",
            {"AccessKeyId": access_key_id},
            lambda answer: _seconds(answer["AccessKeyLastUsed"].get("LastUsedDate")),
        )

    def _ask(
        self,
        operation: str,
        read: Callable[[Mapping[str, Any]], _Answer],
        parameters: Mapping[str, str] | None = None,
        *,
        client: Client | None = None,
    ) -> _Answer:
        try:
            return (client or self._client).read(operation, {"UserName": self._user} | dict(parameters or {}), read)
        except AwsRefused as refused:
            if refused.code not in {"AccessDenied", "AccessDeniedException"}:
                raise
            failure = AwsRefused(refused.what, PERMISSIONS, code=refused.code)
        raise failure

    def _listing(self, answer: Mapping[str, Any]) -> Listing:
        keys = tuple(
            UserKey(each["AccessKeyId"], each["Status"] == "Active", each["CreateDate"].timestamp())
            for each in answer["AccessKeyMetadata"]
        )
        return Listing(keys, clock_offset(answer["ResponseMetadata"], self._client.now()) or 0)

    def _created(self, answer: Mapping[str, Any]) -> LongTermKey:
        given = {name: answer["AccessKey"][name] for name in ("AccessKeyId", "SecretAccessKey")}
        made = credentials_in(given, self._client.now())
        if not isinstance(made, LongTermKey):
            raise StrangeAnswer("it gave a session")
        return made


def iam_client(
    endpoint: Endpoint,
    credentials: LongTermKey | Credentials,
    env: Mapping[str, str],
    *,
    user: str,
    owner: str,
    now: Callable[[], float],
) -> Iam:
    """Return IAM for the keys of `user`, asked with the `credentials` of profile `owner`, as `aws_client`.

    Raises ConfigError when the CA bundle or the endpoint's URL cannot be used.
    """
    connect = partial(aws_client, "iam", endpoint, credentials, env, profile=owner, owner=owner, now=now)
    return Iam(connect, user)


def user_of(
    endpoint: Endpoint, key: LongTermKey, env: Mapping[str, str], *, owner: str, now: Callable[[], float]
) -> str:
    """Return the name of the user whose key it is, from GetCallerIdentity at STS, which no policy can deny.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html. Raises as `Client.call`, and
    ConfigError when it is not the key of a user of IAM.
    """
    sts = aws_client("sts", endpoint, key, env, profile=owner, owner=owner, now=now)
    arn = sts.read("get_caller_identity", {}, lambda answer: str(answer["Arn"]))
    if found := _USER.fullmatch(arn):
        return found[1]
    raise ConfigError(
        f"the key of {owner} is not that of an IAM user", "replace it in the AWS console, then `vault add`"
    )


def _seconds(moment: Any) -> float | None:
    return None if moment is None else float(moment.timestamp())
