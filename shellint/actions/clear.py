"""`clear`: take out what `use` put in and restore what was there before. Needs no network and no config."""

from __future__ import annotations

from collections.abc import Sequence

from shellint import environment
from shellint.actions.former import opened
from shellint.actions.grant import plan_for, wish_for
from shellint.credentials import LongTermKey
from shellint.errors import ConfigError, NeedsHuman, StoreError, UsageError
from shellint.hook import hook_line
from shellint.lease import Saved, Wish, held
from shellint.request import Reply, Request
from shellint.sessions import session_names
from shellint.steps import SessionToken, StoredKey

__all__ = ["clear", "forget", "forget_wish"]


def clear(request: Request, *, expired: bool = False, locked: bool = False) -> Reply:
    """Clear the calling shell. `expired` or `locked` when the hook found that the session has to go, and why."""
    if request.shell is None:
        raise UsageError(
            "`vault clear` changes the shell it is typed in, and this shell has no hook", hook_line(request.env)
        )
    lease, saved = held(request.env), Saved.decode(request.env.get("SHELLINT_SAVED", ""))
    try:
        sealed, again = opened(request, saved), False
    except (StoreError, NeedsHuman, ConfigError):
        # The credentials go in any case; what rests in the store waits for the next `vault clear`.
        sealed, again = {}, True
    change = environment.clear(request.env, sealed=sealed, again=again)
    if not change.set and not change.unset:
        return Reply(notes=("nothing is loaded in this shell",))
    if (
        saved is not None
        and saved.sealed
        and not change.lost
        and lease is not None
        and lease.owner == request.shell_pid
    ):
        _forget_sealed(request, saved.lease)
    notes = [f"{name} was changed since and is left as it is" for name in change.left_alone]
    later = "`vault clear` tries again" if again else "it stays unset"
    notes += [f"{name} was set before and could not be put back: {later}" for name in change.lost]
    if lease is not None and not lease.is_ours:
        notes.append("the AWS keys in this shell are not those that `vault use` loaded: they are left as they are")
    elif locked and lease is not None:
        notes.append(f"locked; {lease.profile} is taken out of this shell")
    elif expired and lease is not None:
        notes.append(f"{lease.profile} has ended and is taken out of this shell; `vault refresh` loads it again")
    return Reply(notes=tuple(notes), change=change)


def forget(request: Request, profiles: Sequence[str]) -> Reply:
    """Forget stored sessions: all, or those of `profiles`."""
    if not profiles:
        count = len(request.store.delete_where("session", lambda _name: True))
        return Reply(notes=(f"{count} stored sessions are forgotten",))
    count = sum(forget_wish(request, wish_for(request, Wish(profile))) for profile in profiles)
    return Reply(notes=(f"{count} stored sessions of {', '.join(profiles)} are forgotten",))


def forget_wish(request: Request, wish: Wish, *, costly: bool = True) -> int:
    """Forget the stored session of a wish, and return how many there were.

    Without `costly` only that of a role, and only when it took no MFA code of its own.
    """
    plan = plan_for(request, wish)
    if not costly and (isinstance(plan.steps[-1], SessionToken) or getattr(plan.steps[-1], "mfa_serial", None)):
        return 0
    root = plan.steps[0]
    key = None
    if isinstance(root, StoredKey):
        stored = request.store.get("key", root.profile)
        if stored is None:
            return 0
        key = LongTermKey.from_bytes(stored).access_key_id
    # The last one alone: the MFA session before it serves other profiles too.
    last = session_names(plan, key)[-1]
    return len(request.store.delete_where("session", lambda name: name == last))


def _forget_sealed(request: Request, lease: str) -> None:
    try:
        request.store.delete("saved", lease)
    except StoreError:
        # It is swept when its time has passed; the restored shell matters more.
        return
