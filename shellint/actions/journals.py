"""What all that change stored keys share with `rotate`: the lock, and what becomes of its journals."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator

from shellint.credentials import LongTermKey
from shellint.errors import ShellintError, StoreError, StoreLocked
from shellint.paths import private_directory
from shellint.request import Request
from shellint.rotation import KIND, Rotation, masked
from shellint.store import Store
from shellint.store.lock import hold

__all__ = ["changing_keys", "journals", "part", "stored_ids"]

# Seconds. Whoever replaces a key may be waiting for AWS, or for a person.
_LOCK_LIMIT = 2.0


@contextlib.contextmanager
def changing_keys(request: Request) -> Iterator[None]:
    """Hold the lock among all that change the keys of this store. Raises ShellintError when it is not free."""
    path = private_directory(request.store.path.parent / "locks") / "rotate.lock"
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(hold(path, _LOCK_LIMIT))
        except TimeoutError:
            raise ShellintError(
                "another vault is rotating or storing a key", "wait for it, or end it; then try again"
            ) from None
        yield


def stored_ids(store: Store) -> dict[str, str]:
    """Return the id of the key that each profile has; one that cannot be read is no reason to keep another one old."""
    ids = {}
    for name in store.names("key"):
        try:
            ids[name] = LongTermKey.from_bytes(store.get("key", name) or b"").access_key_id
        except StoreLocked:
            raise
        except (StoreError, ValueError, TypeError):
            continue
    return ids


def journals(store: Store) -> dict[str, Rotation]:
    """Return the journals that can be read; what a damaged one was about shows in the list of the user's keys."""
    found = {}
    for name in store.names(KIND):
        try:
            found[name] = Rotation.from_bytes(store.get(KIND, name) or b"")
        except StoreLocked:
            raise
        except (StoreError, ValueError, TypeError, KeyError):
            continue
    return found


def part(store: Store, profile: str, *, to: str | None = None, give_up: bool = False) -> list[str]:
    """See to the journals that `profile` leaves behind when it gets the key of the id `to`, or has none any more.

    Call it while `changing_keys`, before the key is changed. Without `to` and `give_up` the key stays as it is, and
    only the profile's name is wanted for another journal. One that another profile's key still needs goes on under that
    profile's name. One that nobody needs is deleted, and the lines returned tell of it; but one with a new key, whose
    secret nobody else has, only to `give_up`: else ShellintError is raised, and it stays.
    """
    ids = stored_ids(store)
    mine, found, lines = ids.pop(profile, None), journals(store), []
    stays = to or (None if give_up else mine)
    for name, rotation in found.items():
        if name != profile and not (mine and rotation.is_about(mine)):
            continue
        if stays is not None and rotation.is_about(stays):
            continue
        heirs = [each for each, key_id in ids.items() if rotation.is_about(key_id)]
        if heirs:
            if name not in heirs:
                _move(store, rotation, found, name, heirs)
            continue
        if rotation.new and not give_up:
            raise _unfinished(profile, rotation, mine)
        store.delete(KIND, name)
        lines.append(_given_up(rotation))
    if give_up and profile not in found:
        store.delete(KIND, profile)  # a damaged one
    return lines


def _move(store: Store, rotation: Rotation, found: dict[str, Rotation], name: str, heirs: list[str]) -> None:
    """Keep a journal under the name of another profile that has its key; both have it if this is broken off."""
    heir = next((each for each in heirs if each not in found or found[each].old == rotation.old), None)
    if heir is None:
        raise ShellintError(
            f"the rotation of the key of {heirs[0]} is not finished", f"`vault rotate {shlex.quote(heirs[0])}` first"
        )
    if heir not in found or not found[heir].new:
        store.put(KIND, heir, rotation.to_bytes())
    store.delete(KIND, name)


def _unfinished(profile: str, rotation: Rotation, mine: str | None) -> ShellintError:
    if mine and rotation.is_about(mine):
        name = shlex.quote(profile)
        return ShellintError(
            f"the rotation of the key of {profile} is not finished",
            f"`vault rotate {name}` goes on with it; `vault remove {name}` gives it up",
        )
    # Its key was replaced behind its back. The id is in full: without it nobody could find the key.
    return ShellintError(
        f"the rotation of {rotation.old}, once the key of {profile}, is not finished, and no profile has that key",
        "store that key under another name (`vault add NAME`), then `vault rotate NAME` goes on with it",
    )


def _given_up(rotation: Rotation) -> str:
    made = f"the new key {masked(rotation.new.access_key_id)}" if rotation.new else "a new key that it may have made"
    return f"the rotation of {masked(rotation.old)} is given up: delete {made} in the IAM console"
