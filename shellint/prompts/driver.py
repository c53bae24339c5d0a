"""What there is to know about one way to get an MFA code: data, so that choosing one starts nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shellint.origin import Origin
from shellint.terminal import Human, NoHuman

__all__ = ["Driver", "Place", "account", "nobody", "nobody_at_a_display"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code is needed: who may be asked, the caller's environment, and the platform as in `sys.platform`."""

    human: Human
    env: Mapping[str, str] = field(repr=False)
    platform: str

    def has(self, program: str) -> bool:
        """Whether a program is on the caller's PATH."""
        return shutil.which(program, path=self.env.get("PATH", "")) is not None


@dataclass(frozen=True, slots=True)
class Driver:
    """One way to get a code; `program` has to be on PATH, and is None for the terminal. None is of every `platform`.

    `unreachable` says why the person it takes cannot be reached, "" when one can, or when it takes none.
    `command` makes the argument list: of the question's text where `asks`, which is when a person types the code and
    can be asked again after a wrong one; else of the MFA serial, and the program gives the code by itself.
    `cancelled` is the exit code by which a person declines to answer; `hint` is said before the program starts.
    """

    name: str
    unreachable: Callable[[Place], str]
    program: str | None = None
    command: Callable[[str, Mapping[str, str]], Sequence[str]] = lambda subject, _: (subject,)
    asks: bool = False
    cancelled: int | None = None
    hint: str = ""
    platform: str | None = None

    def belongs(self, place: Place) -> bool:
        """Whether the program exists for the platform."""
        return self.platform in {None, place.platform}

    def hindrance(self, place: Place) -> str:
        """Return why the program cannot be run here, or "" when it can."""
        if not self.belongs(place):
            return f"{self.program} is a part of another system"
        if self.program is None or place.has(self.program):
            return ""
        return f"there is no {self.program} on PATH"


def nobody(place: Place) -> str:
    """Return why no person can be reached, whatever the means."""
    return "input was ruled out by --no-input or SHELLINT_NO_INPUT" if isinstance(place.human, NoHuman) else ""


def nobody_at_a_display(place: Place) -> str:
    """Return why no person would see a window."""
    if place.env.get("DISPLAY") or place.env.get("WAYLAND_DISPLAY"):
        return nobody(place)
    return nobody(place) or "there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"


def account(serial: str, variable: str, env: Mapping[str, str]) -> str:
    """Return the name under which a program keeps the device: what `variable` says, else its serial.

    Raises ConfigError when the program would take it for an option.
    """
    name = env.get(variable) or serial
    if name.startswith("-"):
        place = Origin(variable if env.get(variable) else "mfa_serial")
        raise place.error("a name that begins with a dash would be read as an option", "give it another name")
    return name
