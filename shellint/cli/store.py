"""The command about where the secrets rest: store."""

from __future__ import annotations

import click

from shellint.cli.options import Common, common, example
from shellint.errors import UsageError
from shellint.request import Reply, Request

__all__ = ["store_command"]


@click.command(
    "store",
    epilog=example(
        "vault store",
        "vault store status --json",
        "vault store add-passphrase          # then also where the keychain is not: over SSH, in a container",
    ),
)
@click.argument("what", type=click.Choice(["status", "add-passphrase"]), default="status")
@click.option("--json", "as_json", is_flag=True, help="For programs: the status.")
@common
def store_command(request: Request, _: Common, *, what: str, as_json: bool) -> Reply:
    """Show where the secrets rest and whether they can be opened, or add a passphrase that opens them."""
    from shellint.actions import store

    if what == "status":
        return store.status(request, as_json=as_json)
    if as_json:
        raise UsageError("--json belongs to `vault store status`")
    return store.add_passphrase(request)
