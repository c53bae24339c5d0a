"""The commands about the shell one sits in: use, refresh, clear, region, status; and lock, about all of them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import click

from shellint.cli.options import Common, common, example, make_wish, wish_options
from shellint.errors import ShellintError, UsageError
from shellint.request import Reply, Request

__all__ = ["clear_command", "lock_command", "refresh_command", "region_command", "status_command", "use_command"]


@click.command(
    "use", epilog=example("vault use prod", "vault use prod --duration 30m --region eu-west-1", "vault use -")
)
@click.argument("profile", required=False)
@wish_options
@common
def use_command(
    request: Request, _: Common, *, profile: str | None, mfa_token: str | None, force: bool, **wishes: str | None
) -> Reply:
    """Load PROFILE into this shell; without a name, pick one; `-` is the one before."""
    from shellint.actions.use import use

    if profile in {None, "-"} and any(value is not None for name, value in wishes.items() if name != "minimum"):
        raise UsageError("options that shape the session need a PROFILE", "see: vault use --help")
    wish = make_wish(profile, **wishes) if profile is not None else None
    return use(request, wish, force=force, mfa_token=mfa_token)


@click.command("refresh", epilog=example("vault refresh", "vault refresh --force"))
@click.option("--force", is_flag=True, help="A new session, even if a stored one lasts long enough.")
@click.option("-t", "--mfa-token", metavar="CODE", help="The MFA code, if one is needed.")
@click.option("--ahead", is_flag=True, hidden=True)
@common
def refresh_command(request: Request, _: Common, *, force: bool, mfa_token: str | None, ahead: bool) -> Reply:
    """Renew what is loaded, exactly as it was asked for; after its end, load it again."""
    from shellint.actions.use import refresh

    return refresh(request, force=force, ahead=ahead, mfa_token=mfa_token)


@click.command("clear", epilog=example("vault clear", "vault clear --cached", "vault clear --cached prod"))
@click.argument("profiles", metavar="[PROFILE]...", nargs=-1)
@click.option("--cached", is_flag=True, help="Forget stored sessions instead: those of PROFILE, or all.")
@click.option("--expired", is_flag=True, hidden=True)
@click.option("--locked", is_flag=True, hidden=True)
@common
def clear_command(
    request: Request, _: Common, *, profiles: tuple[str, ...], cached: bool, expired: bool, locked: bool
) -> Reply:
    """Take out what `use` loaded and restore what was there before. Works offline."""
    from shellint.actions.clear import clear, forget

    if cached:
        return forget(request, profiles)
    if profiles:
        raise UsageError(
            f"`vault clear` clears this shell, whatever is loaded; it takes no profile ({profiles[0]!r})",
            f"its stored sessions: vault clear --cached {profiles[0]}",
        )
    return clear(request, expired=expired, locked=locked)


@click.command("lock", epilog=example("vault lock"))
@common
def lock_command(request: Request, _: Common) -> Reply:
    """Forget stored sessions and sign-ins, and take out what any shell holds, this one too.

    At AWS, credentials that were handed out stay good until they end. Keys stay stored.
    """
    from shellint.actions.lock import lock

    return lock(request)


@click.command("region", epilog=example("vault region eu-central-1"))
@click.argument("name", metavar="REGION")
@common
def region_command(request: Request, _: Common, *, name: str) -> Reply:
    """Change the region of what is loaded, and nothing else."""
    from shellint.actions.use import region

    return region(request, name)


@click.command("status", epilog=example("vault status", "vault status --json"))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common
def status_command(request: Request, _: Common, **options: Any) -> Reply:
    """Show what this shell holds, for how long, and where from."""
    from shellint.actions.status import status
    from shellint.rotation import KIND, unfinished

    reply = status(request, **options)
    with contextlib.suppress(ShellintError):  # whatever state the store is in, it has no say here
        return replace(reply, notes=(*reply.notes, *unfinished(request.store.names(KIND))))
    return reply
