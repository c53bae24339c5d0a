"""From a wish to credentials: what `use`, `refresh` and `exec` have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shellint.actions.former import opened
from shellint.actions.planning import as_wished, plan_for, wish_for
from shellint.broker import Broker
from shellint.credentials import Credentials
from shellint.durations import format_duration, parse_duration
from shellint.environment import original
from shellint.errors import UsageError
from shellint.lease import Saved, Wish
from shellint.origin import Origin
from shellint.plan import Plan
from shellint.request import Request
from shellint.sources.roots import Caller
from shellint.terminal import Human

__all__ = ["Granted", "caller_of", "grant", "minimum_ttl", "plan_for", "wish_for"]

DEFAULT_MINIMUM = 300


@dataclass(frozen=True, slots=True)
class Granted:
    """Credentials and what they are for; `notes` are lines worth telling the person."""

    credentials: Credentials
    region: str | None
    notes: tuple[str, ...]


def grant(
    request: Request,
    wish: Wish,
    plan: Plan | None = None,
    *,
    renew: bool = False,
    force: bool = False,
    mfa_token: str | None = None,
    programs: bool = True,
) -> Granted:
    """Return credentials for `wish` with enough life left: `--min`, else AWS_MIN_TTL, and half of it to `renew`.

    `plan` is what the wish comes to, where that is not what a shell would get. Without `programs` no command that is
    named in config runs.
    """
    plan = plan or plan_for(request, wish)
    # What was asked for with --min and cannot be is an error; AWS_MIN_TTL is a habit that a short session bends.
    length = plan.duration or minimum_ttl(request)
    minimum = wish.minimum if wish.minimum is not None else min(minimum_ttl(request), length)
    broker = Broker(replace(caller_of(request, programs=programs), env=as_wished(request.env, wish)))
    credentials = broker.obtain(
        plan, min_ttl=max(minimum, length // 2) if renew else minimum, force=force, mfa_token=mfa_token
    )
    if wish.minimum is not None and (left := credentials.left(request.now())) < wish.minimum:
        given, wanted = format_duration(int(left)), format_duration(wish.minimum)
        raise UsageError(f"{wish.profile} came with {given} left, not {wanted}", "ask for less to be left (--min)")
    return Granted(credentials, plan.region, (*plan.notes, *(plan.elsewhere if broker.asked_sts else ())))


def caller_of(request: Request, *, human: Human | None = None, programs: bool = True) -> Caller:
    """Return who asks, for a source; `human` answers in the place of the request's own.

    Without `programs` no command that is named in config runs.
    """
    return Caller(
        store=request.store,
        human=human or request.human,
        now=request.now,
        env=original(request.env),
        former=lambda: original(request.env, opened(request, Saved.decode(request.env.get("SHELLINT_SAVED", "")))),
        aws=request.paths.aws,
        programs=programs,
    )


def minimum_ttl(request: Request) -> int:
    """Return AWS_MIN_TTL in seconds: with less than that left, a session is not handed out but renewed."""
    text = request.env.get("AWS_MIN_TTL", "")
    return parse_duration(text, Origin("AWS_MIN_TTL")) if text else DEFAULT_MINIMUM
