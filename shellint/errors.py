"""Every failure a person can meet: what happened, what to do about it, and the exit code.

ShellintError            1
├── UsageError           2   the command line is wrong
├── ConfigError          1   a file in ~/.aws is wrong or does not have what was named
├── NetworkError         1   AWS could not be reached
├── StoreError           1   the store cannot be read or written
│   └── StoreLocked      1   wrong passphrase, or the key of the store is gone
├── AwsRefused           3   AWS answered, and said no
├── NeedsHuman           4   a question had to be asked and nobody is there
└── Interrupted        130   Ctrl-C
"""

from __future__ import annotations

__all__ = [
    "AwsRefused",
    "ConfigError",
    "Interrupted",
    "NeedsHuman",
    "NetworkError",
    "ShellintError",
    "StoreError",
    "StoreLocked",
    "UsageError",
]


class ShellintError(Exception):
    """A foreseeable failure.

    `what` is one line that says what happened and why; `todo`, when not empty, one line that says what to do.
    Neither ever holds a secret.
    """

    exit_code = 1

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


class UsageError(ShellintError):
    """The command line is wrong."""

    exit_code = 2


class ConfigError(ShellintError):
    """A file in ~/.aws, or a variable read in its place, is wrong or lacks what was named."""


class NetworkError(ShellintError):
    """AWS could not be reached."""


class StoreError(ShellintError):
    """The store cannot be read or written."""


class StoreLocked(StoreError):
    """The store is there, but the passphrase is wrong or its key is gone."""


class AwsRefused(ShellintError):
    """AWS answered, and said no; `code` is AWS's own error code."""

    exit_code = 3

    def __init__(self, what: str, todo: str = "", *, code: str) -> None:
        super().__init__(what, todo)
        self.code = code


class NeedsHuman(ShellintError):
    """A question had to be asked and nobody is there to answer."""

    exit_code = 4


class Interrupted(ShellintError):
    """The person pressed Ctrl-C."""

    exit_code = 130
