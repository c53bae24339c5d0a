"""The environment a shell under test starts with: nothing from outside, everything it writes below one directory."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["environment", "fresh_home"]


def fresh_home(path: Path) -> Path:
    """Make `path` a home directory (0700) with a runtime directory, and return it."""
    path.mkdir(mode=0o700)
    (path / "run").mkdir(mode=0o700)
    return path


def environment(home: Path, **extra: str) -> dict[str, str]:
    """Return the variables of a login on a plain machine, with `extra` on top."""
    return {
        "HOME": str(home),
        "USER": "tester",
        "LOGNAME": "tester",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TERM": "xterm-256color",
        # Not every macOS knows C.UTF-8.
        "LANG": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8",
        "ZDOTDIR": str(home),
        "HISTFILE": str(home / ".history"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "SHELLINT_AGENT": "off",
        **extra,
    }
