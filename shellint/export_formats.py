"""Credentials as text for other programs: each format quotes by its own rules, or refuses what it cannot say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shellint.config_edit import check_profile_name
from shellint.environment import export_change
from shellint.errors import UsageError

if TYPE_CHECKING:
    from shellint.credentials import Credentials

__all__ = ["FORMATS", "export_text", "process_document"]

_PLAIN = re.compile(r"[A-Za-z0-9_./+=:@,-]*", re.ASCII)
# cmd expands %NAME%, and !NAME! where that is switched on; neither can be escaped in a way that holds in both.
_NOT_FOR_CMD = re.compile(r'[%!"\x00-\x1f\x7f]')


def export_text(form: str, profile: str, credentials: Credentials, region: str | None) -> str:
    """Return the text in one of FORMATS. Raises UsageError when a value cannot be written in it."""
    return FORMATS[form](profile, credentials, region)


def process_document(credentials: Credentials) -> str:
    """Return the document of version 1 that the AWS CLI and SDKs expect of a `credential_process`.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    document = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
    }
    if credentials.expiration_text:
        document["Expiration"] = credentials.expiration_text
    return json.dumps(document) + "\n"


def _shell(name: str) -> Callable[[str, Credentials, str | None], str]:
    def text(profile: str, credentials: Credentials, region: str | None) -> str:
        from shellint.render import SHELLS, render_export

        return render_export(SHELLS[name], export_change(profile, credentials, region))

    return text


def _lines(line: Callable[[str, str], str]) -> Callable[[str, Credentials, str | None], str]:
    def text(profile: str, credentials: Credentials, region: str | None) -> str:
        change = export_change(profile, credentials, region)
        values = {name: value for name, value in change.set.items() if name != "AWS_VAULT"}
        return "".join(line(name, value) + "\n" for name, value in values.items())

    return text


def _env_line(name: str, value: str) -> str:
    if not value.isprintable():
        raise _unspeakable(name, "env")
    return f"{name}={value}"


def _dotenv_line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    # Within single quotes all readers of .env files agree: there is no escape, so no quote either.
    if "'" in value or not value.isprintable():
        raise _unspeakable(name, "dotenv")
    return f"{name}='{value}'"


def _cmd_line(name: str, value: str) -> str:
    if _NOT_FOR_CMD.search(value):
        raise _unspeakable(name, "cmd")
    return f'set "{name}={value}"'


def _json(_: str, credentials: Credentials, _region: str | None) -> str:
    return process_document(credentials)


def _ini(profile: str, credentials: Credentials, region: str | None) -> str:
    check_profile_name(profile)
    settings: Mapping[str, str | None] = {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key,
        "aws_session_token": credentials.session_token,
        "aws_credential_expiration": credentials.expiration_text,
        "region": region,
    }
    lines = (f"{key} = {value}\n" for key, value in settings.items() if value)
    return f"[{profile}]\n{''.join(lines)}"


def _unspeakable(name: str, form: str) -> UsageError:
    return UsageError(f"the value of {name} cannot be written in the format {form}", "--format json can say everything")


FORMATS: Mapping[str, Callable[[str, Credentials, str | None], str]] = {
    "env": _lines(_env_line),
    "dotenv": _lines(_dotenv_line),
    "json": _json,
    "ini": _ini,
    "bash": _shell("bash"),
    "zsh": _shell("zsh"),
    "fish": _shell("fish"),
    "powershell": _shell("powershell"),
    "cmd": _lines(_cmd_line),
}
