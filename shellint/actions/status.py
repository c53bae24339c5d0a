"""`status`: what this shell holds, for how long, and where from."""

from __future__ import annotations

import json

from shellint.durations import format_duration
from shellint.lease import held
from shellint.request import Reply, Request

__all__ = ["status"]


def status(request: Request, *, as_json: bool = False) -> Reply:
    """Describe the lease of the calling environment; an empty one is no failure."""
    lease = held(request.env)
    if lease is None or not lease.is_ours:
        other = request.env.get("AWS_ACCESS_KEY_ID")
        if as_json:
            return Reply(out=json.dumps({"loaded": False, "access_key_id": other}) + "\n")
        foreign = f" (AWS_ACCESS_KEY_ID {_masked(other)} is set by something else)" if other else ""
        return Reply(out=f"nothing is loaded in this shell{foreign}\n")
    left = max(0, int(lease.expires - request.now()))
    region = request.env.get("AWS_REGION", "")
    owner = lease.owner == request.shell_pid
    facts = {
        "loaded": True,
        "profile": lease.profile,
        "region": region or None,
        "seconds_left": left,
        "expiration": request.env.get("AWS_CREDENTIAL_EXPIRATION"),
        "access_key_id": request.env["AWS_ACCESS_KEY_ID"],
        "role_arn": lease.wish.role_arn if lease.wish else None,
        "inherited": not owner,
    }
    if as_json:
        return Reply(out=json.dumps(facts) + "\n")
    rows = (
        ("profile", lease.profile),
        ("left", f"{format_duration(left)} (until {facts['expiration']})" if left else "ended"),
        ("region", region or "none"),
        ("key", _masked(request.env["AWS_ACCESS_KEY_ID"])),
        ("role", facts["role_arn"]),
        ("loaded by", "this shell" if owner else f"a parent shell (pid {lease.owner})"),
    )
    return Reply(out="".join(f"{name:<10} {value}\n" for name, value in rows if value))


def _masked(key: str | None) -> str:
    return f"…{key[-4:]}" if key else ""
