"""`rotate`: a new long-term key in the place of an old one, without a moment at which no stored key works.

The new key is made, proven and stored before the old one is deleted. That is the last call to AWS, and no deactivation
goes before it: a session might end with the key that it was made with, and the next one would cost a second MFA code.
The journal (`rotation.py`) is in the store from before the first change until after the last, and each step may be done
twice: so `rotate`, run again, goes on wherever it was ended.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from shellint.actions.journals import changing_keys, journals, part, stored_ids
from shellint.actions.key_access import UNKNOWN_KEY, KeyAccess, find_key
from shellint.actions.other_key import date, make_room
from shellint.credentials import LongTermKey
from shellint.errors import AwsRefused, NeedsHuman, ShellintError, StoreError, UsageError
from shellint.request import Reply, Request
from shellint.rotation import KIND, Rotation, UserKey, masked, unfinished
from shellint.sessions import forget_key

__all__ = ["rotate"]

# By these AWS says for sure that it has made no key: the journal is what it was before.
_NOTHING_MADE = {"AccessDenied", "LimitExceeded"}
# What is wrong with a key that AWS lists and does not take, by whether it is active.
_NOT_WORKING = {
    True: ("is not known to all of AWS yet", "try again in a minute"),
    False: ("is inactive", "activate it, or delete it, in the IAM console; then try again"),
}


def rotate(
    request: Request,
    profile: str | None,
    *,
    yes: bool = False,
    session: bool = True,
    mfa_token: str | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> Reply:
    """Replace the key that `profile` starts from, or go on with a rotation of it that was broken off.

    Without `session` the key itself signs all calls; `pause` waits for some seconds. Raises ShellintError of every
    kind; what is stored then still works, and a journal that is left is named.
    """
    target = find_key(request, profile or _only_key(request))
    access = KeyAccess(request, target, session=session, mfa_token=mfa_token, pause=pause)
    for note in target.notes:
        request.human.say(note)
    with changing_keys(request), _what_is_left(request):
        return _Rotating(request, target.holder, access, yes=yes).run()


class _Rotating:
    """One run, for the key stored for `holder`."""

    def __init__(self, request: Request, holder: str, access: KeyAccess, *, yes: bool) -> None:
        self._store = request.store
        self._human = request.human
        self._now = request.now
        self._access = access
        self._yes = yes
        self._key = access.stored()
        self._name, self._journal = self._found(holder)

    def run(self) -> Reply:
        """Go through all steps, from the first that is not done yet."""
        rotation = self._journal
        if rotation is not None:
            self._human.say(f"going on with the rotation of the key of {self._name}, begun {date(min(rotation.asked))}")
            self._access.session_of(rotation.old)
        new = rotation.new if rotation else None
        if rotation is None or new is None or not self._works(new):
            rotation, new = self._make(rotation)
        self._keep(rotation, new)
        self._retire(rotation, new)
        names = " and ".join(self._holders(new.access_key_id))
        return Reply(
            notes=(f"{names}: {masked(new.access_key_id)} takes the place of {masked(rotation.old)}, which is deleted",)
        )

    def _found(self, holder: str) -> tuple[str, Rotation | None]:
        """Return the journal about the key, with its name, which another profile with the same key may have given."""
        about = [
            (name, found) for name, found in journals(self._store).items() if found.is_about(self._key.access_key_id)
        ]
        # Where a move from one name to another was broken off there are two; who has a new key knows more.
        return max(about, key=lambda each: each[1].new is not None, default=(holder, None))

    def _works(self, new: LongTermKey) -> bool:
        """Tell whether the key that an earlier run made is good; False when it is no longer there at all."""
        try:
            self._access.user(new, new=True)
        except AwsRefused as refused:
            if refused.code != UNKNOWN_KEY or self._key == new:
                raise
        else:
            return True
        self._access.user(self._key)
        listed = self._access.ask(lambda iam: iam.keys()).find(new.access_key_id)
        if listed is None:
            return False
        raise _not_working(listed)

    def _make(self, before: Rotation | None) -> tuple[Rotation, LongTermKey]:
        """Make a key, with the intent journalled first, and the key at once after it."""
        user = self._access.user(self._key)
        if before is None:
            self._agree(user)
            for line in part(self._store, self._name):
                self._human.say(line)
        listing = self._access.ask(lambda iam: iam.keys())
        old = self._key.access_key_id
        for other in listing.keys:
            if other.access_key_id != old:
                if before is not None and before.is_about(other.access_key_id):
                    raise _not_working(other)  # the list that lacked it was stale
                lost = before is not None and before.may_have_lost(other)
                make_room(
                    self._human, self._access, other, user=user, lost=lost, holders=self._holders(other.access_key_id)
                )
        asked = int(self._now()) - listing.ahead
        if before is None:
            known = {old, *(key.access_key_id for key in listing.keys)}
            rotation = Rotation(old, tuple(sorted(known)), (asked,))
        else:
            # The list may be stale: what was unknown at first stays so, and a key that it lacks keeps its secret.
            rotation = replace(before, asked=(*before.asked, asked))
        self._write(rotation)
        try:
            new = self._access.ask(lambda iam: iam.create())
        except AwsRefused as refused:
            if refused.code in _NOTHING_MADE and before is None:
                self._store.delete(KIND, self._name)
            elif refused.code in _NOTHING_MADE and before is not None:
                self._write(before)
            raise
        rotation = replace(rotation, new=new)
        try:
            self._write(rotation)
        except StoreError:
            # A full disk, say: nobody would ever have its secret.
            with contextlib.suppress(ShellintError):
                self._access.ask(lambda iam: iam.delete(new.access_key_id))
            raise
        self._access.user(new, new=True)
        return rotation, new

    def _agree(self, user: str) -> None:
        key_id = self._key.access_key_id
        what = f"the key {masked(key_id)} of user {user}, stored for {' and '.join(self._holders(key_id))}"
        if self._yes:
            self._human.say(f"replacing {what}")
            return
        try:
            agreed = self._human.confirm(f"Replace {what}, and delete it at AWS?")
        except NeedsHuman as error:
            raise NeedsHuman(error.what, "--yes answers it") from None
        if not agreed:
            raise ShellintError("nothing was changed")

    def _keep(self, rotation: Rotation, new: LongTermKey) -> None:
        """Store the new key, which is known to work, for every profile that has the old one."""
        for name in self._holders(rotation.old):
            self._store.put("key", name, new.to_bytes())
        self._access.key_replaced()

    def _retire(self, rotation: Rotation, new: LongTermKey) -> None:
        """Delete the old key, once the new one is proven again, and forget what was made with it."""
        self._access.user(new, new=True)
        try:
            self._access.ask(lambda iam: iam.delete(rotation.old))
        except AwsRefused:
            # Who may not delete is told so even about a key that somebody else has deleted.
            if self._access.ask(lambda iam: iam.keys()).find(rotation.old) is not None:
                raise
        forget_key(self._store, rotation.old)
        done = {name for name, found in journals(self._store).items() if found.old == rotation.old}
        self._store.delete_where(KIND, done.__contains__)

    def _holders(self, access_key_id: str) -> list[str]:
        """Return the profiles for which a key is stored now."""
        return [name for name, stored in stored_ids(self._store).items() if stored == access_key_id]

    def _write(self, rotation: Rotation) -> None:
        self._store.put(KIND, self._name, rotation.to_bytes())


def _not_working(new: UserKey) -> ShellintError:
    state, todo = _NOT_WORKING[new.active]
    return ShellintError(f"the new key {masked(new.access_key_id)} {state}", todo)


def _only_key(request: Request) -> str:
    """Return the profile that is meant when none is named: of the rotation that is not finished, or of the only key."""
    names = request.store.names(KIND) or request.store.names("key")
    if len(names) == 1:
        return names[0]
    if not names:
        raise UsageError("no key is stored", "`vault add PROFILE` stores one")
    raise UsageError(f"keys are stored for {', '.join(names)}", "name one: vault rotate PROFILE")


@contextlib.contextmanager
def _what_is_left(request: Request) -> Iterator[None]:
    """Say which rotations are not finished when something, whatever it is, breaks this one off."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ShellintError):
            for line in unfinished(request.store.names(KIND)):
                request.human.say(line)
        raise
