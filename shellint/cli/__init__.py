"""The command line: words in, a call to an action, its Reply out. Each command is imported when it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from shellint import __version__
from shellint.cli.options import Invocation, example
from shellint.errors import Interrupted, UsageError
from shellint.request import Reply

__all__ = ["COMMANDS", "call"]

COMMANDS: Mapping[str, tuple[str, str]] = {
    "use": ("shellint.cli.shell", "load a profile into this shell"),
    "refresh": ("shellint.cli.shell", "renew what is loaded, or load again what ended"),
    "clear": ("shellint.cli.shell", "take it out of this shell and restore what was there before"),
    "region": ("shellint.cli.shell", "change the region of what is loaded"),
    "status": ("shellint.cli.shell", "what this shell holds, and for how long"),
    "lock": ("shellint.cli.shell", "forget all sessions and sign-ins, and have every shell drop what it holds"),
    "explain": ("shellint.cli.explain", "how a profile gets its credentials, and where each setting came from"),
    "exec": ("shellint.cli.programs", "run a command with credentials"),
    "serve": ("shellint.cli.programs", "answer programs that ask for credentials"),
    "export": ("shellint.cli.programs", "print credentials"),
    "credential-process": ("shellint.cli.programs", "print credentials as a credential_process does"),
    "login": ("shellint.cli.console", "open the AWS console in the browser"),
    "whoami": ("shellint.cli.console", "whom AWS takes a profile, or this shell, for"),
    "add": ("shellint.cli.keys", "store a long-term key"),
    "import": ("shellint.cli.import_", "store keys that lie elsewhere: in ~/.aws, a CSV file, aws-vault"),
    "list": ("shellint.cli.listing", "profiles, stored keys and sessions"),
    "remove": ("shellint.cli.keys", "forget a long-term key"),
    "rotate": ("shellint.cli.rotate", "replace a long-term key, at AWS and here"),
    "sso": ("shellint.cli.sso", "sign in to IAM Identity Center, and write its roles as profiles"),
    "sessions": ("shellint.cli.agent", "which shells hold what"),
    "agent": ("shellint.cli.agent", "the resident that answers for all shells"),
    "store": ("shellint.cli.store", "where the secrets rest, and what opens them"),
    "doctor": ("shellint.cli.doctor", "look for what is wrong, and say what to do about it"),
    "setup": ("shellint.cli.setup", "add the hook to your shell's start-up file, or take it out"),
    "hook": ("shellint.cli.hook", "print what your shell evaluates when it starts"),
}

_ALIASES = {"ls": "list", "rm": "remove"}
# Commands of other programs that are options here.
_OPTIONS = {"help": "--help", "version": "--version"}


class _Group(click.Group):
    """Commands by name, each in a module that is imported only for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        import importlib

        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        return getattr(importlib.import_module(module), f"{cmd_name.replace('-', '_')}_command")  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = _ALIASES.get(args[0], args[0])
        if name not in COMMANDS:
            from shellint.profiles import nearest

            close = nearest(name, tuple(COMMANDS))
            raise UsageError(
                f"there is no command {name!r}", f"did you mean {close}?" if close else "see: vault --help"
            )
        return super().resolve_command(ctx, [name, *args[1:]])


def call(argv: Sequence[str], invocation: Invocation) -> Reply:
    """Run one command line. Raises ShellintError; `--help` and `--version` are Replies too."""
    if argv and argv[0] in _OPTIONS:
        argv = (*argv[1:], _OPTIONS[argv[0]])
    if argv and argv[0].startswith("-") and argv[0] not in {"-h", "--help", "--version"}:
        raise UsageError(
            f"before the command only --help and --version may stand, not {argv[0]}",
            "options go behind the command: vault COMMAND [OPTIONS]",
        )
    try:
        result: Any = _main.main(list(argv), prog_name="vault", standalone_mode=False, obj=invocation)
    except click.Abort:
        raise Interrupted("interrupted") from None
    except click.exceptions.NoArgsIsHelpError as error:
        return Reply(out=f"{error.ctx.get_help()}\n" if error.ctx else "", code=2)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "vault"
        raise UsageError(_one_line(error.format_message()), f"see: {path} --help") from None
    except click.ClickException as error:
        raise UsageError(_one_line(error.format_message())) from None
    return result if isinstance(result, Reply) else Reply(code=result if isinstance(result, int) else 0)


def _one_line(message: str) -> str:
    text = " ".join(message.split()).rstrip(".")
    return text[:1].lower() + text[1:]


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=example(
        "vault setup          # once, then open a new shell",
        "vault add dev        # once for each access key; `vault import` takes in those you have",
        "vault use dev",
    ),
    subcommand_metavar="COMMAND [OPTIONS]...",
    options_metavar="",
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="vault", message="%(prog)s %(version)s (shellint)")
def _main() -> None:
    """Temporary AWS credentials in the shell you are sitting in."""
