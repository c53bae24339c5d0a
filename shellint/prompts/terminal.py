"""A person at the terminal types the code."""

from __future__ import annotations

from shellint.prompts.driver import Driver, Place, nobody
from shellint.terminal import somebody

__all__ = ["TERMINAL"]


def _unreachable(place: Place) -> str:
    return nobody(place) or ("" if somebody(place.human) else "there is no terminal")


TERMINAL = Driver("terminal", _unreachable, asks=True)
