"""`export` and `credential-process`: credentials on stdout, for whoever reads them there."""

from __future__ import annotations

import shlex

from shellint.actions.grant import Granted, grant, plan_for, wish_for
from shellint.errors import UsageError
from shellint.export_formats import export_text, process_document
from shellint.lease import Wish
from shellint.request import Reply, Request
from shellint.steps import StoredKey

__all__ = ["credential_process", "export"]


def export(request: Request, wish: Wish, form: str, *, force: bool = False, mfa_token: str | None = None) -> Reply:
    """Print credentials for `wish` in one of export_formats.FORMATS."""
    granted = _granted(request, wish, force=force, mfa_token=mfa_token)
    return Reply(
        out=export_text(form, wish.profile, granted.credentials, granted.region),
        notes=granted.notes,
    )


def credential_process(request: Request, wish: Wish, *, force: bool = False, mfa_token: str | None = None) -> Reply:
    """Print the document that the AWS CLI and SDKs read; a note would only disturb whoever runs them."""
    return Reply(out=process_document(_granted(request, wish, force=force, mfa_token=mfa_token).credentials))


def _granted(request: Request, wish: Wish, *, force: bool, mfa_token: str | None) -> Granted:
    wish = wish_for(request, wish)
    plan = plan_for(request, wish)
    if isinstance(plan.steps[-1], StoredKey):
        raise UsageError(
            f"{wish.profile} has no role, so without a session there is only its long-term key, which is never printed",
            "leave out --no-session; one command may have it: "
            f"vault exec --no-session {shlex.quote(wish.profile)} -- COMMAND",
        )
    return grant(request, wish, plan, force=force, mfa_token=mfa_token)
