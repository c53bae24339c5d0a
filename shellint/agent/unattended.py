"""What the agent does by itself for a session that a shell holds, with nobody to ask and nobody who reads."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping

from shellint.errors import NeedsHuman, ShellintError
from shellint.lease import Lease
from shellint.memory import Memory
from shellint.request import Request
from shellint.stamps import read_lock
from shellint.terminal import NoHuman

__all__ = ["early_of", "forget", "longer"]


class _Silent(NoHuman):
    def say(self, line: str) -> None:
        """Say nothing."""


def early_of(env: Mapping[str, str]) -> float:
    """Return how many seconds before the end a shell renews at its prompt: AWS_MIN_TTL, as `use` told its hook."""
    from shellint.actions.grant import DEFAULT_MINIMUM, minimum_ttl

    try:
        return minimum_ttl(_request(env, Memory(), time.time))
    except ShellintError:
        return DEFAULT_MINIMUM


def longer(lease: Lease, env: Mapping[str, str], memory: Memory, now: Callable[[], float]) -> float:
    """Get the session that the shell with this environment will ask for, and return when it ends (unix seconds).

    Raises NeedsHuman, also when the shells were locked meanwhile, and as `grant`.
    """
    from shellint.actions.clear import forget_wish
    from shellint.actions.grant import grant

    request = _request(env, memory, now)
    if lease.wish is None or read_lock(request.paths) != lease.lock:
        raise NeedsHuman("it was locked")
    granted = grant(request, lease.wish, renew=True, programs=False)
    if read_lock(request.paths) != lease.lock:
        forget_wish(request, lease.wish)
        raise NeedsHuman("it was locked")
    return float("inf") if granted.credentials.expires is None else float(granted.credentials.expires)


def forget(lease: Lease, env: Mapping[str, str], memory: Memory, now: Callable[[], float]) -> None:
    """Forget the session that a shell held, where no person is needed to get it again; or else it ends by itself."""
    from shellint.actions.clear import forget_wish

    with contextlib.suppress(ShellintError):
        if lease.wish:
            forget_wish(_request(env, memory, now), lease.wish, costly=False)


def _request(env: Mapping[str, str], memory: Memory, now: Callable[[], float]) -> Request:
    from shellint.cli.options import Invocation, request_of

    return request_of(Invocation(env, nobody=_Silent(), memory=memory), now=now, no_input=True)
