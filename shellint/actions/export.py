"""`export` and `credential-process`: credentials on stdout, for whoever reads them there."""

from __future__ import annotations

from shellint.actions.grant import grant, wish_for
from shellint.export_formats import export_text, process_document
from shellint.lease import Wish
from shellint.request import Reply, Request

__all__ = ["credential_process", "export"]


def export(request: Request, wish: Wish, form: str, *, force: bool = False, mfa_token: str | None = None) -> Reply:
    """Print credentials for `wish` in one of export_formats.FORMATS."""
    granted = grant(request, wish_for(request, wish), force=force, mfa_token=mfa_token)
    return Reply(
        out=export_text(form, wish.profile, granted.credentials, granted.region),
        notes=granted.notes,
    )


def credential_process(request: Request, wish: Wish, *, force: bool = False, mfa_token: str | None = None) -> Reply:
    """Print the document that the AWS CLI and SDKs read; a note would only disturb whoever runs them."""
    granted = grant(request, wish_for(request, wish), force=force, mfa_token=mfa_token)
    return Reply(out=process_document(granted.credentials))
