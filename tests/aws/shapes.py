"""The shape of each action's parameters, as the references of STS and IAM give it, and AWS's complaint when one is off.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and the other actions there
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html and the other actions there
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.aws.messages import AwsError

__all__ = ["members", "named_members", "tags_of", "transitive_keys_of", "validate"]

TAGS_AT_MOST = 50
POLICIES_AT_MOST = 10
POLICY_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class Text:
    """A string: its length and the pattern all of it matches."""

    shortest: int
    longest: int
    pattern: str
    required: bool = False

    def complaints(self, value: str) -> Iterator[str]:
        """Yield what is wrong with a value."""
        if len(value) < self.shortest:
            yield f"Member must have length greater than or equal to {self.shortest}"
        if len(value) > self.longest:
            yield f"Member must have length less than or equal to {self.longest}"
        if not re.fullmatch(self.pattern, value, re.ASCII):
            yield f"Member must satisfy regular expression pattern: {self.pattern}"


@dataclass(frozen=True, slots=True)
class Number:
    """An integer between two others."""

    least: int
    most: int
    required: bool = False

    def complaints(self, value: str) -> Iterator[str]:
        """Yield what is wrong with a value; raises AwsError when it is no number at all."""
        if not re.fullmatch(r"-?\d+", value, re.ASCII):
            raise AwsError(400, "MalformedInput", f"Value '{value}' is not an integer")
        if int(value) < self.least:
            yield f"Member must have value greater than or equal to {self.least}"
        if int(value) > self.most:
            yield f"Member must have value less than or equal to {self.most}"


_POLICY = Text(1, POLICY_CHARACTERS, r"[\t\n\r\x20-\xff]+")
_ROLE_ARN = Text(20, 2048, r"[\t\n\r\x20-\x7e]+", required=True)
_ROLE_SESSION_NAME = Text(2, 64, r"[\w+=,.@-]*", required=True)
_USER_NAME = Text(1, 128, r"[\w+=,.@-]+")
_KEY_ID = Text(16, 128, r"[\w]+", required=True)
_SERIAL = Text(9, 256, r"[\w+=/:,.@-]*")
_CODE = Text(6, 6, r"[\d]*")
_TAG_KEY = Text(1, 128, r"[^<>*?|\"]+")
_TAG_VALUE = Text(0, 256, r"[^<>*?|\"]*")

SHAPES: Mapping[str, Mapping[str, Text | Number]] = {
    "GetCallerIdentity": {},
    "GetSessionToken": {"DurationSeconds": Number(900, 129600), "SerialNumber": _SERIAL, "TokenCode": _CODE},
    "AssumeRole": {
        "RoleArn": _ROLE_ARN,
        "RoleSessionName": _ROLE_SESSION_NAME,
        "DurationSeconds": Number(900, 43200),
        "ExternalId": Text(2, 1224, r"[\w+=,.@:\/-]*"),
        "SerialNumber": _SERIAL,
        "TokenCode": _CODE,
        "SourceIdentity": Text(2, 256, r"[\w+=,.@-]*"),
        "Policy": _POLICY,
    },
    "AssumeRoleWithWebIdentity": {
        "RoleArn": _ROLE_ARN,
        "RoleSessionName": _ROLE_SESSION_NAME,
        "WebIdentityToken": Text(4, 20000, r"(?s:.)*", required=True),
        "DurationSeconds": Number(900, 43200),
        "ProviderId": Text(4, 2048, r"(?s:.)*"),
        "Policy": _POLICY,
    },
    "GetFederationToken": {
        "Name": Text(2, 32, r"[\w+=,.@-]*", required=True),
        "DurationSeconds": Number(900, 129600),
        "Policy": _POLICY,
    },
    "GetUser": {"UserName": _USER_NAME},
    "ListAccessKeys": {"UserName": _USER_NAME},
    "CreateAccessKey": {"UserName": _USER_NAME},
    "UpdateAccessKey": {
        "UserName": _USER_NAME,
        "AccessKeyId": _KEY_ID,
        "Status": Text(1, 128, r"Active|Inactive", required=True),
    },
    "DeleteAccessKey": {"UserName": _USER_NAME, "AccessKeyId": _KEY_ID},
    "GetAccessKeyLastUsed": {"AccessKeyId": _KEY_ID},
}


def validate(action: str, parameters: Mapping[str, str]) -> None:
    """Refuse parameters of the wrong shape; raises AwsError."""
    complaints: list[str] = []
    for name, shape in SHAPES[action].items():
        label = name[0].lower() + name[1:]
        if name in parameters:
            complaints += [_complaint(label, parameters[name], text) for text in shape.complaints(parameters[name])]
        elif shape.required:
            complaints.append(f"Value null at '{label}' failed to satisfy constraint: Member must not be null")
    _refuse(complaints)
    if "Policy" in parameters:
        _check_policy(parameters["Policy"])
    _check_policy_arns(named_members(parameters, "PolicyArns"))
    _check_tags(named_members(parameters, "Tags"), members(parameters, "TransitiveTagKeys"))


def members(parameters: Mapping[str, str], name: str) -> list[str]:
    """Return a list of strings (`Name.member.1`, `Name.member.2` ...)."""
    values: list[str] = []
    while (key := f"{name}.member.{len(values) + 1}") in parameters:
        values.append(parameters[key])
    return values


def named_members(parameters: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """Return a list of structures (`Name.member.1.Key`, `Name.member.1.Value` ...)."""
    found: dict[int, dict[str, str]] = {}
    for key, value in parameters.items():
        if match := re.fullmatch(rf"{name}\.member\.(\d+)\.(\w+)", key):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[number] for number in sorted(found)]


def tags_of(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the session tags of a request."""
    return {tag["Key"]: tag.get("Value", "") for tag in named_members(parameters, "Tags")}


def transitive_keys_of(parameters: Mapping[str, str]) -> list[str]:
    """Return the keys of the tags that the next role in a chain inherits."""
    return members(parameters, "TransitiveTagKeys")


def _check_policy(text: str) -> None:
    """Check the outline (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html)."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if (
        not isinstance(statements, list)
        or not statements
        or document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17")
        or not all(isinstance(statement, dict) for statement in statements)
        or not all(statement.get("Effect") in ("Allow", "Deny") for statement in statements)
        or not all({"Action", "NotAction"} & statement.keys() for statement in statements)
        or not all({"Resource", "NotResource"} & statement.keys() for statement in statements)
        or any({"Principal", "NotPrincipal"} & statement.keys() for statement in statements)
    ):
        raise AwsError(400, "MalformedPolicyDocument", "Syntax errors in policy.")


def _check_policy_arns(policies: list[dict[str, str]]) -> None:
    if len(policies) > POLICIES_AT_MOST:
        _refuse([_complaint("policyArns", "", f"Member must have length less than or equal to {POLICIES_AT_MOST}")])
    for policy in policies:
        if not re.fullmatch(r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/.+", policy.get("arn", "")):
            raise AwsError(400, "ValidationError", f"ARN {policy.get('arn')} is not valid.")


def _check_tags(tags: list[dict[str, str]], transitive: list[str]) -> None:
    """Check session tags (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html)."""
    if len(tags) > TAGS_AT_MOST:
        _refuse([_complaint("tags", "", f"Member must have length less than or equal to {TAGS_AT_MOST}")])
    complaints = []
    for number, tag in enumerate(tags, 1):
        for part, shape in (("Key", _TAG_KEY), ("Value", _TAG_VALUE)):
            value = tag.get(part, "")
            label = f"tags.{number}.member.{part.lower()}"
            complaints += [_complaint(label, value, text) for text in shape.complaints(value)]
    _refuse(complaints)
    keys = [tag["Key"].lower() for tag in tags]
    if len(set(keys)) < len(keys):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise AwsError(400, "InvalidParameterValue", message)
    if not {key.lower() for key in transitive} <= set(keys):
        message = "The specified transitive tag key must be included in the requested tags."
        raise AwsError(400, "InvalidParameterValue", message)


def _complaint(label: str, value: str, text: str) -> str:
    return f"Value '{value}' at '{label}' failed to satisfy constraint: {text}"


def _refuse(complaints: list[str]) -> None:
    if complaints:
        count = f"{len(complaints)} validation error{'s' if len(complaints) > 1 else ''} detected"
        raise AwsError(400, "ValidationError", f"{count}: {'; '.join(complaints)}")
