"""A shell started in another one's terminal, of the same kind or not, and typed at in its own words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.pwsh_shell import pwsh_kind
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import program
from tests.rig.shell import Shell
from tests.seat import Seat

__all__ = ["NAMES", "end_now", "inside", "kind_called", "ours", "replace", "write_rc"]

NAMES = (*KINDS, "powershell")
"""Every kind of shell; the test of one that is not installed is skipped."""


def kind_called(name: str) -> Kind:
    """Return the row of a shell that is there."""
    if name == "powershell":
        return pwsh_kind()
    program(name)
    return KINDS[name]


def write_rc(seat: Seat, kind: Kind) -> None:
    """Give a further kind of shell its rc file with the hook."""
    file = seat.home / kind.rc
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(kind.prompt + seat.hook(kind.name))


@contextmanager
def inside(sh: Shell, kind: Kind, words: str = "") -> Iterator[None]:
    """Start a shell of `kind`, by `words` where it takes more than its name, type at it, and leave it again."""
    outer = sh.kind
    sh.prompt()
    sh.kind = kind
    sh.run(outer.call.format(words=words or _words(kind)))
    yield
    sh.run("exit")
    sh.kind = outer


def replace(sh: Shell, kind: Kind) -> None:
    """Have the shell become one of `kind`: the same process, another program."""
    sh.prompt()
    sh.kind = kind
    sh.run(f"exec {_words(kind)}")


def end_now(sh: Shell) -> str:
    """Return the line that lets the session in a shell end."""
    return sh.kind.export("SHELLINT_EXPIRES", str(int(time.time())))


def ours(environ: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return what a session may touch; whatever else a shell has in its environment is its own affair."""
    return {name: value for name, value in environ.items() if name.startswith((b"AWS", b"SHELLINT_"))}


def _words(kind: Kind) -> str:
    # Quoted for PowerShell too, which would take `-d` for an option of its own `exec`.
    return " ".join(f"'{word}'" for word in (kind.path or kind.name, *kind.interactive))
