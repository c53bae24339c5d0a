"""`lock`: forget all that was signed in for, and have every shell drop what it holds."""

from __future__ import annotations

from collections.abc import Mapping

from shellint.errors import StoreError
from shellint.request import Reply, Request
from shellint.sso.sealed import KIND as SIGN_IN
from shellint.stamps import change_lock

__all__ = ["lock"]

_FORGOTTEN: Mapping[str, str] = {"session": "session", SIGN_IN: "sign-in"}
"""The kinds of the store that go, and what a person calls them.

Not "saved": from these the shells put back what was there before `use`, each of which then forgets its own.
"""


def lock(request: Request) -> Reply:
    """Forget stored sessions and sign-ins, and tell the shells. Asks nothing and opens nothing.

    The shells are told first: what state the store is in has no say in that. Raises StoreError when they cannot be;
    that the store could not be read or written is the Reply's error.
    """
    change_lock(request.paths, request.now())
    if request.agent is not None:
        request.agent.locked()
    counts, failure = dict.fromkeys(_FORGOTTEN.values(), 0), None
    try:
        for kind, name in _FORGOTTEN.items():
            counts[name] = len(request.store.delete_where(kind, lambda _: True))
    except StoreError as error:
        failure = error
    shells = "each shell drops what it holds at its next prompt"
    if failure:
        return Reply(notes=(f"locked: {shells}",), error=failure)
    forgotten = " and ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    return Reply(notes=(f"locked: {forgotten} forgotten; {shells}",))
