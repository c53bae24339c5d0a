"""`doctor`: what is wrong here, and what to do about each of it; nothing is changed, and nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shellint.actions.checks.clock import check_clock, not_asked
from shellint.actions.checks.config import check_config
from shellint.actions.checks.finding import Check, Finding
from shellint.actions.checks.keys import check_aws_vault, check_plain_keys, check_rotations, check_store
from shellint.actions.checks.shell import check_environment, check_hook, check_programs
from shellint.errors import ShellintError
from shellint.request import Request

__all__ = ["CHECKS", "examine"]

CHECKS: Mapping[str, Check] = {
    "hook": check_hook,
    "programs": check_programs,
    "environment": check_environment,
    "store": check_store,
    "rotation": check_rotations,
    "config": check_config,
    "plain keys": check_plain_keys,
    "aws-vault": check_aws_vault,
    "clock": not_asked,
}
"""In the order in which they are told."""

_ONLINE: Mapping[str, Check] = {"clock": check_clock}


def examine(request: Request, *, online: bool = False) -> Iterator[tuple[str, Finding]]:
    """Yield what each check finds, under its name; one that fails is a finding too. AWS is asked only when `online`."""
    told: set[Finding] = set()
    for name, check in {**CHECKS, **(_ONLINE if online else {})}.items():
        for finding in _found(check, request):
            if finding not in told:  # a file that cannot be read stands in the way of more than one check
                told.add(finding)
                yield name, finding


def _found(check: Check, request: Request) -> Iterator[Finding]:
    try:
        yield from check(request)
    except ShellintError as error:
        yield Finding("wrong", error.what, error.todo)
