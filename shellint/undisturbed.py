"""What must not be broken off half-way, because a secret that serves once is on its way; and must end even so."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from typing import TypeVar

from shellint.errors import NetworkError

__all__ = ["LIMITS", "undisturbed"]

# Seconds, by whether a person has typed the command (`Caller.programs`): a prompt can be held up only so long.
LIMITS: Mapping[bool, float] = {True: 15.0, False: 4.0}
_PUT_OFF = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")

_Outcome = TypeVar("_Outcome")


def undisturbed(action: Callable[[], _Outcome], seconds: float) -> _Outcome:
    """Return the outcome of `action`, which a Ctrl-C or a prompt's time limit reaches only once it is over.

    Raises as `action`, and NetworkError when it is not over after `seconds`. Then it goes on as long as this process
    does, so it has to look whether what it replaces is still there. No timeout of a socket does that: it counts neither
    the resolution of a name nor an answer that comes byte by byte.
    """
    outcome: Future[_Outcome] = Future()

    def work() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:  # noqa: BLE001  it is raised in the thread that waits
            outcome.set_exception(error)

    with _signals_put_off():
        # No executor: at its exit the interpreter would wait for its threads.
        threading.Thread(target=work, daemon=True).start()
        wait([outcome], timeout=seconds)
    if not outcome.done():
        raise NetworkError(
            f"the sign-in could not be renewed within {seconds:g} seconds", "check the network, then try again"
        )
    return outcome.result()


@contextlib.contextmanager
def _signals_put_off() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = [getattr(signal, name) for name in _PUT_OFF if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) not in {None, signal.SIG_IGN}]
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
