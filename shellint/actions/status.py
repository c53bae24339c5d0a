"""`status`: what this shell holds, for how long, and where from."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shellint.actions.planning import plan_for
from shellint.durations import format_duration
from shellint.errors import ShellintError
from shellint.lease import Wish, held
from shellint.plan import AssumeRole
from shellint.request import Reply, Request
from shellint.terminal import printable

__all__ = ["status"]


def status(request: Request, *, as_json: bool = False) -> Reply:
    """Describe the lease of the calling environment; an empty one is no failure."""
    lease = held(request.env)
    if lease is None or not lease.is_ours:
        if as_json:
            other = request.env.get("AWS_ACCESS_KEY_ID")
            return Reply(out=json.dumps({"loaded": False, "access_key_id": other}) + "\n")
        return Reply(out=f"{printable(_not_loaded(request.env))}\n")
    left = None if lease.expires is None else max(0, int(lease.expires - request.now()))
    region = request.env.get("AWS_REGION", "")
    owner = lease.owner == request.shell_pid
    facts = {
        "loaded": True,
        "profile": lease.profile,
        "region": region or None,
        "seconds_left": left,
        "expiration": request.env.get("AWS_CREDENTIAL_EXPIRATION"),
        "access_key_id": request.env["AWS_ACCESS_KEY_ID"],
        "role_arn": _role(request, lease.wish) if lease.wish else None,
        "inherited": not owner,
    }
    if as_json:
        return Reply(out=json.dumps(facts) + "\n")
    rows = (
        ("profile", lease.profile),
        ("left", _left(left, request.env.get("AWS_CREDENTIAL_EXPIRATION"))),
        ("region", region or "none"),
        ("key", _masked(request.env["AWS_ACCESS_KEY_ID"])),
        ("role", str(facts["role_arn"] or "")),
        ("loaded by", "this shell" if owner else f"a parent shell (pid {lease.owner})"),
    )
    return Reply(out="".join(f"{name:<10} {printable(value)}\n" for name, value in rows if value))


def _not_loaded(env: Mapping[str, str]) -> str:
    other, profile = env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_VAULT")
    # Where there is a hook, the name may be what is left of a session that was let go for other keys.
    if profile and "SHELLINT_HOOK" not in env and "SHELLINT_SESSION" not in env:
        lasts = not other or env.get("AWS_SESSION_TOKEN")
        what = f"a session of {profile}" if lasts else f"the long-term key of {profile}"
        until = env.get("AWS_CREDENTIAL_EXPIRATION")
        return f"{what}, from `vault exec`{f', until {until}' if until else ''}"
    foreign = f" (AWS_ACCESS_KEY_ID {_masked(other)} is set by something else)" if other else ""
    return f"nothing is loaded in this shell{foreign}"


def _left(seconds: int | None, until: str | None) -> str:
    if seconds is None:
        return "it has no end"
    return f"{format_duration(seconds)} (until {until})" if seconds else "ended"


def _role(request: Request, wish: Wish) -> str | None:
    """Return the role that the session is of; what the config says now, which may have changed or be broken since."""
    try:
        last = plan_for(request, wish).steps[-1]
    except ShellintError:
        return wish.role_arn
    return last.role_arn if isinstance(last, AssumeRole) else None


def _masked(key: str | None) -> str:
    return f"…{key[-4:]}" if key else ""
