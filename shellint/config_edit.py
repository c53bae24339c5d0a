"""Changing the AWS config file: profiles are put behind what is there, and those we wrote may be taken out again.

The file belongs to its person: whatever else is in it stays byte for byte.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from shellint.config_file import parse_config, read_limited
from shellint.errors import ConfigError, UsageError
from shellint.paths import replace_file
from shellint.rc_file import backup_of

__all__ = [
    "append_profile",
    "check_profile_name",
    "edit_config",
    "profile_section",
    "with_sections",
    "without_profiles",
]

_LOCK_SECONDS = 10
_TRIES = 5


class _ChangedError(Exception):
    """The file is no longer what it was when it was read."""


def append_profile(path: Path, name: str, values: Mapping[str, str]) -> bool:
    """Append profile `name` with `values` to the config file at `path`; return False when it has that profile already.

    Raises UsageError for a name or value that would not read back as it is, and as `edit_config`.
    """
    section = profile_section(path, name, values)

    def edit(before: bytes) -> bytes:
        return before if name in parse_config(before, path).profiles else with_sections(before, [section])

    return edit_config(path, edit)


def edit_config(path: Path, edit: Callable[[bytes], bytes], *, keep_former: bool = False) -> bool:
    """Replace what is in the config file at `path` by what `edit` makes of it, and tell whether that is something else.

    Nobody else who does so can come between; when a program that knows nothing of that writes meanwhile, `edit` is
    asked again, about what is there then. The file is replaced in one step and keeps its mode; a link stays a link,
    its target is written; when nothing changes, nothing is. A missing file is made, 0600 in a 0700 directory. With
    `keep_former` a copy of what was there first stays beside it (`rc_file.backup_of`); it is made once.

    Raises ConfigError when it cannot be read or written, or does not come to rest, and what `edit` raises. Either way
    it is untouched.
    """
    from filelock import FileLock, Timeout

    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ConfigError(f"cannot read or write {path}: it is not a file", "name a file, or put one there")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock"), timeout=_LOCK_SECONDS, mode=0o600):
            for _ in range(_TRIES):
                with contextlib.suppress(_ChangedError):
                    return _edit_once(target, edit, backup_of(path) if keep_former else None)
    except Timeout:
        raise ConfigError(f"another vault is writing {path}", "try again when it is done") from None
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", "check its owner and its permissions") from error
    raise ConfigError(f"another program keeps writing {path}", "try again when it is done")


def _edit_once(target: Path, edit: Callable[[bytes], bytes], backup: Path | None) -> bool:
    """Do what `edit_config` does, under its lock. Raises _ChangedError when another program wrote meanwhile."""
    there = target.exists()
    before = read_limited(target)
    after = edit(before)
    if after == before:
        return False

    def check() -> None:
        if target.exists() != there or read_limited(target) != before:
            raise _ChangedError

    mode = _mode(target) if there else 0o600
    if there and backup and not backup.exists():
        replace_file(backup, before, mode=mode)
    replace_file(target, after, mode=mode, check=check)
    return True


def check_profile_name(name: str) -> None:
    """Raise UsageError for a name that would not read back as it is from the config file."""
    if not name or name.strip() != name or "]" in name or not name.isprintable():
        raise UsageError(
            f"{name!r} cannot be the name of a profile", "take one without ], outer blanks or control characters"
        )


def profile_section(path: Path, name: str, values: Mapping[str, str]) -> str:
    """Return a section as text, once it is certain that it reads back as what was meant. Raises UsageError."""
    check_profile_name(name)
    lines = ["[default]" if name == "default" else f"[profile {_quoted(name)}]"]
    for key, value in values.items():
        lines.append(f"{key} = {value}")
        if not value.isprintable() or _read_back(path, lines, name).get(key) != value:
            raise UsageError(f"{value!r} cannot be the {key} of a profile", "take one line without comments")
    return "\n".join([*lines, ""])


def with_sections(before: bytes, sections: Sequence[str]) -> bytes:
    """Return a config file with sections behind what is there, a blank line before each."""
    if not sections:
        return before
    newline = next((end for end in ("\r\n", "\n", "\r") if end.encode() in before), "\n")
    missing = "" if not before else "\n" if before.endswith((b"\n", b"\r")) else "\n\n"
    return before + (missing + "\n".join(sections)).replace("\n", newline).encode()


def without_profiles(before: bytes, names: Collection[str], path: Path) -> bytes:
    """Return a config file without these profiles, of which it has each once; comments stay, also those in between.

    Raises ConfigError when that would change anything else that it says.
    """
    config = parse_config(before, path)
    lines = before.splitlines(keepends=True)
    unwanted = {number for name in names for number in _lines_of(lines, config.profiles[name].line - 1)}
    after = b"".join(line for number, line in enumerate(lines) if number not in unwanted)
    if _meaning(after, path) != _meaning(before, path, names):
        raise ConfigError(
            f"profiles cannot be taken out of {path} without changing others: they stand in more than one place",
            f"take them out by hand: {', '.join(names)}",
        )
    return after


def _lines_of(lines: Sequence[bytes], header: int) -> list[int]:
    """Return the numbers of the lines of the section that begins at `header`, and of a blank one before it."""
    following = (number for number in range(header + 1, len(lines)) if lines[number].lstrip().startswith(b"["))
    end = next(following, len(lines))
    while not lines[end - 1].strip() or _is_comment(lines[end - 1]):
        end -= 1  # what stands before the next section is about that
    found = [number for number in range(header, end) if not _is_comment(lines[number])]
    closed = end == len(lines) or not lines[end].strip()
    return [header - 1, *found] if header and not lines[header - 1].strip() and closed else found


def _is_comment(line: bytes) -> bool:
    return line.lstrip().startswith((b"#", b";"))


def _meaning(data: bytes, path: Path, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return what a config file says, wherever it says it."""
    config = parse_config(data, path)
    kept = {name: section for name, section in config.profiles.items() if name not in without}
    return [
        {
            name: (
                section.kind,
                {key: value for key, (value, _) in section.settings.items()},
                {key: {each: value for each, (value, _) in below.items()} for key, below in section.nested.items()},
            )
            for name, section in sections.items()
        }
        for sections in (kept, config.services, config.sso_sessions)
    ]


def _read_back(path: Path, lines: list[str], name: str) -> Mapping[str, str]:
    section = parse_config("\n".join(lines).encode(), path).profiles[name]
    return {key: value for key, (value, _) in section.settings.items()}


def _quoted(name: str) -> str:
    # As `aws configure` writes it, which reads a section header by the rules of a shell.
    try:
        return name if shlex.split(name) == [name] else shlex.quote(name)
    except ValueError:
        return shlex.quote(name)


def _mode(target: Path) -> int:
    with target.open("ab"):  # a file that is write-protected was meant to be: the rename alone would not ask
        return stat.S_IMODE(target.stat().st_mode)
