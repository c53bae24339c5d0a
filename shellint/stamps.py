"""The small files that a hook reads at each prompt: a line of digits each, compared and never trusted with more.

The lock stamp, in the data directory, is another with each `vault lock`. The lease stamps, in the runtime directory,
say until when a session could last by now: the agent writes them.
"""

from __future__ import annotations

import os
from pathlib import Path

from shellint.paths import Paths, private_directory, write_private

__all__ = ["change_lock", "lock_file", "read_lock", "runtime_without_xdg"]

_LONGEST = 12


def lock_file(data: Path) -> Path:
    """Return where the lock stamp is, for a data directory."""
    return data / "lock"


def read_lock(paths: Paths) -> str:
    """Return the lock stamp, empty when there is none: what is no number of at most 12 digits counts as not there."""
    try:
        with lock_file(paths.data).open("rb") as file:
            line = file.readline(_LONGEST + 2).removesuffix(b"\n")
    except OSError:
        return ""
    return line.decode() if line.isdigit() and len(line) <= _LONGEST else ""


def change_lock(paths: Paths, now: float) -> None:
    """Write another lock stamp than there was, for which nothing has to be opened. Raises StoreError."""
    private_directory(paths.data)
    stamp = max(int(now), int(read_lock(paths) or 0) + 1)
    write_private(lock_file(paths.data), f"{stamp}\n".encode())


def runtime_without_xdg() -> Path | None:
    """Return the runtime directory where XDG_RUNTIME_DIR names none; None on Windows, which has no agent."""
    return Path(f"/tmp/shellint-{os.geteuid()}") if hasattr(os, "geteuid") else None  # noqa: S108  its owner is checked
