"""`exec`: a command, or a shell of its own, with credentials."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Sequence

from shellint.actions.beside import start
from shellint.actions.grant import caller_of, grant, plan_for, wish_for
from shellint.actions.serve import served
from shellint.broker import Broker
from shellint.environment import exec_environment
from shellint.errors import UsageError
from shellint.lease import Wish
from shellint.plan import Plan
from shellint.request import Reply, Request
from shellint.served import served_environment
from shellint.stamps import read_lock
from shellint.steps import StoredKey
from shellint.variables import is_on

__all__ = ["execute", "execute_served"]


def execute(
    request: Request,
    wish: Wish,
    command: Sequence[str],
    *,
    force: bool = False,
    mfa_token: str | None = None,
) -> Reply:
    """Become `command` with credentials in its environment; without one, a shell that counts as having used them."""
    wish = wish_for(request, wish)
    plan = plan_for(request, wish)
    if isinstance(plan.steps[-1], StoredKey):
        return _with_key(request, wish, plan, command)
    lock = read_lock(request.paths)
    granted = grant(request, wish, plan, force=force, mfa_token=mfa_token)
    environment = exec_environment(
        request.env,
        wish,
        granted.credentials,
        region=granted.region,
        lease="" if command else secrets.token_hex(8),
        owner=request.pid,  # execve keeps the pid
        lock=lock,
    )
    return Reply(
        notes=_notes(request, wish, command, granted.notes), program=_program(request, command), environment=environment
    )


def execute_served(
    request: Request,
    wish: Wish,
    command: Sequence[str],
    *,
    force: bool = False,
    mfa_token: str | None = None,
) -> Reply:
    """Become `command`, which asks a server of ours for its credentials; the server lasts as long as it does."""
    if not hasattr(os, "fork"):
        raise UsageError(
            "--serve needs a system on which a process can fork", "`vault serve PROFILE` serves from its own window"
        )
    wish = wish_for(request, wish)
    server = served(request, wish, force=force, mfa_token=mfa_token)
    return Reply(
        notes=_notes(request, wish, command, server.notes),
        program=_program(request, command),
        environment=served_environment(
            request.env, wish.profile, server.variables, server.region, subshell=not command
        ),
        serve=lambda: start(request, wish, server.listener, server.token),
    )


def _with_key(request: Request, wish: Wish, plan: Plan, command: Sequence[str]) -> Reply:
    """Become `command` with the long-term key itself: for that one command, which was asked for by name."""
    if not command:
        raise UsageError(
            f"{wish.profile} has no role, so without a session its long-term key would stay in a whole shell",
            f"name the one command that is to have it: vault exec --no-session {shlex.quote(wish.profile)} -- COMMAND",
        )
    key = Broker(caller_of(request)).lend(plan)
    return Reply(
        notes=(f"{command[0]} is given the long-term key of {wish.profile} itself, which does not end",),
        program=tuple(command),
        environment=exec_environment(request.env, wish, key, region=plan.region),
    )


def _program(request: Request, command: Sequence[str]) -> tuple[str, ...]:
    return tuple(command) or (request.env.get("SHELL") or "/bin/sh",)


def _notes(request: Request, wish: Wish, command: Sequence[str], notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a person is told: as by `use` and, within a shell of its own, what that is."""
    if command or is_on(request.env.get("AWS_VAULT_DISABLE_HELP_MESSAGE")):
        return notes
    return (*notes, f"{wish.profile} is in this shell within your shell: `exit` ends it")
