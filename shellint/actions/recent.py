"""The profile that was last used anywhere, for `use -` in a new shell. May be deleted at any time."""

from __future__ import annotations

from shellint.errors import StoreError
from shellint.paths import Paths, private_directory, write_private

__all__ = ["last_profile", "remember_profile"]


def last_profile(paths: Paths) -> str:
    """Return its name, empty when none is known."""
    try:
        return (paths.cache / "last").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def remember_profile(paths: Paths, name: str) -> None:
    """Note it; a place that cannot be written is no reason for `use` to fail."""
    if last_profile(paths) == name:
        return
    try:
        private_directory(paths.cache)
        write_private(paths.cache / "last", name.encode("utf-8", "surrogateescape"))
    except StoreError:
        pass
