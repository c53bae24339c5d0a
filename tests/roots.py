"""Plans that begin with something else than a stored key, and what is printed or kept where they begin."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from shellint.broker import Broker
from shellint.credentials import Credentials
from shellint.errors import ShellintError
from shellint.plan import Plan, SessionToken, Step
from shellint.providers import Machine, Process, SignIn
from shellint.sources.roots import Caller
from shellint.steps import Provided, WebIdentity
from shellint.terminal import Human
from tests.sts_helpers import refusal
from tests.world import HOUR, World

__all__ = [
    "GOOD",
    "SECRET",
    "caller",
    "clean_failure",
    "document",
    "failed",
    "instant",
    "obtain",
    "plan_from",
    "provided",
]

SECRET = "hunter2-of-the-program"
GOOD = {"AccessKeyId": "ASIAEXAMPLE000000000", "SecretAccessKey": SECRET, "SessionToken": SECRET + "=="}


def provided(provider: Process | Machine | SignIn, serial: str | None = None) -> Provided:
    """Return the first step of profile `tool`; a key is exchanged, with a code when `serial` is given."""
    return Provided("tool", provider, SessionToken("tool", serial, None, HOUR))


def plan_from(world: World, root: Provided | WebIdentity, *steps: Step) -> Plan:
    """Return a plan that begins with `root`."""
    return replace(world.plan(root, *steps), steps=(root, *steps))


def document(**fields: object) -> str:
    """Return what a `credential_process` prints; a field of None is left out."""
    given = {"Version": 1, **GOOD, "Expiration": instant(HOUR)} | fields
    return json.dumps({name: value for name, value in given.items() if value is not None})


def instant(seconds: float) -> str:
    """Return the time in so many seconds, as AWS writes it."""
    moment = datetime.now(UTC).timestamp() + seconds
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def caller(
    world: World, env: dict[str, str], *, human: Human | None = None, programs: bool = True, aws: Path | None = None
) -> Caller:
    """Return who asks, with `env` as the environment before any `vault use`."""
    return Caller(
        store=world.store,
        human=human or world.human,
        now=world.clock,
        env={name: value for name, value in env.items() if name != "AWS_SECRET_ACCESS_KEY"},
        aws=aws or world.home / ".aws",
        programs=programs,
        former=lambda: env,
    )


def clean_failure(world: World, call: Callable[[], object]) -> ShellintError:
    """Return the error of a call: two clean lines without the secret, chained to nothing seen, and nothing is kept."""
    error = refusal(call, SECRET)
    assert error.__cause__ is None
    assert world.store.names("session") == []
    return error


def obtain(world: World, source: Machine, env: dict[str, str]) -> Credentials:
    """Return what the machine gives, asked with `env`."""
    return Broker(caller(world, env)).obtain(plan_from(world, provided(source)), min_ttl=300)


def failed(world: World, source: Machine, env: dict[str, str]) -> ShellintError:
    """Return the error of `obtain`, as `clean_failure`."""
    return clean_failure(world, lambda: obtain(world, source, env))
