"""`exec`: a command, or a shell of its own, with credentials."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence

from shellint.actions.grant import grant, wish_for
from shellint.environment import exec_environment
from shellint.lease import Wish
from shellint.request import Reply, Request

__all__ = ["execute"]


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
    granted = grant(request, wish, force=force, mfa_token=mfa_token)
    environment = exec_environment(
        request.env,
        wish,
        granted.credentials,
        region=granted.region,
        lease="" if command else secrets.token_hex(8),
        owner=os.getpid(),  # execve keeps the pid
    )
    program = tuple(command) or (request.env.get("SHELL") or "/bin/sh",)
    notes = () if command else (f"{wish.profile} is in this shell within your shell: `exit` ends it",)
    return Reply(notes=notes, program=program, environment=environment)
