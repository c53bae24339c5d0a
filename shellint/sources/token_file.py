"""A token that lies in a file, put there by whatever runs a container or a pod."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_token"]

# Bytes; enough for the longest token that AWS takes, with white space around it.
_MOST = 1 << 16


def read_token(path: Path) -> bytes:
    """Return what the file holds, at once and no more than 64 KB of it.

    Raises OSError, also for what is no ordinary file, and ValueError for a name that no file can have.
    """
    # Without O_NONBLOCK a FIFO in the file's place would keep the command waiting for a writer.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        return opened.read(_MOST)
