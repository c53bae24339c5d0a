"""The command that puts the hook into a start-up file."""

from __future__ import annotations

import click

from shellint.cli.options import Common, common, example
from shellint.command_name import check_name
from shellint.hook import KINDS, detect_shell
from shellint.request import Reply, Request

__all__ = ["setup_command"]


@click.command("setup", epilog=example("vault setup", "vault setup zsh --yes", "vault setup --undo"))
@click.argument("shell", required=False, type=click.Choice(KINDS))
@click.option("--undo", "take_out", is_flag=True, help="Take out again what was added.")
@click.option("--name", metavar="NAME", default="vault", help="Call the command NAME (and always shellint too).")
@click.option("--no-prompt", is_flag=True, help="Place no segment in the prompt.")
@common
def setup_command(
    request: Request, options: Common, *, shell: str | None, take_out: bool, name: str, no_prompt: bool
) -> Reply:
    """Add the hook to the file your shell reads when it starts; the shell is detected when it is not named."""
    from shellint.actions.setup import setup, undo

    kind = shell or detect_shell(request.env)
    if take_out:
        return undo(request, kind)
    check_name(name)
    return setup(request, kind, name=name, prompt=not no_prompt, yes=options.yes)
