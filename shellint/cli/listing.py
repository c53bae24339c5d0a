"""The command that lists: for people a table, for scripts names, for programs JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from shellint.cli.options import Common, common, example
from shellint.durations import format_duration
from shellint.errors import UsageError
from shellint.request import Reply, Request
from shellint.terminal import printable

if TYPE_CHECKING:
    from shellint.actions.listing import Kept, Row

__all__ = ["list_command"]


@click.command(
    "list", epilog=example("vault list", "vault list --json", "vault list --profiles", "vault list --credentials")
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--profiles", "names", flag_value="profiles", help="The names in the config file alone, one a line.")
@click.option("--credentials", "names", flag_value="credentials", help="The names that have a stored key.")
@click.option("--sessions", "names", flag_value="sessions", help="The sessions that are kept, and the time they have.")
@common
def list_command(request: Request, _: Common, *, as_json: bool, names: str | None) -> Reply:
    """List the profiles, which have a stored key, and the sessions that are kept."""
    from shellint.actions.listing import list_profiles

    if as_json and names:
        raise UsageError(f"--json and --{names} exclude each other")
    rows = list_profiles(request)
    if as_json:
        return Reply(out=json.dumps([asdict(row) for row in rows]) + "\n")
    if names:
        return Reply(out="".join(f"{printable(line)}\n" for line in _LINES[names](rows)))
    if not rows:
        return Reply(notes=("there are no profiles yet: `vault add PROFILE` makes one",))
    if os.isatty(1):
        notes = (
            () if rows[-1].profile else ("the sessions in the last line are of keys: whose, only the passphrase tells",)
        )
        return Reply(out=_table(rows, colour=not request.env.get("NO_COLOR")), notes=notes)
    named = (row for row in rows if row.profile)
    return Reply(out="".join(f"{printable(row.profile or '')}\t{'key' if row.has_key else '-'}\n" for row in named))


def _session_lines(rows: Sequence[Row]) -> Iterable[str]:
    return (f"{row.profile or kept.id}:{format_duration(kept.seconds_left)}" for row in rows for kept in row.sessions)


_LINES: dict[str, Callable[[Sequence[Row]], Iterable[str]]] = {
    "profiles": lambda rows: (row.profile for row in rows if row.profile and row.in_config),
    "credentials": lambda rows: (row.profile for row in rows if row.profile and row.has_key),
    "sessions": _session_lines,
}


def _table(rows: Sequence[Row], *, colour: bool) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heads = ("Profile", "Key", "Role", "Source", "Region", "Session")
    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        key, source = "stored" if row.has_key else None, row.source_profile or row.provider
        cells = (row.profile, key, row.role_arn, source, row.region, ", ".join(map(_left, row.sessions)))
        table.add_row(*(Text(printable(cell or "-")) for cell in cells))
    console = Console(no_color=not colour, highlight=False, soft_wrap=True)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _left(kept: Kept) -> str:
    seconds = kept.seconds_left
    return format_duration(seconds // 60 * 60 if seconds >= 60 else seconds)
