"""The commands that run another program: exec."""

from __future__ import annotations

from typing import Any

import click

from shellint.cli.options import Common, common, example, make_wish, wish_options
from shellint.request import Reply, Request

__all__ = ["exec_command"]


class _Exec(click.Command):
    """Options before or behind PROFILE; the first word after it that is none of ours begins the command.

    `--` is optional, because PowerShell swallows it; everything behind it is the command's, untouched.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, words = self._split(ctx, args)
        behind, command = self._split(ctx, words[1:])
        return super().parse_args(ctx, [*before, *behind, "--", *words[:1], *command])

    def _split(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        """Return the options that `args` begin with, and the words from the first other one on."""
        ctx.allow_interspersed_args = False
        _, rest, _ = self.make_parser(ctx).parse_args(args=list(args))
        options = args[: len(args) - len(rest)]
        return options[:-1] if options[-1:] == ["--"] else options, rest


@click.command(
    "exec",
    cls=_Exec,
    options_metavar="[OPTIONS]",
    epilog=example("vault exec prod -- aws s3 ls", "vault exec prod --duration 15m terraform plan", "vault exec prod"),
)
@click.argument("profile")
@click.argument("command", metavar="[--] [COMMAND [ARGUMENTS]...]", nargs=-1, type=click.UNPROCESSED)
@wish_options
@common
def exec_command(
    request: Request,
    _: Common,
    *,
    profile: str,
    command: tuple[str, ...],
    mfa_token: str | None,
    force: bool,
    **wishes: Any,
) -> Reply:
    """Run a command with credentials; without one, a shell."""
    from shellint.actions.exec import execute

    return execute(request, make_wish(profile, **wishes), command, force=force, mfa_token=mfa_token)
