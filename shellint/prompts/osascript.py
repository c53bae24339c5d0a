"""A window of macOS asks for the code.

https://developer.apple.com/library/archive/documentation/AppleScript/Conceptual/AppleScriptLangGuide/
"""

from __future__ import annotations

from collections.abc import Mapping

from shellint.prompts.driver import Driver, nobody

__all__ = ["OSASCRIPT"]

# The text is an argument of the script and never a part of it: nothing in a serial can become AppleScript.
_SCRIPT = (
    "on run argv",
    'display dialog (item 1 of argv) with title "vault" default answer "" buttons {"Cancel", "OK"} '
    'default button "OK" cancel button "Cancel"',
    "return text returned of result",
    "end run",
)


def _command(text: str, _: Mapping[str, str]) -> tuple[str, ...]:
    return ("osascript", *(word for line in _SCRIPT for word in ("-e", line)), text)


OSASCRIPT = Driver("osascript", nobody, "osascript", _command, asks=True, cancelled=1, platform="darwin")
