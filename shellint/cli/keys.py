"""The commands about long-term keys: add, list, remove."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from shellint.cli.options import Common, common, example
from shellint.errors import UsageError
from shellint.request import Reply, Request
from shellint.terminal import printable

if TYPE_CHECKING:
    from shellint.actions.keys import Row

__all__ = ["add_command", "list_command", "remove_command"]


@click.command(
    "add",
    epilog=example(
        "vault add dev",
        "vault add dev --env                 # AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "vault add dev --stdin < key.json    # as `aws iam create-access-key` prints it",
    ),
)
@click.argument("profile")
@click.option("--env", "from_env", is_flag=True, help="Take the key from the environment.")
@click.option("--stdin", "--json", "from_stdin", is_flag=True, help="Take the key from JSON on stdin.")
@click.option("--mfa-serial", metavar="ARN", help="The MFA device, for a section that is added to the config file.")
@click.option("--config/--no-config", "write_config", default=True, help="Add a section to ~/.aws/config if missing.")
@common
def add_command(
    request: Request,
    options: Common,
    *,
    profile: str,
    from_env: bool,
    from_stdin: bool,
    mfa_serial: str | None,
    write_config: bool,
) -> Reply:
    """Store the long-term key of PROFILE; asks for it unless told where it comes from."""
    from shellint.actions.keys import add, key_from_environment, key_from_json, key_from_person
    from shellint.config_edit import check_profile_name

    check_profile_name(profile)
    if from_env and from_stdin:
        raise UsageError("--env and --stdin exclude each other")
    if from_env:
        key = key_from_environment(request.env)
    elif from_stdin:
        with open(0, encoding="utf-8", errors="replace", closefd=False) as stdin:
            key = key_from_json(stdin.read())
    else:
        key = key_from_person(request)
        if mfa_serial is None and write_config:
            mfa_serial = request.human.ask("ARN of the MFA device (Enter for none)").strip() or None
    return add(request, profile, key, mfa_serial=mfa_serial, yes=options.yes, write_config=write_config)


@click.command("list", epilog=example("vault list", "vault list --json"))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common
def list_command(request: Request, _: Common, *, as_json: bool) -> Reply:
    """List the profiles, and which have a stored key."""
    from shellint.actions.keys import list_profiles

    rows = list_profiles(request)
    if as_json:
        return Reply(out=json.dumps([asdict(row) for row in rows]) + "\n")
    if not rows:
        return Reply(notes=("there are no profiles yet: `vault add PROFILE` makes one",))
    if os.isatty(1):
        return Reply(out=_table(rows, colour=not request.env.get("NO_COLOR")))
    return Reply(out="".join(f"{printable(row.profile)}\t{'key' if row.has_key else '-'}\n" for row in rows))


@click.command("remove", epilog=example("vault remove dev", "vault remove dev --yes"))
@click.argument("profile")
@common
def remove_command(request: Request, options: Common, *, profile: str) -> Reply:
    """Forget the long-term key of PROFILE, and the sessions made from it."""
    from shellint.actions.keys import remove

    return remove(request, profile, yes=options.yes)


def _table(rows: Sequence[Row], *, colour: bool) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Profile", "Key", "Role", "Source", "Region", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        cells = (row.profile, "stored" if row.has_key else "-", row.role_arn, row.source_profile, row.region)
        table.add_row(*(Text(printable(cell or "-")) for cell in cells))
    console = Console(no_color=not colour, highlight=False, soft_wrap=True)
    with console.capture() as captured:
        console.print(table)
    return captured.get()
