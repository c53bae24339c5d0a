"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shellint.request import Request

__all__ = ["Check", "Finding", "State"]

State: TypeAlias = Literal["ok", "advice", "wrong", "skipped"]
"""`wrong`: something does not work, or a secret lies open. `advice`: worth a word. `skipped`: not looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what is, and, unless all is well, one of what to do."""

    state: State
    what: str
    todo: str = ""


Check: TypeAlias = Callable[[Request], Iterable[Finding]]
"""Raises ShellintError where it cannot look, which is then what is wrong."""
