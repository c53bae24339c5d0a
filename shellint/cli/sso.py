"""The commands about IAM Identity Center: sso login, sso logout, sso sync."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from shellint.cli.options import Common, common, example
from shellint.errors import UsageError
from shellint.request import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["sso_command"]


@click.group(
    "sso",
    epilog=example("vault sso login", "vault sso sync --dry-run", "vault sso logout --all"),
    subcommand_metavar="COMMAND [OPTIONS]...",
    options_metavar="",
    no_args_is_help=True,
)
def sso_command() -> None:
    """Sign in to IAM Identity Center, sign out, and write its roles as profiles.

    NAME is an [sso-session] of ~/.aws/config, a profile that uses one, or a start URL that stands there. Without it,
    it is the only one there is.
    """


@sso_command.command(
    "login",
    short_help="sign in, once for all accounts and roles",
    epilog=example(
        "vault sso login",
        "vault sso login corp --no-browser   # shows a code to type in a browser anywhere: the default over SSH",
        "vault sso login corp --share        # `aws --profile ...` needs no `aws sso login` then",
    ),
)
@click.argument("name", required=False)
@click.option("--no-browser", is_flag=True, help="Show a code, to be typed in a browser on any device.")
@click.option("--share", is_flag=True, help="Let the AWS CLI have it: in plain text in ~/.aws/sso/cache.")
@click.option("--force", is_flag=True, help="Sign in even if a sign-in is there and good.")
@common
def _login(request: Request, _: Common, *, name: str | None, no_browser: bool, share: bool, force: bool) -> Reply:
    """Sign in, once for all accounts and roles; kept sealed, and renewed without asking while AWS allows it."""
    from shellint.actions.sso import login

    return login(request, name, browser=False if no_browser else None, share=share, force=force)


@sso_command.command(
    "logout",
    short_help="end a sign-in",
    epilog=example("vault sso logout", "vault sso logout corp", "vault sso logout --all"),
)
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="End every sign-in.")
@common
def _logout(request: Request, _: Common, *, name: str | None, everything: bool) -> Reply:
    """End a sign-in at AWS, and forget it here, in the AWS CLI's cache, and in sessions made by it."""
    from shellint.actions.sso import logout

    if name and everything:
        raise UsageError("--all and a NAME exclude each other")
    return logout(request, name, everything=everything)


@sso_command.command(
    "sync",
    short_help="write a profile for every account and role",
    epilog=example(
        "vault sso sync --dry-run",
        "vault sso sync corp --region eu-west-1",
        "vault sso sync --name '{account}.{role}' --prefix corp-",
        "vault sso sync --prune --yes",
    ),
)
@click.argument("name", required=False)
@click.option(
    "--name",
    "template",
    metavar="TEMPLATE",
    default="{account}-{role}",
    show_default=True,
    help="How profiles are called: {account}, {account_id}, {role}, {email}; a name that is not unique gets the id.",
)
@click.option("--prefix", metavar="P", default="", help="What stands before each name.")
@click.option("--region", metavar="REGION", help="The region of new profiles, in place of that of [default].")
@click.option("--prune", is_flag=True, help="Take out profiles written by sync whose roles are gone.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common
def _sync(
    request: Request,
    options: Common,
    *,
    name: str | None,
    template: str,
    prefix: str,
    region: str | None,
    prune: bool,
    dry_run: bool,
    as_json: bool,
) -> Reply:
    """Write a profile for every account and role you have to the AWS config file.

    It is shown before it is written. What is in the file stays as it is, byte for byte. A profile that sync wrote is
    known by its setting `managed_by`; it may be edited, moved and renamed.
    """
    from shellint.actions.sso_sync import SyncWish, sync
    from shellint.sso.profiles import Naming

    naming = Naming(template, prefix)
    wish = SyncWish(naming, region=region, prune=prune, dry_run=dry_run, yes=options.yes, as_json=as_json)
    with _progress(request.env) as progress:
        return sync(request, name, wish, progress)


@contextlib.contextmanager
def _progress(env: Mapping[str, str]) -> Iterator[Callable[[int, int], None]]:
    """Give what shows on a terminal how far the accounts are, on a line that is gone when they are all there."""
    shown = False

    def show(done: int, total: int) -> None:
        nonlocal shown
        shown = done < total
        _write(f"\r\x1b[K{done} of {total} accounts" if shown else "\r\x1b[K")

    try:
        yield show if os.isatty(2) and env.get("TERM") != "dumb" else lambda *_: None
    finally:
        if shown:
            _write("\r\x1b[K")


def _write(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, text.encode())
