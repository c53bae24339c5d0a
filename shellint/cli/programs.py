"""The commands that give credentials to other programs: exec, serve, export, credential-process."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import click

from shellint.cli.options import Common, common, example, make_wish, variable, wish_options
from shellint.errors import UsageError
from shellint.request import Reply, Request

__all__ = ["credential_process_command", "exec_command", "export_command", "serve_command"]


class _Exec(click.Command):
    """Options before or behind PROFILE; the first word after it that is none of ours begins the command.

    `--` is optional, because PowerShell swallows it; everything behind it is the command's, untouched.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, words = self._split(args)
        if args[len(before) :][:1] == ["--"] and words and not words[0].startswith("-"):
            raise UsageError("there is no PROFILE before --", "vault exec PROFILE -- COMMAND")
        behind, command = self._split(words[1:])
        return super().parse_args(ctx, [*before, *behind, "--", *words[:1], *command])

    def _split(self, args: list[str]) -> tuple[list[str], list[str]]:
        """Return the options that `args` begin with, and the words from the first other one on, without a `--`."""
        count = 0
        while count < len(args) and args[count].startswith("-") and args[count] not in {"-", "--"}:
            count += 2 if self._wants_next(args[count]) else 1
        return args[:count], args[count + 1 :] if args[count : count + 1] == ["--"] else args[count:]

    def _wants_next(self, word: str) -> bool:
        """Tell whether the value of an option, or of the last in a cluster (-nd 15m), is the word behind it."""
        takes_value = {
            name: not option.is_flag
            for option in self.params
            if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        }
        if word.startswith("--"):
            return takes_value.get(word, False)
        first = next((at for at, letter in enumerate(word) if takes_value.get(f"-{letter}")), None)
        return first == len(word) - 1


@click.command(
    "exec",
    cls=_Exec,
    options_metavar="[OPTIONS]",
    epilog=example(
        "vault exec prod -- aws s3 ls",
        "vault exec prod --duration 15m terraform plan",
        "vault exec prod --serve -- ./long-job",
        "vault exec prod",
    ),
)
@click.argument("profile")
@click.argument("command", metavar="[--] [COMMAND [ARGUMENTS]...]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-s",
    "--serve",
    "--server",
    "--ecs-server",
    "--ec2-server",
    "serve",
    is_flag=True,
    help="Renew while COMMAND runs: it asks a server for credentials, and sees nothing of ~/.aws.",
)
@click.option("-n", "--no-session", is_flag=True, help="Use the key itself, without a session from GetSessionToken.")
@click.option("-j", "--json", "as_json", is_flag=True, hidden=True)
@click.option("--lazy", is_flag=True, hidden=True, expose_value=False)  # the time for questions is before COMMAND runs
@variable("--stdout", "AWS_VAULT_STDOUT", is_flag=True)
@wish_options
@common
def exec_command(
    request: Request,
    _: Common,
    *,
    profile: str,
    command: tuple[str, ...],
    serve: bool,
    no_session: bool,
    as_json: bool,
    mfa_token: str | None,
    force: bool,
    **wishes: Any,
) -> Reply:
    """Run a command with credentials; without one, a shell."""
    from shellint.actions.exec import execute, execute_served
    from shellint.actions.export import credential_process

    if serve and no_session:
        raise UsageError("--serve hands out sessions, so --no-session says nothing there", "choose one of the two")
    wish = replace(make_wish(profile, **wishes), no_session=no_session)
    if as_json and not (command or serve):
        return credential_process(request, wish, force=force, mfa_token=mfa_token)
    if as_json:
        raise UsageError("--json prints credentials and runs nothing", "leave out --json, or what is to be run")
    become = execute_served if serve else execute
    return become(request, wish, command, force=force, mfa_token=mfa_token)


@click.command(
    "serve",
    epilog=example(
        "vault serve prod                    # then run the lines it prints in another shell",
        "vault serve prod --shell fish",
        "vault serve prod --ec2 --port 9099",
    ),
)
@click.argument("profile")
@click.option(
    "--ecs", "kind", flag_value="ecs", default=True, help="As a container's endpoint, with a token (default)."
)
@click.option(
    "--ec2", "kind", flag_value="ec2", help="As an instance's metadata (IMDSv2), which asks nobody for a token."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Listen at N, not at any free port."
)
@click.option("--shell", metavar="SHELL", help="The shell that runs the lines: bash, zsh, fish, powershell.")
@wish_options
@common
def serve_command(
    request: Request,
    _: Common,
    *,
    profile: str,
    kind: str,
    port: int,
    shell: str | None,
    mfa_token: str | None,
    force: bool,
    **wishes: Any,
) -> Reply:
    """Answer programs that ask for credentials, and renew them, until Ctrl-C."""
    from shellint.actions.serve import serve
    from shellint.hook import KINDS, detect_shell

    if shell is None:
        with contextlib.suppress(UsageError):
            shell = detect_shell(request.env)
    shell = shell or "bash"
    if shell not in KINDS:
        raise UsageError(f"there is no shell {shell!r}", f"the shells are {', '.join(KINDS)}")
    wish = make_wish(profile, **wishes)
    return serve(request, wish, kind, shell, port=port, force=force, mfa_token=mfa_token)


@click.command(
    "export",
    epilog=example(
        'eval "$(vault export prod --format bash)"',
        "vault export prod --format fish | source",
        "vault export prod --format powershell | Out-String | Invoke-Expression",
        "vault export prod --format json",
        "(umask 077; vault export prod --format dotenv > .env)",
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
@click.option("-n", "--no-session", is_flag=True, help="Assume a role with the key itself, without GetSessionToken.")
@variable("--stdout", "AWS_VAULT_STDOUT", is_flag=True)
@wish_options
@common
def export_command(
    request: Request,
    _: Common,
    *,
    profile: str,
    form: str,
    no_session: bool,
    mfa_token: str | None,
    force: bool,
    **wishes: Any,
) -> Reply:
    """Print credentials, quoted for the one who reads them."""
    from shellint.actions.export import export
    from shellint.export_formats import FORMATS

    form = {"export-env": "bash"}.get(form, form)  # as aws-vault calls it
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", f"the formats are {', '.join(FORMATS)}")
    wish = replace(make_wish(profile, **wishes), no_session=no_session)
    return export(request, wish, form, force=force, mfa_token=mfa_token)


@click.command(
    "credential-process",
    epilog=example("vault credential-process prod", "vault credential-process prod --no-input --min 15m"),
)
@click.argument("profile")
@wish_options
@common
def credential_process_command(
    request: Request, _: Common, *, profile: str, mfa_token: str | None, force: bool, **wishes: Any
) -> Reply:
    """Print credentials as the AWS CLI and SDKs expect them of a credential_process.

    In ~/.aws/config: credential_process = vault credential-process prod
    """
    from shellint.actions.export import credential_process

    return credential_process(request, make_wish(profile, **wishes), force=force, mfa_token=mfa_token)
