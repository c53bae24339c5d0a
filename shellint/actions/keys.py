"""`add`, `remove`: long-term keys, which rest in the store and never reach an environment."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from shellint.actions.journals import changing_keys, part
from shellint.config_edit import append_profile, check_profile_name
from shellint.config_file import read_config
from shellint.credentials import LongTermKey
from shellint.errors import ConfigError, ShellintError, StoreError, StoreLocked, UsageError
from shellint.key_format import check_key_id, checked_key
from shellint.layers import SETTINGS
from shellint.origin import Origin
from shellint.profile_settings import ProfileSettings
from shellint.profiles import links, nearest
from shellint.providers import providing
from shellint.request import Reply, Request
from shellint.sessions import forget_key
from shellint.terminal import answered_by

__all__ = [
    "add",
    "check_mfa_serial",
    "key_from_environment",
    "key_from_json",
    "key_from_person",
    "mfa_serial_from_person",
    "remove",
]

_JSON_NAMES = (
    ("AccessKeyId", "SecretAccessKey"),  # aws iam create-access-key, credential_process
    ("aws_access_key_id", "aws_secret_access_key"),  # the credentials file
    ("access_key_id", "secret_access_key"),
)


def add(
    request: Request, profile: str, key: LongTermKey, *, mfa_serial: str | None, yes: bool, write_config: bool
) -> Reply:
    """Store `key` under `profile`, and add a section to the config file when it has none."""
    check_profile_name(profile)
    if profile in request.store.names("key") and not yes and not _agreed(request, profile):
        return Reply(notes=("nothing was changed",), code=1)
    with changing_keys(request):
        given_up = part(request.store, profile, to=key.access_key_id)
        before = _stored_key_id(request, profile)
        request.store.put("key", profile, key.to_bytes())
    if before is not None and before != key.access_key_id:
        forget_key(request.store, before)
    notes = [f"the key of {profile} is stored", *given_up, *_displaced(request, profile)]
    if write_config:
        notes += _write_section(request, profile, mfa_serial)
    return Reply(notes=tuple(notes))


def key_from_person(request: Request) -> LongTermKey:
    """Ask for a key on the terminal."""
    with answered_by("run it in a terminal, or let --env or --stdin give the key"):
        key_id = request.human.ask("Access key id").strip()
    check_key_id(key_id)
    return checked_key(key_id, request.human.ask_secret("Secret access key").strip())


def check_mfa_serial(serial: str) -> None:
    """Raise UsageError for what cannot be an MFA device."""
    ProfileSettings([{"mfa_serial": (serial, Origin("--mfa-serial"))}]).text("mfa_serial")


def mfa_serial_from_person(request: Request) -> str | None:
    """Ask for the MFA device on the terminal, again until it can be one; None for none."""
    while serial := request.human.ask("ARN of the MFA device (Enter for none)").strip():
        try:
            check_mfa_serial(serial)
        except UsageError:
            request.human.say("that is not one: it looks like arn:aws:iam::ACCOUNT:mfa/NAME")
        else:
            return serial
    return None


def key_from_environment(env: Mapping[str, str]) -> LongTermKey:
    """Take the key from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Raises UsageError."""
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not env.get(name)]
    if missing:
        raise UsageError("--env reads the key from variables that are not set", f"set {' and '.join(missing)}")
    if env.get("AWS_SESSION_TOKEN"):
        raise UsageError(
            "AWS_SESSION_TOKEN is set: the key in the environment is a temporary one", "store a long-term key"
        )
    return checked_key(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])


def key_from_json(text: str) -> LongTermKey:
    """Take the key from JSON, as `aws iam create-access-key` prints it. Raises UsageError."""
    names = " or ".join(f"{key_id} and {secret}" for key_id, secret in _JSON_NAMES)
    wrong = UsageError(
        f"what came on stdin is not JSON with {names}",
        "give it what `aws iam create-access-key` prints; `vault import --from csv FILE` takes what IAM offers",
    )
    try:
        values: Any = json.loads(text.removeprefix("\ufeff"))  # PowerShell 5.1 may put one there
    except (ValueError, RecursionError):
        raise wrong from None
    if isinstance(values, dict) and isinstance(values.get("AccessKey"), dict):
        values = values["AccessKey"]
    if not isinstance(values, dict):
        raise wrong
    for key_id, secret in _JSON_NAMES:
        if isinstance(values.get(key_id), str) and isinstance(values.get(secret), str):
            return checked_key(values[key_id], values[secret])
    raise wrong


def remove(request: Request, profile: str, *, yes: bool) -> Reply:
    """Forget the key stored under `profile` and the sessions made from it; the config file stays as it is."""
    keys = request.store.names("key")
    if profile not in keys:
        close = nearest(profile, keys)
        raise ConfigError(
            f"no key is stored for {profile!r}", f"did you mean {close}?" if close else "`vault list` shows the keys"
        )
    with answered_by("--yes answers it"):
        if not yes and not request.human.confirm(f"Remove the key of {profile}?"):
            return Reply(notes=("nothing was changed",), code=1)
    with changing_keys(request):
        before = _stored_key_id(request, profile)
        given_up = part(request.store, profile, give_up=True)
        request.store.delete("key", profile)
    if before is not None:
        forget_key(request.store, before)
    forgotten = f"the key of {profile} is forgotten; at AWS it still exists"
    return Reply(notes=(forgotten, *given_up, *_left_behind(request, profile)))


def _displaced(request: Request, profile: str) -> Iterator[str]:
    """Yield a line when the profile had its credentials from elsewhere, which the stored key now comes before."""
    with contextlib.suppress(ShellintError):  # what is wrong with a config is said where it is used
        config = read_config(request.paths.aws_config)
        _, settings = next(links(profile, config, {}, known=(profile,)))
        for name in providing([name for name in SETTINGS if settings.has(name)]):
            yield f"it comes before the {name} of {profile} ({settings.all(name)[0][1]}), which is not used any more"
            return


def _left_behind(request: Request, profile: str) -> Iterator[str]:
    """Yield a line when the config file has a section for the profile."""
    with contextlib.suppress(ShellintError):
        config = read_config(request.paths.aws_config)
        if section := config.profiles.get(profile):
            yield f"its section stays where it is: {config.origin(section.line)}"


def _stored_key_id(request: Request, profile: str) -> str | None:
    """Return the id of the stored key; None without one, and for one that is damaged or gone from the keychain.

    Such a key must not stand in the way of the new one, or of its own removal.
    """
    try:
        stored = request.store.get("key", profile)
        return LongTermKey.from_bytes(stored).access_key_id if stored else None
    except StoreLocked:
        raise
    except (StoreError, ValueError, TypeError):
        return None


def _agreed(request: Request, profile: str) -> bool:
    with answered_by("--yes answers it"):
        return request.human.confirm(f"A key is stored for {profile}. Replace it?")


def _write_section(request: Request, profile: str, mfa_serial: str | None) -> list[str]:
    path = request.paths.aws_config
    try:
        written = append_profile(path, profile, {"mfa_serial": mfa_serial} if mfa_serial else {})
    except ShellintError as error:
        # The key is safe; the person can write two lines.
        return [f"the section was not written: {error.what}"]
    if written:
        return [f"[{'default' if profile == 'default' else f'profile {profile}'}] is added to {path}"]
    if mfa_serial:
        return [f"{path} has a section for {profile} already: add the line `mfa_serial = {mfa_serial}` to it"]
    return []
