"""The key beside the one that is to be replaced: a user has two at most, so it stands in the way of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from shellint.actions.key_access import KeyAccess
from shellint.errors import AwsRefused, NeedsHuman, ShellintError
from shellint.rotation import UserKey, masked
from shellint.terminal import Human

__all__ = ["date", "make_room"]


def make_room(
    human: Human, access: KeyAccess, other: UserKey, *, user: str, lost: bool, holders: Sequence[str]
) -> None:
    """Delete the key `other` of `user` if nobody can miss it, else raise ShellintError; `holders` have it stored.

    One that a rotation has `lost`, so that nobody has its secret, is deleted unasked. About one that is inactive or was
    never used a person is asked: --yes is for the key that was named on the command line, not for this one.
    """
    key_id = other.access_key_id
    used, last = _use_of(access, key_id)
    if lost and used is False:
        human.say(f"{masked(key_id)} was made when the rotation broke off, and nobody has its secret: it is deleted")
        access.ask(lambda iam: iam.delete(key_id))
        return
    stored = f", stored for {' and '.join(holders)}" if holders else ""
    active = "active" if other.active else "inactive"
    what = (
        f"user {user} has two keys, the most that AWS allows: the other one is"
        f" {masked(key_id)} ({active}, made {date(other.created)}, {last}{stored})"
    )
    todo = "delete it in the IAM console once nothing uses it; then try again"
    wanted = other.active and (used or (used is None and not lost))
    if holders or wanted:
        raise ShellintError(what, todo)
    try:
        agreed = human.confirm(f"{what}. Delete it?")
    except NeedsHuman:
        raise NeedsHuman(what, todo) from None
    if not agreed:
        raise ShellintError("nothing was changed", todo)
    access.ask(lambda iam: iam.delete(key_id))


def _use_of(access: KeyAccess, key_id: str) -> tuple[bool | None, str]:
    """Return whether a key was ever used, None when AWS does not say, and the words for it."""
    try:
        used = access.ask(lambda iam: iam.last_used(key_id))
    except AwsRefused:
        return None, "its last use unknown without iam:GetAccessKeyLastUsed"
    return used is not None, f"last used {date(used)}" if used else "never used"


def date(seconds: float) -> str:
    """Return the day (UTC) of a moment in unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
