"""The person's browser: which command opens a page here, and opening one.

The order: $BROWSER, then what the system offers. Over SSH without a display, a browser would open where nobody sits.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["browser_command", "installed_command", "open_url"]

# Seconds after which a command that has not failed is taken to have opened the page: xdg-open ends at once, a browser
# that was not running before only when the person closes it.
PATIENCE = 2.0
_OPENERS: Mapping[str, Sequence[str]] = {
    "darwin": ("/usr/bin/open",),
    "win32": ("rundll32.exe url.dll,FileProtocolHandler",),
    "wsl": ("wslview", "rundll32.exe url.dll,FileProtocolHandler"),
    "termux": ("termux-open-url",),
    "display": ("xdg-open", "gio open", "sensible-browser", "x-www-browser", "firefox", "chromium"),
}
_DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY")
_SSH = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


def browser_command(env: Mapping[str, str], platform: str = sys.platform) -> tuple[str, ...] | None:
    """Return the words of the command that opens a page, `%s` in them standing for its address; None without one.

    BROWSER has commands with `:` between them (`;` on Windows), of which the first that is installed counts
    (https://manpages.debian.org/sensible-browser). Where it names nothing that is installed, there is none.
    """
    separator = ";" if platform == "win32" else ":"
    candidates = [part for part in env.get("BROWSER", "").split(separator) if part.strip()]
    if not candidates:
        candidates = [opener for place in _places(env, platform) for opener in _OPENERS[place]]
    return next((words for words in (installed_command(candidate, env) for candidate in candidates) if words), None)


def installed_command(candidate: str, env: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the words of a command whose program is there, the program with its whole path; None where it is not."""
    try:
        name, *rest = shlex.split(candidate)
    except ValueError:
        return None
    path = shutil.which(name, path=env.get("PATH", ""))
    return (path, *rest) if path else None


def open_url(
    url: str, env: Mapping[str, str], command: Sequence[str] | None = None, *, patience: float = PATIENCE
) -> bool:
    """Open a page in the browser, with `command` where one is given, and tell whether it seems to have worked.

    The address is in the arguments of a process, where every user of the machine can read it: it must hold no secret.
    Waits `patience` seconds at most. The browser has none of our descriptors, no AWS credentials, and no terminal: it
    outlives the command that opened it.
    """
    import subprocess
    import threading

    words = command or browser_command(env)
    if not words:
        return False
    filled = [word.replace("%s", url) for word in words]
    try:
        process = subprocess.Popen(
            filled if filled != list(words) else [*filled, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in env.items() if not name.startswith(("AWS_", "SHELLINT_"))},
            start_new_session=True,
        )
    except (OSError, ValueError):
        return False
    try:
        return process.wait(patience) == 0
    except subprocess.TimeoutExpired:
        # Somebody has to take its exit code, whenever that comes.
        threading.Thread(target=process.wait, daemon=True).start()
        return True


def _places(env: Mapping[str, str], platform: str) -> list[str]:
    """Return the kinds of place this is, keys of _OPENERS."""
    away = any(env.get(name) for name in _SSH)
    conditions = {
        "darwin": platform == "darwin" and not away,
        "win32": platform == "win32" and not away,
        "wsl": platform == "linux" and bool(env.get("WSL_DISTRO_NAME")) and not away,
        "termux": bool(env.get("TERMUX_VERSION")) and not away,
        "display": platform not in {"darwin", "win32"} and any(env.get(name) for name in _DISPLAY),
    }
    return [place for place, here in conditions.items() if here]
