"""`serve`, and what `exec --serve` has of it: a profile's sessions for other programs, over HTTP on the loopback."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shellint.actions.grant import caller_of, minimum_ttl, plan_for, wish_for
from shellint.broker import Broker
from shellint.credentials import Credentials
from shellint.endpoints.container import container
from shellint.endpoints.documents import refusal
from shellint.endpoints.instance import instance
from shellint.endpoints.server import Answer, Asked, listen, url_of
from shellint.endpoints.server import serve as answer_all
from shellint.endpoints.sessions import FRESH, Sessions
from shellint.errors import NeedsHuman
from shellint.lasting import HOUR
from shellint.lease import Wish
from shellint.peer import tells_users_apart
from shellint.plan import Plan
from shellint.render import SHELLS, render_export
from shellint.request import Reply, Request
from shellint.served import served_change
from shellint.steps import AssumeRole, session_name_of
from shellint.terminal import Human, NoHuman

if TYPE_CHECKING:
    from socket import socket

__all__ = ["CONTAINER", "INSTANCE", "Served", "serve", "served", "sessions_of"]

CONTAINER, INSTANCE = "ecs", "ec2"
_FULL_URI, _TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_OPEN = (
    "vault: {} can read these credentials: who asks an instance's metadata need not prove anything (--ecs has a token)"
)


@dataclass(frozen=True, slots=True)
class Served:
    """A server that listens already: `variables` say where, with the `token` of a container's."""

    url: str
    token: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    region: str | None
    notes: tuple[str, ...]
    listener: socket
    answer: Callable[[Asked], Answer]


def serve(
    request: Request,
    wish: Wish,
    kind: str,
    shell: str,
    *,
    port: int = 0,
    force: bool = False,
    mfa_token: str | None = None,
) -> Reply:
    """Say which variables a shell of the kind `shell` has to set, then answer until Ctrl-C."""
    server = served(request, wish, kind, port=port, force=force, mfa_token=mfa_token)
    change = served_change(request.env, wish.profile, server.variables, server.region)

    def run() -> None:
        # Now, because whatever stands above the lines is out of sight.
        request.human.say(
            f"vault: {wish.profile} is served at {server.url} until Ctrl-C, to a shell that runs these lines"
        )
        if kind == INSTANCE:
            who = "every program of yours" if tells_users_apart() else "every user of this machine"
            request.human.say(_OPEN.format(who))
        answer_all(server.listener, server.answer, refusal=refusal)

    return Reply(out=render_export(SHELLS[shell], change), notes=server.notes, serve=run)


def served(
    request: Request,
    wish: Wish,
    kind: str = CONTAINER,
    *,
    port: int = 0,
    force: bool = False,
    mfa_token: str | None = None,
) -> Served:
    """Return a server of the `kind` CONTAINER or INSTANCE, with a first session behind it.

    That is the time for questions: from then on nobody is asked.
    """
    wish = wish_for(request, wish)
    plan = plan_for(request, wish)
    listener = listen(port)
    _session(request, wish, plan, request.human, force=force, mfa_token=mfa_token)
    sessions = sessions_of(request, wish)
    url = url_of(listener)
    token = "" if kind == INSTANCE else secrets.token_urlsafe(32)
    if kind == INSTANCE:
        variables = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
        answer = instance(sessions.get, plan.region, secrets.token_bytes(), request.now)
    else:
        variables = {_FULL_URI: f"{url}/", _TOKEN: token}
        answer = container(sessions.get, token, request.now)
    notes = (*plan.notes, *plan.elsewhere)
    return Served(url, token, variables, plan.region, notes, listener, answer)


def sessions_of(request: Request, wish: Wish) -> Sessions:
    """Return the sessions for a wish, and those of roles on top of them; nobody is asked for anything."""
    return Sessions(lambda role_arn: _unattended(request, wish, role_arn), request.now)


def _unattended(request: Request, wish: Wish, role_arn: str | None) -> Credentials:
    """Return a session for a program that waits for it: nobody is asked, what is needed of somebody is told it."""
    plan = plan_for(request, wish)
    if role_arn is not None:
        name = session_name_of(request.user, request.host)
        role = AssumeRole(wish.profile, role_arn, name, external_id=None, duration=HOUR)
        plan = replace(plan, steps=(*plan.steps, role))
    try:
        return _session(request, wish, plan, NoHuman())
    except NeedsHuman as error:
        options = {"--duration": wish.duration, "--role-arn": wish.role_arn, "--source-profile": wish.source_profile}
        words = [word for name, value in options.items() if value for word in (name, str(value))]
        command = shlex.join(["vault", "exec", *words, wish.profile, "true"])
        raise NeedsHuman(f"{wish.profile} has ended: {error.what}", f"`{command}` in a terminal renews it") from None


def _session(
    request: Request, wish: Wish, plan: Plan, human: Human, *, force: bool = False, mfa_token: str | None = None
) -> Credentials:
    """Return a session with enough left for an SDK to keep it, where it can be that long."""
    enough = max(FRESH, minimum_ttl(request))
    return Broker(caller_of(request, human=human)).obtain(
        plan,
        min_ttl=max(wish.minimum or 0, min(enough, plan.duration or enough)),
        force=force,
        mfa_token=mfa_token,
    )
