"""Which way to get an MFA code it is: the person's choice in AWS_VAULT_PROMPT, else what can work here."""

from __future__ import annotations

from shellint.errors import NeedsHuman
from shellint.origin import Origin
from shellint.prompts.driver import Driver, Place
from shellint.prompts.kdialog import KDIALOG
from shellint.prompts.op import OP
from shellint.prompts.osascript import OSASCRIPT
from shellint.prompts.pass_otp import PASS_OTP
from shellint.prompts.terminal import TERMINAL
from shellint.prompts.ykman import YKMAN
from shellint.prompts.zenity import ZENITY

__all__ = ["DRIVERS", "choose"]

DRIVERS = {driver.name: driver for driver in (TERMINAL, YKMAN, PASS_OTP, OP, ZENITY, KDIALOG, OSASCRIPT)}
_FORMER_NAMES = {"pass": "pass-otp"}  # what aws-vault called it
# What may ask without having been named, in this order: never a program that makes codes by itself.
_UNNAMED = (TERMINAL, ZENITY, KDIALOG, OSASCRIPT)

_CHOICES = f"it takes {', '.join(DRIVERS)}"
_REMEDY = "give it with --mfa-token CODE, or let mfa_process or AWS_VAULT_PROMPT fetch it"


def choose(place: Place, serial: str, *, programs: bool = True) -> Driver:
    """Return the way to get a code for the device `serial`; without `programs`, none that runs one.

    Raises ConfigError for a bad AWS_VAULT_PROMPT or a program that is missing, and NeedsHuman when nobody is there.
    """
    if name := place.env.get("AWS_VAULT_PROMPT"):
        return _named(_FORMER_NAMES.get(name, name), place, serial, programs=programs)
    for driver in _UNNAMED:
        if (programs or driver.program is None) and not (driver.hindrance(place) or driver.unreachable(place)):
            return driver
    raise _nobody_for(serial, TERMINAL.unreachable(place))


def _named(name: str, place: Place, serial: str, *, programs: bool) -> Driver:
    driver = DRIVERS.get(name)
    if driver is None:
        raise Origin("AWS_VAULT_PROMPT").error(f"{name} is no way to get an MFA code", _CHOICES)
    if driver.program and not programs:
        raise NeedsHuman(
            f"the MFA code for {serial} comes from {name}, which runs only when a person asks",
            "`vault refresh` runs it",
        )
    if why := driver.unreachable(place):
        raise _nobody_for(serial, why)
    if why := driver.hindrance(place):
        todo = f"install it; {_CHOICES}" if driver.belongs(place) else _CHOICES
        raise Origin("AWS_VAULT_PROMPT").error(f"{name} cannot give an MFA code: {why}", todo)
    return driver


def _nobody_for(serial: str, why: str) -> NeedsHuman:
    return NeedsHuman(f"the MFA code for {serial} has to come from a person, and {why}", _REMEDY)
