"""What the commands' options have in common, and the Request that an action is given."""

from __future__ import annotations

import contextlib
import functools
import getpass
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import click

from shellint.durations import parse_duration
from shellint.errors import UsageError
from shellint.lease import Wish
from shellint.memory import Memory
from shellint.origin import Origin
from shellint.request import Agent, Request
from shellint.served import outside
from shellint.terminal import Human, NoHuman, Terminal

__all__ = ["Common", "Invocation", "common", "example", "make_wish", "request_of", "variable", "wish_options"]


@dataclass(frozen=True, slots=True)
class Invocation:
    """Where a command line comes from: the caller's environment, process and person, and what answers it.

    `shell` is the kind of shell that captures the answer; `nobody` is who is asked when nobody may be;
    `terminal` whether stdout is one.
    """

    env: Mapping[str, str] = field(repr=False)
    shell: str | None = None
    human: Human = field(default_factory=Terminal)
    nobody: Human = field(default_factory=NoHuman)
    pid: int = field(default_factory=os.getpid)
    memory: Memory = field(default_factory=Memory)
    agent: Agent | None = None
    terminal: bool = field(default_factory=lambda: os.isatty(1))


@dataclass(frozen=True, slots=True)
class Common:
    """The options every command takes."""

    no_input: bool
    yes: bool
    passphrase_fd: int | None


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options every command takes, and hand the function a Request and a Common in their place."""

    @click.option("--no-input", is_flag=True, help="Never ask: a question is exit code 4.")
    @click.option("-y", "--yes", is_flag=True, help="Answer yes to what is asked only for safety.")
    @click.option(
        "--passphrase-fd", type=click.IntRange(0, 65535), metavar="N", help="Read the store's passphrase from N."
    )
    @click.option("--debug", is_flag=True, help="Show where an unforeseen failure came from.")
    @variable("--prompt", "AWS_VAULT_PROMPT", metavar="NAME")
    @functools.wraps(command)
    def wrapped(*, no_input: bool, yes: bool, passphrase_fd: int | None, debug: bool, **options: Any) -> Any:
        del debug  # looked at where failures are shown
        invocation: Invocation = click.get_current_context().obj
        no_input = no_input or _set(invocation.env.get("SHELLINT_NO_INPUT"))
        return command(
            request_of(invocation, no_input=no_input, passphrase_fd=passphrase_fd),
            Common(no_input, yes, passphrase_fd),
            **options,
        )

    return wrapped


def variable(option: str, name: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a hidden option that sets a variable for one command: here it is one, in aws-vault it is both."""

    def take(context: click.Context, _: click.Parameter, value: str | bool | None) -> None:
        if value:
            env = {**context.obj.env, name: "true" if value is True else value}
            context.obj = replace(context.obj, env=env)

    return click.option(option, expose_value=False, hidden=True, callback=take, **more)


def wish_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that shape a session; `make_wish` takes them."""
    for option in reversed(
        (
            click.option("-d", "--duration", metavar="D", help="How long it should last: 900, 15m, 1h30m, 12h."),
            click.option("--min", "minimum", metavar="D", help="Renew first when less than this is left."),
            click.option("--region", metavar="REGION", help="The region, in place of the profile's."),
            click.option("--role-arn", metavar="ARN", help="The role to assume, in place of the profile's."),
            click.option("--source-profile", metavar="NAME", help="The profile the role starts from."),
            click.option("-t", "--mfa-token", metavar="CODE", help="The MFA code, if one is needed."),
            click.option("--force", is_flag=True, help="A new session, even if one is cached."),
        )
    ):
        command = option(command)
    return command


def make_wish(
    profile: str,
    *,
    duration: str | None,
    minimum: str | None,
    region: str | None,
    role_arn: str | None,
    source_profile: str | None,
) -> Wish:
    """Return the wish that the words say. Raises UsageError."""
    return Wish(
        profile,
        duration=parse_duration(duration, Origin("--duration")) if duration is not None else None,
        minimum=parse_duration(minimum, Origin("--min")) if minimum is not None else None,
        region=region,
        role_arn=role_arn,
        source_profile=source_profile,
    )


def example(*lines: str) -> str:
    """Return the examples at the end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def request_of(
    invocation: Invocation,
    *,
    no_input: bool,
    passphrase_fd: int | None = None,
    now: Callable[[], float] = time.time,
) -> Request:
    """Return what an action is given. Raises UsageError."""
    env, shell = invocation.env, invocation.shell
    pid = env.get("SHELLINT_PID", "")
    if passphrase_fd is not None:
        with contextlib.suppress(OSError):
            os.set_inheritable(passphrase_fd, False)  # it is ours alone, not for the command that follows
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "unknown"
    if shell is not None and not (pid.isascii() and pid.isdigit()):
        raise UsageError("the hook in this shell is not one of ours", "open a new shell")
    return Request(
        env=outside(env),
        human=invocation.nobody if no_input else invocation.human,
        now=now,
        user=user,
        host=platform.node().partition(".")[0] or "localhost",
        shell=shell,
        shell_pid=int(pid) if pid.isascii() and pid.isdigit() else None,
        passphrase_fd=passphrase_fd,
        pid=invocation.pid,
        memory=invocation.memory,
        agent=invocation.agent,
        terminal=invocation.terminal,
    )


def _set(value: str | None) -> bool:
    return bool(value) and value != "0"
