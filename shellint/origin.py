"""Where a setting came from, so that a wrong one can be named exactly and `explain` can point at it."""

from __future__ import annotations

from dataclasses import dataclass

from shellint.errors import ConfigError, ShellintError, UsageError

__all__ = ["Origin"]


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
