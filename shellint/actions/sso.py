"""`sso login` and `sso logout`: a sign-in to IAM Identity Center begins, or ends."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shellint.actions.grant import caller_of
from shellint.actions.sign_ins import SignInPlace, choose, every
from shellint.durations import format_duration
from shellint.errors import AwsRefused, Interrupted, NeedsHuman, ShellintError
from shellint.request import Reply, Request
from shellint.sessions import forget_sign_in, forget_sign_in_of
from shellint.sso.portal import accounts
from shellint.sso.portal import logout as end_at_aws
from shellint.sso.sealed import KIND
from shellint.sso.share import share_token
from shellint.sso.token import access_token, forget_token, kept_tokens, sign_in_anew, with_access

if TYPE_CHECKING:
    from shellint.sources.roots import Caller
    from shellint.sso.values import Token

__all__ = ["login", "logout"]


def login(request: Request, name: str | None, *, browser: bool | None, share: bool, force: bool) -> Reply:
    """Sign in, unless a sign-in is there that AWS still takes; `force` does not look.

    `browser` as for `sign_in`; `share` signs the AWS CLI in as well.
    """
    place = choose(request, name)
    caller = caller_of(request)
    token = None if force else _good(place, caller)
    already = "already " if token else ""
    if token is None:
        token = sign_in_anew(place, caller, browser=browser)
    notes = [f"{already}signed in to {place.instance.name} {_until(token, request.now())}"]
    if share:
        path = share_token(place, caller)
        notes.append(f"the AWS CLI is signed in too: {path} has the token in plain text, as it keeps its own")
    return Reply(notes=tuple(notes))


def logout(request: Request, name: str | None, *, everything: bool) -> Reply:
    """End a sign-in, or all of them, here and at AWS; when AWS cannot be told, here."""
    caller = caller_of(request)
    places = every(request) if everything else [choose(request, name)]
    notes = [note for place in places for note in _leave(place, caller)]
    if everything and (strays := caller.store.delete_where(KIND, lambda _: True)):
        for name in strays:
            forget_sign_in_of(caller.store, name)
        notes.append(f"forgot {len(strays)} more, of which the config file knows nothing any more")
    return Reply(notes=tuple(notes) or ("nobody is signed in",))


def _good(place: SignInPlace, caller: Caller) -> Token | None:
    """Return the token there is, or a refreshed one, if AWS takes it."""

    def ask(token: str) -> str:
        next(accounts(place.portal, token, caller, place.instance.name), None)
        return token

    try:
        access = with_access(place, caller, ask, interactive=False)
    except NeedsHuman:
        return None
    except AwsRefused as refused:
        if refused.code != "UnauthorizedException":
            raise
        return None
    return next((token for token in kept_tokens(place, caller) if token.access == access), None)


def _leave(place: SignInPlace, caller: Caller) -> list[str]:
    instance = place.instance
    trouble = _tell_aws(place, caller)
    was = forget_token(instance, caller)
    sessions = forget_sign_in(caller.store, instance)
    if not (was or sessions):
        return [f"nobody is signed in to {instance.name}"]
    notes = [f"signed out of {instance.name}; what a shell has loaded by it lasts until its end, or `vault clear`"]
    if trouble:
        notes.append(f"AWS could not be told, where the sign-in ends by itself: {trouble}")
    return notes


def _tell_aws(place: SignInPlace, caller: Caller) -> str:
    """End every sign-in that is kept here, and return what was in the way."""
    try:
        kept = kept_tokens(place, caller)
        live = [token.access for token in kept if token.expires > caller.now()]
        if not live and any(token.refresh for token in kept):
            with contextlib.suppress(NeedsHuman):
                live = [access_token(place, caller, interactive=False)]
        for access in live:
            end_at_aws(place.portal, access, caller, place.instance.name)
    except Interrupted:
        raise
    except ShellintError as error:
        return error.what
    return ""


def _until(token: Token, now: float) -> str:
    end = datetime.fromtimestamp(token.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    left = format_duration(max(0, int(token.expires - now)))
    return f"for {left} (until {end})" + (", and renewed without asking as it is used" if token.refresh else "")
