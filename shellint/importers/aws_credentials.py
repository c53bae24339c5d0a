"""The AWS CLI's own files: the shared credentials file, and keys that stand in the config file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellint.config_file import ConfigFile, Section, parse_config, parse_credentials, read_limited
from shellint.errors import ConfigError
from shellint.importers.haul import Found, Haul, haul_of, judged
from shellint.paths import Paths

__all__ = ["KeyFile", "key_files", "read_keys", "without_keys"]

_ID, _SECRET, _TOKEN = "aws_access_key_id", "aws_secret_access_key", "aws_session_token"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file that may have keys, and how it is read."""

    path: Path
    parse: Callable[[bytes, Path], ConfigFile]


def key_files(paths: Paths) -> tuple[KeyFile, ...]:
    """Return the files of a caller, in the order in which the AWS SDKs look for a key in them."""
    return KeyFile(paths.aws_credentials, parse_credentials), KeyFile(paths.aws_config, parse_config)


def read_keys(file: KeyFile) -> Haul:
    """Return the keys of a file; a missing one has none. Raises ConfigError, with the line, where it is not readable.

    A key in two lines of which one is missing is left; so is one that is temporary, or not of AWS.
    """
    config = file.parse(read_limited(file.path), file.path)
    things: list[Found | str] = []
    for name, section in config.profiles.items():
        values = {key: section.settings.get(key, ("", section.line)) for key in (_ID, _SECRET, _TOKEN)}
        (key_id, line), (secret, _), (token, _) = values.values()
        if key_id or secret:
            things.append(judged(name, key_id, secret, token, config.origin(line)))
    return haul_of(things)


def without_keys(data: bytes, file: KeyFile, keys: Collection[Found]) -> bytes:
    """Return the content of a file without the lines of `keys`, and everything else as it is, byte for byte.

    A key that is not in it any more, or is another one by now, is passed over. Raises ConfigError when the file would
    then say anything else that it did not say before: where a key is written twice, say.
    """
    before = file.parse(data, file.path)
    held = {found.profile: section for found in keys if (section := _holder(before, found))}
    unwanted = {section.settings[key][1] - 1 for section in held.values() for key in (_ID, _SECRET)}
    lines = data.splitlines(keepends=True)
    after = b"".join(line for number, line in enumerate(lines) if number not in unwanted)
    wanted = _meaning(before)
    for name in held:
        settings, _ = wanted[name]
        del settings[_ID], settings[_SECRET]
    found = _meaning(file.parse(after, file.path))
    if wrong := [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]:
        raise ConfigError(
            f"the keys cannot be taken out of {file.path}, since there is more than one of {', '.join(wrong)}",
            "take them out by hand",
        )
    return after


def _holder(config: ConfigFile, found: Found) -> Section | None:
    section = config.profiles.get(found.profile)
    if section is None:
        return None
    there = tuple(section.settings.get(key, ("", 0))[0] for key in (_ID, _SECRET))
    return section if there == (found.key.access_key_id, found.key.secret_access_key) else None


def _meaning(config: ConfigFile) -> dict[str, tuple[dict[str, str], dict[str, Any]]]:
    """Return what a file says, wherever it says it."""
    return {
        name: (
            {key: value for key, (value, _) in section.settings.items()},
            {key: {each: value for each, (value, _) in below.items()} for key, below in section.nested.items()},
        )
        for name, section in config.profiles.items()
    }
