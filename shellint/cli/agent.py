"""The commands about the process that answers for all shells: agent, sessions."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import click

from shellint import __version__
from shellint.cli.options import Common, common, example
from shellint.durations import format_duration
from shellint.errors import ShellintError
from shellint.request import Agent, Holding, Reply, Request
from shellint.terminal import printable

__all__ = ["agent_command", "sessions_command"]

_HEADS = ("Profile", "Left", "Shell", "Pid", "Terminal", "For", "Directory")


@click.group("agent", epilog=example("vault agent status", "vault agent stop"))
def agent_command() -> None:
    """Look after the resident that answers for all shells, renews, and tells those that wait; it starts by itself."""


@agent_command.command("start", epilog=example("vault agent start"))
@common
def start_command(request: Request, _: Common) -> Reply:
    """Have it run: what the hook of a new shell does, in the background."""
    _agent(request)
    return Reply(notes=("the agent runs",))


@agent_command.command("status", epilog=example("vault agent status"))
@common
def status_command(request: Request, _: Common) -> Reply:
    """Say whether it runs, and for how many shells."""
    shells = len(_agent(request).shells())
    return Reply(out=f"running: version {__version__}, pid {os.getpid()}, {shells} shell{'' if shells == 1 else 's'}\n")


@agent_command.command("stop", epilog=example("vault agent stop"))
@common
def stop_command(request: Request, _: Common) -> Reply:
    """End it, and with it all that it remembers; the next command that needs one starts another."""
    _agent(request).stop()
    return Reply(notes=("the agent stops",))


def _agent(request: Request) -> Agent:
    if request.agent is None:
        raise ShellintError(
            "there is no agent for this home", "it starts by itself with `vault use`, unless SHELLINT_AGENT is off"
        )
    return request.agent


@click.command("sessions", epilog=example("vault sessions", "vault sessions --json"))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common
def sessions_command(request: Request, _: Common, *, as_json: bool) -> Reply:
    """Show which shells hold what, for how long yet and since when: those that the agent has heard of."""
    shells = sorted(request.agent.shells(), key=lambda each: each.since) if request.agent else []
    if as_json:
        return Reply(out=json.dumps([asdict(each) for each in shells], indent=2) + "\n")
    if not shells:
        return Reply(notes=("no shell holds a session that the agent knows of",))
    rows = [_row(each, int(request.now())) for each in shells]
    if not request.terminal:
        return Reply(out="".join("\t".join(row) + "\n" for row in rows))
    widths = [max(map(len, column)) for column in zip(_HEADS, *rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (_HEADS, *rows))
    return Reply(out="\n".join(lines) + "\n")


def _row(shell: Holding, now: int) -> tuple[str, ...]:
    left = "-" if shell.expires is None else _minutes(int(shell.expires) - now)
    since = _minutes(now - int(shell.since))
    cells = (shell.profile, left, shell.kind, str(shell.pid), shell.tty or "-", since, shell.directory)
    return tuple(map(printable, cells))


def _minutes(seconds: int) -> str:
    seconds = max(0, seconds)
    return format_duration(seconds // 60 * 60 if seconds >= 60 else seconds)
