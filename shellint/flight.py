"""One flight per session: whoever else wants the same one waits, and then finds it in the store."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from shellint.errors import NeedsHuman
from shellint.paths import private_directory
from shellint.store.lock import hold, sweep_locks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shellint.store import Store
    from shellint.terminal import Human

__all__ = ["alone"]

# After the first of these, in seconds, a person is told what is waited for; after the second it is given up.
LOCK_NOTICE, LOCK_LIMIT = 2.0, 120.0
# Seconds; longer than any session lasts.
LOCK_KEPT = 2 * 86_400.0


@contextlib.contextmanager
def alone(store: Store, name: str, human: Human, *, limit: float | None = None) -> Iterator[None]:
    """Hold the lock of the session `name` among all processes that share the store.

    Raises NeedsHuman when another process, which may be asking somebody, has not let go of it for `limit` seconds,
    LOCK_LIMIT unless given: a sign-in in a browser may take longer.
    """
    path = private_directory(store.path.parent / "locks") / f"{name}.lock"
    is_new = not path.exists()
    waiting = partial(human.say, "waiting for another vault, which is getting the same session")
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(hold(path, LOCK_LIMIT if limit is None else limit, notice=waiting, after=LOCK_NOTICE))
        except TimeoutError:
            raise NeedsHuman(
                "another vault is still waiting, perhaps for an answer, to get the same session",
                "answer it or end it, then try again",
            ) from None
        if is_new:
            # The names are digests of whatever shapes a session, so most of them are never used again.
            sweep_locks(path.parent, older=LOCK_KEPT)
        yield
