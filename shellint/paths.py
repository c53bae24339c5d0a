"""Where files rest, and how a private one is written."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shellint.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Paths",
    "from_home",
    "home_directory",
    "owned_directory",
    "paths_from",
    "private_directory",
    "replace_file",
    "sweep_temporary",
    "write_private",
]

# https://specifications.freedesktop.org/basedir-spec/latest/: the variable, and what stands in for it below HOME.
_XDG = {
    "data": ("XDG_DATA_HOME", ".local/share"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "config": ("XDG_CONFIG_HOME", ".config"),
}
_NO_DIRECTORY_FSYNC = {errno.EINVAL, errno.ENOTSUP}


@dataclass(frozen=True, slots=True)
class Paths:
    """Every place that shellint reads or writes for one user."""

    data: Path
    cache: Path
    config: Path
    aws: Path
    aws_config: Path
    aws_credentials: Path
    store: Path


def paths_from(env: Mapping[str, str]) -> Paths:
    """Work out the paths from a caller's environment; touches no disk.

    `store`, the directory of the sealed file, is `data` unless SHELLINT_FILE_DIR names another. An XDG variable that
    is empty or relative counts as unset, as the XDG specification asks. Raises ConfigError when there is no home.
    """
    home = home_directory(env)
    data = _user_directory("data", env, home)
    aws = home / ".aws"
    return Paths(
        data=data,
        cache=_user_directory("cache", env, home),
        config=_user_directory("config", env, home),
        aws=aws,
        aws_config=_named("AWS_CONFIG_FILE", env, home) or aws / "config",
        aws_credentials=_named("AWS_SHARED_CREDENTIALS_FILE", env, home) or aws / "credentials",
        store=_named("SHELLINT_FILE_DIR", env, home) or data,
    )


def owned_directory(path: Path) -> bool:
    """Tell whether the directory exists; one that another user could have prepared raises StoreError.

    A link is followed only when it belongs to the effective user too, and so must what it points to.
    """
    try:
        here = path.lstat()
        target = path.stat() if stat.S_ISLNK(here.st_mode) else here
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise StoreError(f"{path} is a link to nowhere", "remove it, or make what it points to") from None
        return False
    except OSError as error:
        raise StoreError(f"cannot look at {path}: {error.strerror}", "become the user whose directory it is") from None
    if not stat.S_ISDIR(target.st_mode):
        raise StoreError(f"{path} is not a directory", "move it away")
    if sys.platform == "win32":
        return True
    for found in (here, target):
        if found.st_uid != os.geteuid():
            raise StoreError(
                f"{path} belongs to {_user_name(found.st_uid)}, not to {_user_name(os.geteuid())}",
                "run this without sudo or su, or set HOME to your own home directory",
            )
    if target.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StoreError(f"other users may write in {path}", f"chmod 700 {path}")
    return True


def private_directory(path: Path) -> Path:
    """Make sure that a directory of the effective user is there, 0700 when it had to be made, and return it.

    Missing parents are made 0700 too. Raises StoreError, with nothing made, when it is another user's, when it would
    be made inside another user's directory (what `sudo` leaves behind locks the owner out), or cannot be made.
    """
    if owned_directory(path):
        return path
    try:
        missing = [path, *(parent for parent in path.parents if not parent.exists())]
        _refuse_another_home(missing[-1].parent)
        for directory in reversed(missing):
            directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot make the directory {path}: {error.strerror}",
            "make it writable, or set XDG_DATA_HOME to a directory that is",
        ) from None
    owned_directory(path)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Replace the file by `data` at once or not at all: 0600, through a temporary file in the same directory.

    Whatever ends the process, the old or the new content is there; after the return, also after a power cut. A link is
    followed, so that it stays a link. Raises StoreError.
    """
    try:
        replace_file(path.resolve(), data)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}", "free some space, or make it writable") from None


def sweep_temporary(path: Path) -> None:
    """Remove what a killed `write_private(path, ...)` left; only for the holder of the lock over `path`."""
    import glob

    target = path.resolve()
    for stale in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            stale.unlink()


def replace_file(target: Path, data: bytes, *, mode: int = 0o600, check: Callable[[], object] | None = None) -> None:
    """Do what `write_private` does, for a path that is no link and with any mode.

    `check` is called last, when all is ready; whatever it raises leaves the target as it is. Raises OSError.
    """
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if mode != 0o600:
            temporary.chmod(mode)
        if check:
            check()
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sys.platform != "win32":
        _fsync_directory(target.parent)


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_FSYNC:
            raise
    finally:
        os.close(descriptor)


def home_directory(env: Mapping[str, str]) -> Path:
    """Return the caller's home directory. Raises ConfigError when there is none."""
    named = env.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    if named:
        return Path(named)
    try:
        return Path("~").expanduser()
    except RuntimeError:
        raise ConfigError("HOME is not set and the user database knows no home", "set HOME") from None


def from_home(text: str, home: Path) -> Path:
    """Return the path that `text` is, where a first `~` stands for `home`."""
    path = Path(text)
    return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path


def _user_directory(which: str, env: Mapping[str, str], home: Path) -> Path:
    variable, below_home = _XDG[which]
    named = Path(env.get(variable) or ".")
    if named.is_absolute():
        return named / "shellint"
    if sys.platform in {"darwin", "win32"}:
        import platformdirs

        return Path(getattr(platformdirs, f"user_{which}_dir")("shellint", appauthor=False))
    return home / below_home / "shellint"


def _named(variable: str, env: Mapping[str, str], home: Path) -> Path | None:
    value = env.get(variable)
    return from_home(value, home) if value else None


def _refuse_another_home(parent: Path) -> None:
    if sys.platform == "win32":
        return
    owner = parent.stat().st_uid
    if owner not in {os.geteuid(), 0}:
        raise StoreError(
            f"{parent} belongs to {_user_name(owner)}, not to {_user_name(os.geteuid())}",
            "run this without sudo or su, or set HOME to your own home directory",
        )


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
