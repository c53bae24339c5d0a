"""A person at the terminal types the code."""

from __future__ import annotations

import os

from shellint.prompts.driver import Driver, Place, nobody
from shellint.terminal import Terminal

__all__ = ["TERMINAL"]


def _unreachable(place: Place) -> str:
    # Only for the real one there is a device to look for.
    if nobody(place) or not isinstance(place.human, Terminal):
        return nobody(place)
    try:
        os.close(os.open("CONIN$" if place.platform == "win32" else "/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return "there is no terminal"
    return ""


TERMINAL = Driver("terminal", _unreachable, asks=True)
