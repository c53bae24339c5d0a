"""The actions of IAM that a user needs for the keys of one's own.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html and the other actions there
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.aws.call import Action, Call, instant
from tests.aws.identity import KEYS_PER_USER, AccessKey, User
from tests.aws.messages import AwsError, Element

__all__ = ["ACTIONS"]

_STATUS = {True: "Active", False: "Inactive"}


def get_user(call: Call) -> Element:
    """Describe a user."""
    user = _user(call)
    described = {"Path": "/", "UserName": user.name, "UserId": user.user_id, "Arn": user.arn}
    return {"User": described | {"CreateDate": instant(user.created)}}


def list_access_keys(call: Call) -> Element:
    """List a user's keys, without their secrets."""
    user = _user(call)
    listed = [key for key in user.keys if not key.unlisted_for]
    for key in user.keys:
        key.unlisted_for = max(0, key.unlisted_for - 1)
    return {"AccessKeyMetadata": [_metadata(key) for key in listed], "IsTruncated": "false"}


def create_access_key(call: Call) -> Element:
    """Make a key, of which a user has two at most."""
    user = _user(call)
    if len(user.keys) >= KEYS_PER_USER:
        raise AwsError(409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {KEYS_PER_USER}")
    made = call.directory.keys[user.add_key().access_key_id]
    made.unknown_for = call.directory.propagation
    return {"AccessKey": {**_metadata(made), "SecretAccessKey": made.secret}}


def update_access_key(call: Call) -> None:
    """Make a key active or inactive."""
    _key(call).active = call.parameters["Status"] == "Active"


def delete_access_key(call: Call) -> None:
    """Delete a key."""
    key = _key(call)
    key.user.delete_key(key.access_key_id)


def get_access_key_last_used(call: Call) -> Element:
    """Say when and for what a key was used last; of one that is not there, nothing is known."""
    key = call.directory.keys.get(call.parameters["AccessKeyId"])
    if key is None or key.user.account != call.caller.account:
        raise AwsError(403, "AccessDenied", "User is not authorized to perform: iam:GetAccessKeyLastUsed")
    used = key.last_used
    last: dict[str, Element] = {"ServiceName": used.service, "Region": used.region} if used else _NEVER
    if used:
        last["LastUsedDate"] = instant(used.time)
    return {"UserName": key.user.name, "AccessKeyLastUsed": last}


_NEVER: dict[str, Element] = {"ServiceName": "N/A", "Region": "N/A"}

ACTIONS: Mapping[str, Action] = {
    "GetUser": get_user,
    "ListAccessKeys": list_access_keys,
    "CreateAccessKey": create_access_key,
    "UpdateAccessKey": update_access_key,
    "DeleteAccessKey": delete_access_key,
    "GetAccessKeyLastUsed": get_access_key_last_used,
}


def _user(call: Call) -> User:
    """Return the user who is named, in the caller's account, or the caller."""
    name = call.parameters.get("UserName")
    if name is None and call.caller.user is None:
        raise AwsError(400, "ValidationError", "Must specify userName when calling with non-User credentials")
    if name is None:
        assert call.caller.user is not None
        return call.caller.user
    user = call.directory.users.get(f"arn:aws:iam::{call.caller.account}:user/{name}")
    if user is None:
        raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    return user


def _key(call: Call) -> AccessKey:
    """Return the key that is named, if it is the user's."""
    user, key_id = _user(call), call.parameters["AccessKeyId"]
    key = call.directory.keys.get(key_id)
    if key is None or key.user is not user:
        raise AwsError(404, "NoSuchEntity", f"The Access Key with id {key_id} cannot be found.")
    return key


def _metadata(key: AccessKey) -> dict[str, Element]:
    return {
        "UserName": key.user.name,
        "AccessKeyId": key.access_key_id,
        "Status": _STATUS[key.active],
        "CreateDate": instant(key.created),
    }
