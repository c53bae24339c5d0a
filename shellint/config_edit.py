"""Adding a profile to the AWS config file, the one change that is ever made to it.

The file belongs to its person: what is in it stays byte for byte, a section is only ever put behind it.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from shellint.config_file import parse_config
from shellint.errors import ConfigError, UsageError

__all__ = ["append_profile", "check_profile_name"]

_LOCK_SECONDS = 10


def append_profile(path: Path, name: str, values: Mapping[str, str]) -> bool:
    """Append profile `name` with `values` to the config file at `path`; return False when it has that profile already.

    The file is replaced in one step and keeps its mode; a link stays a link, its target is written. A missing file is
    made, 0600 in a 0700 directory.

    Raises UsageError for a name or value that would not read back as it is, ConfigError when the file cannot be
    understood or written. Either way it is untouched.
    """
    from filelock import FileLock, Timeout

    section = _section(path, name, values)
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock"), timeout=_LOCK_SECONDS, mode=0o600):
            before = target.read_bytes() if target.exists() else b""
            if name in parse_config(before, path).profiles:
                return False
            _replace(target, before + _appendix(before, section))
    except Timeout:
        raise ConfigError(f"another vault is writing {path}", "try again when it is done") from None
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", "check its owner and its permissions") from error
    return True


def check_profile_name(name: str) -> None:
    """Raise UsageError for a name that would not read back as it is from the config file."""
    if not name or name.strip() != name or "]" in name or not name.isprintable():
        raise UsageError(
            f"{name!r} cannot be the name of a profile", "take one without ], outer blanks or control characters"
        )


def _section(path: Path, name: str, values: Mapping[str, str]) -> str:
    """Return the section as text, once it is certain that it reads back as what was meant."""
    check_profile_name(name)
    lines = ["[default]" if name == "default" else f"[profile {_quoted(name)}]"]
    for key, value in values.items():
        lines.append(f"{key} = {value}")
        if not value.isprintable() or _read_back(path, lines, name).get(key) != value:
            raise UsageError(f"{value!r} cannot be the {key} of a profile", "take one line without comments")
    return "\n".join([*lines, ""])


def _read_back(path: Path, lines: list[str], name: str) -> Mapping[str, str]:
    section = parse_config("\n".join(lines).encode(), path).profiles[name]
    return {key: value for key, (value, _) in section.settings.items()}


def _quoted(name: str) -> str:
    # As `aws configure` writes it, which reads a section header by the rules of a shell.
    try:
        return name if shlex.split(name) == [name] else shlex.quote(name)
    except ValueError:
        return shlex.quote(name)


def _appendix(before: bytes, section: str) -> bytes:
    newline = "\r\n" if b"\r\n" in before else "\n"
    missing = "" if not before else "\n" if before.endswith((b"\n", b"\r")) else "\n\n"
    return (missing + section).replace("\n", newline).encode()


def _replace(target: Path, data: bytes) -> None:
    mode = 0o600
    if target.exists():
        with target.open("ab"):  # a file that is write-protected was meant to be: the rename alone would not ask
            mode = target.stat().st_mode & 0o7777
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _sync_directory(directory: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
