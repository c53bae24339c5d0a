"""Commands timed in turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence

__all__ = ["medians", "report"]


def medians(commands: Mapping[str, Sequence[str]], *, rounds: int) -> dict[str, float]:
    """Return each command's median time in seconds, from `posix_spawn` to its end; two more rounds come first.

    Raises RuntimeError when one fails: what it took would mean nothing.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(-2, rounds):
        for name, words in commands.items():
            begin = time.perf_counter()
            _, status = os.waitpid(os.posix_spawn(words[0], words, os.environ), 0)
            if number >= 0:
                times[name].append(time.perf_counter() - begin)
            if status:
                raise RuntimeError(f"{name}: exit status {os.waitstatus_to_exitcode(status)}")
    return {name: statistics.median(taken) for name, taken in times.items()}


def report(taken: Mapping[str, float], *, yardstick: str, base: str) -> str:
    """Return a table: milliseconds, the ratio to the yardstick, by how many yardsticks it is slower than `base`."""
    unit = taken[yardstick]
    width = max(map(len, taken))
    return "".join(
        f"{name:{width}}  {seconds * 1e3:7.2f} ms  {seconds / unit:5.2f} B  {(seconds - taken[base]) / unit:+6.2f} B\n"
        for name, seconds in taken.items()
    )
