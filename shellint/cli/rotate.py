"""The command that replaces a long-term key: rotate."""

from __future__ import annotations

import click

from shellint.cli.options import Common, common, example
from shellint.request import Reply, Request

__all__ = ["rotate_command"]


@click.command(
    "rotate", epilog=example("vault rotate dev", "vault rotate dev --yes", "vault rotate dev --no-session --yes")
)
@click.argument("profile", required=False)
@click.option("-n", "--no-session", is_flag=True, help="Sign with the key itself, not with a session made with MFA.")
@click.option("-t", "--mfa-token", metavar="CODE", help="The MFA code, if one is needed.")
@common
def rotate_command(
    request: Request, options: Common, *, profile: str | None, no_session: bool, mfa_token: str | None
) -> Reply:
    """Replace the long-term key that PROFILE starts from, at AWS and in the store.

    The old key is deleted when the new one is known to work. Whatever breaks it off, the next `vault rotate` goes on.
    """
    from shellint.actions.rotate import rotate

    return rotate(request, profile, yes=options.yes, session=not no_session, mfa_token=mfa_token)
