"""The help of `vault hook`; the command itself is answered before click is imported (shellint/front.py)."""

from __future__ import annotations

import click

from shellint.cli.options import example
from shellint.hook import KINDS
from shellint.request import Reply

__all__ = ["hook_command"]


@click.command(
    "hook",
    epilog=example('eval "$(vault hook bash)"     # in ~/.bashrc', 'eval "$(vault hook zsh)"      # in ~/.zshrc'),
)
@click.argument("shell", required=False, type=click.Choice(KINDS))
@click.option("--name", metavar="NAME", default="vault", help="Call the command NAME (and always shellint too).")
@click.option("--no-prompt", is_flag=True, help="Place no segment in the prompt.")
def hook_command(**_: object) -> Reply:
    """Print what your shell's rc file evaluates; the shell is detected when it is not named."""
    raise AssertionError("answered in shellint/front.py")
