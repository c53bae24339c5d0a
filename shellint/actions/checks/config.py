"""The config file, profile by profile."""

from __future__ import annotations

from collections.abc import Iterator

from shellint.actions.checks.finding import Finding
from shellint.actions.planning import look_up, wish_for
from shellint.errors import ShellintError
from shellint.lease import Wish
from shellint.request import Request

__all__ = ["check_config"]


def check_config(request: Request) -> Iterator[Finding]:
    """Tell of every profile that cannot be understood, with the line that is to blame; each line once."""
    setup = look_up(request, wish_for(request, Wish("default")))
    errors: dict[str, ShellintError] = {}
    for name in setup.config.profiles:
        try:
            setup.profile(name)
        except ShellintError as error:
            errors.setdefault(error.what, error)
    yield from (Finding("wrong", error.what, error.todo) for error in errors.values())
    if not errors:
        number = len(setup.config.profiles)
        yield Finding("ok", f"{setup.config.path}: {number} profile{'' if number == 1 else 's'}")
