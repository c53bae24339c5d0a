"""The token of a sign-in to IAM Identity Center: kept, refreshed, and when it has ended, a new sign-in.

Ours rests in the sealed store; the AWS CLI's own, where there is one, serves too. A refresh token is good once, and one
that comes a second time ends the sign-in, so whoever uses one is alone with it and stores the next before it lets go.
"""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from shellint.errors import AwsRefused, NeedsHuman, NetworkError, ShellintError, StoreError
from shellint.flight import alone
from shellint.sessions import family
from shellint.sso.cache import CliToken
from shellint.sso.login import sign_in
from shellint.sso.oidc import REFRESH, Oidc
from shellint.sso.sealed import SealedToken, forget_sealed
from shellint.terminal import somebody
from shellint.undisturbed import LIMITS, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shellint.providers import SsoInstance
    from shellint.sources.roots import Caller
    from shellint.sso.values import Registration, SignInPlace, Token

__all__ = ["access_token", "forget_token", "kept_tokens", "lock_name", "sign_in_anew", "with_access"]

# Seconds: with less left, a token is refreshed, if it can be.
REFRESH_BELOW = 300
# By these AWS says that a refresh token, or the client it belongs to, is no longer one.
_GONE = {"InvalidGrantException", "InvalidClientException", "UnauthorizedClientException", "ExpiredTokenException"}
# By this the portal says that a token is no longer one: it has ended, or the sign-in was ended.
_NOT_SIGNED_IN = "UnauthorizedException"

_Outcome = TypeVar("_Outcome")


def access_token(
    place: SignInPlace,
    caller: Caller,
    *,
    interactive: bool = True,
    profile: str = "",
    refused: str = "",
) -> str:
    """Return a token for the portal: the one there is, else a refreshed one, else, if `interactive`, of a new sign-in.

    `refused` is one that the portal did not take, and which is therefore not returned again. However many processes
    ask at once, one signs in. Raises NeedsHuman when a person has to sign in and none may be asked, and as `sign_in`.
    """
    instance, keepers = place.instance, _keepers(place, caller)

    def fresh() -> str | None:
        tokens = (keeper.read() for keeper in keepers)
        return next((token.access for token in tokens if token and _is_fresh(token, caller.now(), refused)), None)

    if token := fresh():
        return token
    with alone(caller.store, lock_name(instance), caller.human):
        if token := fresh():
            return token
        was_signed_in = bool(refused) or any(keeper.read() for keeper in keepers)
        if token := _refreshed(keepers, Oidc(instance, place.oidc, caller, profile), caller, refused):
            return token
        if not (interactive and caller.programs and somebody(caller.human)):
            signs_in = f"`vault sso login {shlex.quote(instance.name)}` signs in"
            if was_signed_in:
                raise NeedsHuman(f"the sign-in to {instance.name} has ended", f"{signs_in} again")
            raise NeedsHuman(f"nobody is signed in to {instance.name}", signs_in)
        made = sign_in(instance, place.oidc, caller, profile=profile)
        keepers[0].write(made)
        return made.access


def with_access(
    place: SignInPlace,
    caller: Caller,
    call: Callable[[str], _Outcome],
    *,
    interactive: bool = True,
    profile: str = "",
) -> _Outcome:
    """Return what `call` makes of a token; when the portal does not take that one, once more with another.

    Raises as `access_token` and `call`.
    """
    token = access_token(place, caller, interactive=interactive, profile=profile)
    try:
        return call(token)
    except AwsRefused as refused:
        if refused.code != _NOT_SIGNED_IN:
            raise
    return call(access_token(place, caller, interactive=interactive, profile=profile, refused=token))


def sign_in_anew(
    place: SignInPlace,
    caller: Caller,
    *,
    browser: bool | None = None,
    command: Sequence[str] | None = None,
) -> Token:
    """Sign in whatever token there is, and keep the new one. Arguments and errors are those of `sign_in`."""
    with alone(caller.store, lock_name(place.instance), caller.human):
        made = sign_in(place.instance, place.oidc, caller, browser=browser, command=command)
        SealedToken(place, caller).write(made)
        return made


def forget_token(instance: SsoInstance, caller: Caller) -> bool:
    """Forget the token of a sign-in, ours and the AWS CLI's, and tell whether there was one.

    AWS is not told `portal.logout`, and sessions made with it stay (`sessions.forget_sign_in`).
    """
    with alone(caller.store, lock_name(instance), caller.human):
        ours = forget_sealed(instance, caller)
        return CliToken(instance, caller).remove() or ours


_Keeper = SealedToken | CliToken


def kept_tokens(place: SignInPlace, caller: Caller) -> list[Token]:
    """Return the tokens there are: ours, and the AWS CLI's where it is for these endpoints."""
    return [token for keeper in _keepers(place, caller) if (token := keeper.read())]


def _keepers(place: SignInPlace, caller: Caller) -> tuple[_Keeper, ...]:
    """Return where a token may be, ours first."""
    ours = SealedToken(place, caller)
    return (ours, CliToken(place.instance, caller)) if place.is_of_aws else (ours,)


def _is_fresh(token: Token, now: float, refused: str) -> bool:
    """Tell whether the token is to be used as it is."""
    least = REFRESH_BELOW if _means(token, now) else 0
    return token.access != refused and token.expires - now > least


def _means(token: Token, now: float) -> tuple[Registration, str] | None:
    """Return with what the token can be refreshed, None when it cannot."""
    if token.refresh is None or token.registration is None or token.registration.expires <= now:
        return None
    return token.registration, token.refresh


def _refreshed(keepers: Sequence[_Keeper], oidc: Oidc, caller: Caller, refused: str) -> str | None:
    """Return the first token that can be refreshed, else one that has not ended yet, else None.

    Raises what kept AWS from answering, or the next from being kept, when there is no other. Only for the holder of
    the lock.
    """
    usable: str | None = None
    failure: ShellintError | None = None
    for keeper in keepers:
        token, now = keeper.read(), caller.now()
        if token is None:
            continue
        if token.access != refused and token.expires > now:
            usable = usable or token.access
        means = _means(token, now)
        if means is None:
            continue
        try:
            return _refresh(keeper, token, partial(oidc.create_token, means[0], REFRESH, refreshToken=means[1]), caller)
        except (AwsRefused, NetworkError, StoreError) as error:
            if getattr(error, "code", "") not in _GONE:
                failure = error
            elif usable != token.access:
                keeper.drop()
    if usable is None and failure is not None:
        raise failure
    return usable


def _refresh(keeper: _Keeper, before: Token, create: Callable[[], Token], caller: Caller) -> str:
    def refresh() -> str:
        made = create()
        if keeper.read() == before:  # somebody may have signed in, or out, while this took too long
            keeper.write(made)
        return made.access

    keeper.ready()  # on a full disk the next token would be lost, and with it the sign-in
    return undisturbed(refresh, LIMITS[caller.programs])


def lock_name(instance: SsoInstance) -> str:
    """Return the name of the lock over the tokens of an instance."""
    return f"sso-{family(instance.name)}token"
