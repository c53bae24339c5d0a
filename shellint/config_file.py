"""The AWS config file, read as the AWS CLI reads it, but fast and with line numbers.

Where it goes beyond the CLI it follows the other AWS SDKs
(https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html): a section or key written twice is merged, the later
value winning, where botocore gives up; ` #` and ` ;` begin a comment after a value; a name with spaces needs no quotes;
a byte order mark is skipped.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from shellint.errors import ConfigError
from shellint.origin import Origin

__all__ = [
    "ConfigFile",
    "Section",
    "credentials_sections",
    "parse_config",
    "parse_credentials",
    "profile_names",
    "read_config",
    "read_limited",
]

# The shortest header after which nothing but a comment, or at least no further bracket, follows. Possessive, so that no
# line makes it go back and forth.
_HEADER = re.compile(r"\[\s*+([^\s\]]++)(.*?)\](?:\s++[#;].*|[^]]*)")
_NEEDS_UNQUOTING = re.compile(r"[\s'\"\\]")
_COMMENT = re.compile(r"[ \t][#;].*", re.DOTALL)
_LONGEST_NAME = 1024
_LARGEST = 16 * 2**20  # bytes; a hundred times a file with a thousand profiles


@dataclass(frozen=True, slots=True)
class Section:
    """One section: each key, lower-cased, with its value and the line where it stands (counted from 1).

    `again` are the lines of further headers of the same name, whose settings are in here too. `nested` holds the
    indented settings below a key that has no value of its own (`s3 =`), in the same form.
    """

    kind: str
    line: int
    settings: dict[str, tuple[str, int]] = field(default_factory=dict)
    nested: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What the file holds: sections by kind and name, in file order.

    Of sections of `others` kinds only the header is kept, with its line.
    """

    path: Path
    profiles: dict[str, Section] = field(default_factory=dict)
    services: dict[str, Section] = field(default_factory=dict)
    sso_sessions: dict[str, Section] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    is_there: bool = True

    def origin(self, line: int) -> Origin:
        """Return the origin of what stands on `line`."""
        return Origin(str(self.path), line)


def read_config(path: Path) -> ConfigFile:
    """Return what the config file at `path` says; a missing file is an empty one.

    Raises ConfigError, naming file and line, when it cannot be read or understood.
    """
    return replace(parse_config(read_limited(path), path), is_there=os.path.lexists(path))


def read_limited(path: Path) -> bytes:
    """Return the content of a file of moderate size; a missing one, and the null device, are empty.

    Raises ConfigError, at once, for whatever could keep a reader waiting or give it more than it can hold.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            status = os.fstat(file.fileno())
            if os.path.samestat(status, Path(os.devnull).stat()):
                return b""
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"cannot read {path}: it is not a file", "name a file, or put one there")
            data = file.read(_LARGEST + 1) or b""
    except FileNotFoundError:
        return b""
    except IsADirectoryError:
        raise ConfigError(f"cannot read {path}: it is a directory", "name a file, or put one there") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", "check its owner and its permissions") from error
    if len(data) > _LARGEST:
        raise ConfigError(f"cannot read {path}: it has more than {_LARGEST >> 20} MB", "is it the right file?")
    return data


def _at_once(path: str, flags: int) -> int:
    # Without this, opening a pipe waits for someone to write to it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def profile_names(config: ConfigFile) -> list[str]:
    """Return the names of the profiles in file order."""
    return list(config.profiles)


def credentials_sections(path: Path) -> list[str]:
    """Return the profile names of the shared credentials file at `path`; its values are not looked at."""
    try:
        lines = read_limited(path).decode(errors="replace").splitlines()
    except ConfigError:
        return []
    headers = (_HEADER.fullmatch(line.strip()) for line in lines)
    return [header[1] + header[2].rstrip() for header in headers if header]


def parse_config(data: bytes, path: Path) -> ConfigFile:
    """Return what `data`, the content of the file at `path`, says.

    Raises ConfigError naming `path` and the line.
    """
    return _parse(data, path, _open)


def parse_credentials(data: bytes, path: Path) -> ConfigFile:
    """Return the same of the shared credentials file, where all that stands between the brackets is a profile's name.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
    """
    return _parse(data, path, _open_plain)


def _parse(data: bytes, path: Path, open_section: Callable[[ConfigFile, str, int], Section]) -> ConfigFile:
    config = ConfigFile(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_number = data.count(b"\n", 0, error.start) + 1
        raise config.origin(line_number).error("not UTF-8 text", "save the file as UTF-8") from error
    if (nul := text.find("\0")) >= 0:
        raise config.origin(text.count("\n", 0, nul) + 1).error("a NUL, so this is no text", "save the file as UTF-8")
    section = None
    key = ""  # the setting that a deeper indented line continues
    indent = 0
    more: list[str] = []  # joined in the end: a value grown line by line would be copied each time
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        depth = line.index(content[0])
        if section and key and depth > indent:
            if section.settings[key][0]:
                more.append(content)
            else:
                name, value = _split(config, content, number, nested=True)
                section.nested.setdefault(key, {})[name] = (value, number)
            continue
        _join(section, key, more)
        indent = depth
        if content[0] == "[":
            section, key = open_section(config, content, number), ""
        elif section:
            key, value = _split(config, content, number)
            section.settings[key] = (value, number)
            section.nested.pop(key, None)
        else:
            raise config.origin(number).error("a setting before the first section", "put a [profile NAME] above it")
    _join(section, key, more)
    return config


def _split(config: ConfigFile, content: str, number: int, *, nested: bool = False) -> tuple[str, str]:
    key, separator, value = content.partition("=")
    if ":" in key and not nested:
        key, separator, value = content.partition(":")
    key = key.rstrip().lower()
    if not (key and separator):
        raise config.origin(number).error("neither a section nor KEY = VALUE", "correct the line or put a # before it")
    if "#" in value or ";" in value:
        value = _COMMENT.sub("", value)
    return key, value.strip()


def _join(section: Section | None, key: str, more: list[str]) -> None:
    if section and more:
        value, line = section.settings[key]
        section.settings[key] = ("\n".join((value, *more)), line)
        more.clear()


def _open(config: ConfigFile, content: str, number: int) -> Section:
    match = _HEADER.fullmatch(content)
    if match is None:
        raise config.origin(number).error("not a section header", "write [profile NAME]")
    kind, name = match[1], match[2].strip()
    if len(name) > _LONGEST_NAME:
        raise config.origin(number).error(
            f"the name of a section has {len(name)} characters", f"take one of {_LONGEST_NAME} at most"
        )
    name = _unquoted(name)
    sections: dict[str, Section] | None
    if kind == "profile":
        sections = config.profiles
    elif kind == "default" and not name:
        sections, name = config.profiles, kind
    else:
        sections = {"services": config.services, "sso-session": config.sso_sessions}.get(kind)
    if sections is None:
        config.others[f"{kind}{match[2].rstrip()}"] = number
        return Section(kind, number)
    section = sections.get(name)
    # [default] and [profile default] are not merged: the later one stands alone, as in botocore.
    if section is None or section.kind != kind:
        section = Section(kind, number)
        if name:
            sections[name] = section
    else:
        section.again.append(number)
    return section


def _open_plain(config: ConfigFile, content: str, number: int) -> Section:
    match = _HEADER.fullmatch(content)
    if match is None:
        raise config.origin(number).error("not a section header", "write [NAME]")
    return config.profiles.setdefault(match[1] + match[2].rstrip(), Section("profile", number))


def _unquoted(name: str) -> str:
    if not _NEEDS_UNQUOTING.search(name):
        return name
    try:
        words = shlex.split(name)
    except ValueError:
        return name
    return words[0] if len(words) == 1 else name
