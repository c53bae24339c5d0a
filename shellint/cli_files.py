"""The files in which the AWS CLI keeps a sign-in: read only where nobody else can have written them, replaced at once.

`~/.aws/sso/cache` and `~/.aws/login/cache`, JSON in plain text.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from shellint.paths import sweep_temporary, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_sign_in", "write_sign_in"]

# Bytes: a file of the AWS CLI has three to six thousand.
_LARGEST = 1 << 18


def read_sign_in(path: Path) -> dict[str, Any]:
    """Return what the file has.

    Raises FileNotFoundError, PermissionError when another user could have written it, ValueError for what the AWS CLI
    does not write, OSError.
    """
    try:
        fields = json.loads(_content(path))
    except RecursionError:
        raise ValueError from None
    if not isinstance(fields, dict):
        raise ValueError
    return fields


def write_sign_in(path: Path, fields: Mapping[str, Any]) -> None:
    """Replace the file, and remove what a killed process left beside it; for who holds its lock. Raises StoreError."""
    sweep_temporary(path)
    write_private(path, json.dumps(fields).encode())


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise ValueError
        if sys.platform != "win32" and (found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
            raise PermissionError
        return file.read(_LARGEST)
