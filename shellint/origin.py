"""Where a setting came from, so that a wrong one can be named exactly and `explain` can point at it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from shellint.errors import ConfigError, ShellintError, UsageError

__all__ = ["Origin", "program_of", "shortened", "shown"]

_LONGEST = 200
# A URL with a user name often has the password there too.
_USER_OF_URL = re.compile(r"(?<=//)[^/@]{1,1000}(?=@)")


@dataclass(frozen=True, slots=True)
class Origin:
    """A file with a line, a variable (`AWS_REGION`) or an option (`--region`)."""

    place: str
    line: int | None = None

    def __str__(self) -> str:
        return self.place if self.line is None else f"{self.place} line {self.line}"

    @property
    def is_option(self) -> bool:
        """Whether the person typed it in this very command."""
        return self.place.startswith("--")

    def error(self, what: str, todo: str = "") -> ShellintError:
        """Return the error for a bad value here: wrong usage for an option, wrong configuration for all else."""
        kind = UsageError if self.is_option else ConfigError
        return kind(f"{self}: {what}", todo)


def shown(value: str) -> str:
    """Return a value as a message quotes it: on one line, short, without the user of a URL."""
    return _short(value, repr)


def shortened(value: str) -> str:
    """Return a value as a table shows it: as `shown`, but quoted only where that is the only way to see it."""
    return _short(value, str if value.isprintable() else repr)


def program_of(command: str) -> str:
    """Return a command as it may be shown: people write passwords and seeds behind the program's name."""
    program, *words = command.split() or [""]
    return f"{program} …" if words else program


def _short(value: str, written: Callable[[str], str]) -> str:
    value = _USER_OF_URL.sub("…", value)
    if len(value) <= _LONGEST:
        return written(value)
    # What is wrong with a megabyte is seen in its beginning.
    return f"{written(value[:_LONGEST])}… ({len(value)} characters)"
