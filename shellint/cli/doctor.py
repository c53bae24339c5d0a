"""The command that looks for what is wrong: doctor."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from shellint.cli.options import Common, common, example
from shellint.request import Reply, Request
from shellint.terminal import printable

if TYPE_CHECKING:
    from shellint.actions.checks.finding import Finding

__all__ = ["doctor_command"]

_MARKS = {"ok": ("✓", "green"), "advice": ("•", "yellow"), "wrong": ("✗", "red"), "skipped": ("-", "bright_black")}


@click.command("doctor", epilog=example("vault doctor", "vault doctor --online", "vault doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--online", is_flag=True, help="Ask AWS for the time too.")
@common
def doctor_command(request: Request, _: Common, *, as_json: bool, online: bool) -> Reply:
    """Look for what is wrong, and say what to do about it; 1 is the exit code when something is."""
    from shellint.actions.doctor import examine

    found = list(examine(request, online=online))
    if as_json:
        out = json.dumps([{"check": check, **asdict(finding)} for check, finding in found]) + "\n"
    else:
        out = _page(found, marks=os.isatty(1), colour=os.isatty(1) and not request.env.get("NO_COLOR"))
    return Reply(out=out, code=1 if any(finding.state == "wrong" for _, finding in found) else 0)


def _page(found: Iterable[tuple[str, Finding]], *, marks: bool, colour: bool) -> str:
    lines = []
    for check, finding in found:
        mark, hue = _MARKS[finding.state]
        start = click.style(mark, fg=hue) if colour else mark
        lines.append(f"{start if marks else f'{finding.state:<8}'} {check:<12} {printable(finding.what)}")
        if finding.todo:
            lines.append(f"{'' if marks else ' ' * 7}{' ' * 14} {printable(finding.todo)}")
    return "".join(f"{line}\n" for line in lines)
