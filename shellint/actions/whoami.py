"""`whoami`: whom AWS takes one for, with a profile or with what this shell holds."""

from __future__ import annotations

import json

from shellint.actions.grant import grant, plan_for, wish_for
from shellint.actions.held import HeldCredentials, identity_of, meant
from shellint.lease import Wish
from shellint.request import Reply, Request
from shellint.sources.sts import sts_client
from shellint.terminal import printable

__all__ = ["whoami"]


def whoami(
    request: Request,
    wish: Wish | None,
    *,
    as_json: bool = False,
    region: str | None = None,
    force: bool = False,
    mfa_token: str | None = None,
) -> Reply:
    """Ask AWS who `wish` is, or who this shell is; the JSON is what `aws sts get-caller-identity` prints.

    `region` is where this shell asks; a wish has its own.
    """
    who = meant(request, wish, "whoami", region)
    notes: tuple[str, ...] = ()
    if isinstance(who, HeldCredentials):
        identity = identity_of(request, who)
    else:
        wish = wish_for(request, who)
        plan = plan_for(request, wish)
        granted = grant(request, wish, plan, force=force, mfa_token=mfa_token)
        name, notes = wish.profile, granted.notes
        identity = sts_client(
            plan.sts, granted.credentials, request.env, profile=name, owner=name, now=request.now
        ).identity()
    if as_json:
        document = {"UserId": identity.user_id, "Account": identity.account, "Arn": identity.arn}
        return Reply(out=json.dumps(document) + "\n", notes=notes)
    rows = (("account", identity.account), ("arn", identity.arn), ("user id", identity.user_id))
    return Reply(out="".join(f"{name:<10} {printable(value)}\n" for name, value in rows), notes=notes)
