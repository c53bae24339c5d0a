"""The commands that give credentials to other programs: exec, export, credential-process."""

from __future__ import annotations

from typing import Any

import click

from shellint.cli.options import Common, common, example, make_wish, wish_options
from shellint.errors import UsageError
from shellint.request import Reply, Request

__all__ = ["credential_process_command", "exec_command", "export_command"]


class _Exec(click.Command):
    """Options before or behind PROFILE; the first word after it that is none of ours begins the command.

    `--` is optional, because PowerShell swallows it; everything behind it is the command's, untouched.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, words = self._split(args)
        behind, command = self._split(words[1:])
        return super().parse_args(ctx, [*before, *behind, "--", *words[:1], *command])

    def _split(self, args: list[str]) -> tuple[list[str], list[str]]:
        """Return the options that `args` begin with, and the words from the first other one on, without a `--`."""
        takes_value = {
            name: not option.is_flag
            for option in self.params
            if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        }
        count = 0
        while count < len(args) and args[count].startswith("-") and args[count] not in {"-", "--"}:
            count += 2 if takes_value.get(args[count]) else 1
        return args[:count], args[count + 1 :] if args[count : count + 1] == ["--"] else args[count:]


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


@click.command(
    "export",
    epilog=example(
        'eval "$(vault export prod --format bash)"',
        "vault export prod --format json",
        "vault export prod --format dotenv > .env",
    ),
)
@click.argument("profile")
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    default="env",
    show_default=True,
    help="env, dotenv, json, ini, bash, zsh, fish, powershell, cmd.",
)
@wish_options
@common
def export_command(
    request: Request, _: Common, *, profile: str, form: str, mfa_token: str | None, force: bool, **wishes: Any
) -> Reply:
    """Print credentials, quoted for the one who reads them."""
    from shellint.actions.export import export
    from shellint.export_formats import FORMATS

    form = {"export-env": "bash"}.get(form, form)  # as aws-vault calls it
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", f"the formats are {', '.join(FORMATS)}")
    return export(request, make_wish(profile, **wishes), form, force=force, mfa_token=mfa_token)


@click.command(
    "credential-process",
    epilog=example(
        "vault credential-process prod", "# in ~/.aws/config: credential_process = vault credential-process prod"
    ),
)
@click.argument("profile")
@wish_options
@common
def credential_process_command(
    request: Request, _: Common, *, profile: str, mfa_token: str | None, force: bool, **wishes: Any
) -> Reply:
    """Print credentials as the AWS CLI and SDKs expect them of a credential_process."""
    from shellint.actions.export import credential_process

    return credential_process(request, make_wish(profile, **wishes), force=force, mfa_token=mfa_token)
