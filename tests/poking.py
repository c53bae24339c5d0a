"""What the agent does to a shell, done by a test: it writes the stamps and sends the signal."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.rig.shell import Shell
from tests.rig.terminal import TIMEOUT
from tests.seat import Seat

__all__ = [
    "AT_ONCE",
    "HALF",
    "HEARD",
    "LOCKED",
    "key_of",
    "lease_stamp",
    "load",
    "lock_stamp",
    "poke",
    "redrawn",
    "renewed",
    "shown_key",
    "type_half",
]

HEARD = {
    "bash": "trap -- '__shellint_poke \"$_\"' SIGURG\n",
    "zsh": "TRAPURG () {\n\t'__shellint_tick'\n\treturn 0\n}\n",
}
"""How a shell says that it hears the agent's signal: that comes with a session."""
LOCKED = "vault: locked; plain is taken out of this shell"
HALF = 'echo "<$AWS_ACCESS_KEY_ID>"'
"""What is typed and waits for Enter."""
AT_ONCE = ("zsh", "fish")
"""The shells that take what is new while their prompt waits; bash does when the typed line is about to run."""


def lease_stamp(home: Path, session: bytes | None) -> Path:
    """Return the file in which the agent says until when a session could last by now."""
    directory = home / "run" / "shellint"
    directory.mkdir(mode=0o700, exist_ok=True)
    assert session
    return directory / f"lease-{session.decode()}"


def lock_stamp(home: Path) -> Path:
    """Return the file that `vault lock` writes."""
    return home / ".local" / "share" / "shellint" / "lock"


def renewed(home: Path, environ: Mapping[bytes, bytes], seconds: int = 3600) -> None:
    """Say that the session in `environ` was renewed, for so many seconds more."""
    ends = int(environ[b"SHELLINT_EXPIRES"]) + seconds
    lease_stamp(home, environ[b"SHELLINT_SESSION"]).write_text(f"{ends}\n")


def type_half(sh: Shell, line: str) -> None:
    """Type a line without Enter, and wait until the shell waits behind it."""
    sh.prompt()
    sh.send(line)
    sh.wait(lambda: sh.cur().endswith(line), f"the typed {line!r}", TIMEOUT)
    sh.idle()


def poke(sh: Shell, times: int = 1) -> None:
    """Send the agent's signal to the shell."""
    for _ in range(times):
        os.kill(sh.pid, signal.SIGURG)


def load(seat: Seat, sh: Shell, seconds: int = 1500) -> dict[bytes, bytes]:
    """Load `plain` for so long that a renewal is not due but would bring a new session."""
    seat.aws.session_seconds_for = {"AssumeRole": seconds}
    sh.run("vault use plain")
    seat.aws.session_seconds_for = {}
    return sh.environ()


def key_of(environ: dict[bytes, bytes]) -> str:
    return environ[b"AWS_ACCESS_KEY_ID"].decode()


def shown_key(sh: Shell) -> str:
    """Press Enter behind HALF and return what its line printed."""
    sh.press("\r")
    found = re.findall(r"^<(.*)>$", sh.text(), re.MULTILINE)
    assert len(found) == 1, sh.text()
    return str(found[0])


def redrawn(sh: Shell, *texts: str) -> None:
    """Wait, where a shell takes what is new at once, until its prompt says one of `texts` before HALF."""
    if sh.kind.name in AT_ONCE:
        sh.wait(
            lambda: sh.cur() in {f"{text} RDY> {HALF}".lstrip() for text in texts}, f"a prompt with one of {texts}", 5
        )
