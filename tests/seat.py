"""A person in front of a real shell that has the hook, with everything a Desk has behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.aws import StrictAws
from tests.desk import Desk
from tests.rig.kinds import MARK, Kind
from tests.rig.shell import Shell

__all__ = ["Seat", "changes", "hour", "question", "seated", "segment"]

_INCIDENTAL = {b"_", b"LINES", b"COLUMNS", b"OLDPWD"}
"""What a shell changes by itself from one command to the next."""


class Seat(Desk):
    """A desk and the shells opened at it; `plain` is a role that needs no code, `dev` and `prod` need one."""

    def __init__(self, kind: Kind, home: Path, aws: StrictAws, shells: ExitStack) -> None:
        super().__init__(aws, home)
        self.kind = kind
        self._shells = shells
        self.role("plain")
        self.role("dev", mfa=True)
        self.role("prod", mfa=True)

    def sit(
        self,
        rc: str = "",
        *,
        first: str = "",
        hook: str | None = None,
        env: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
        **options: Any,
    ) -> Shell:
        """Open a shell whose rc file is `first`, the hook line, `rc`; `without` are variables of the desk left out."""
        line = self.hook(self.kind.name) if hook is None else hook
        given = {name: value for name, value in (self.env | dict(env or {})).items() if name not in without}
        return self._shells.enter_context(Shell(self.kind, self.home, f"{first}\n{line}{rc}", given, **options))

    def leave(self) -> None:
        """Close the shells."""
        self._shells.close()

    def code(self, sh: Shell, command: str) -> None:
        """Type a command that asks for an MFA code, and the code."""
        sh.prompt()
        sh.send(command + "\r")
        question(sh)
        sh.press(self.mfa.fresh_code() + "\r")

    def asked(self, action: str) -> int:
        """Return how often AWS was asked for `action`, refusals included."""
        return sum(record.action == action for record in self.aws.requests)


@contextmanager
def seated(kind: Kind, home: Path) -> Iterator[Seat]:
    """Give a seat; its shells are closed at the end."""
    with StrictAws() as aws, ExitStack() as shells:
        yield Seat(kind, home, aws, shells)


def segment(sh: Shell) -> str:
    """Return what stands before the prompt: the text with the profile and the time left."""
    return sh.cur().removesuffix(MARK).rstrip()


def changes(before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]) -> dict[str, bytes | None]:
    """Return what differs: each name with its value afterwards, None for a variable that is gone."""
    names = (before.keys() | after.keys()) - _INCIDENTAL
    return {name.decode(): after.get(name) for name in names if before.get(name) != after.get(name)}


def question(sh: Shell, begins: str = "MFA code for") -> None:
    """Wait until a question waits for its answer on the cursor's line."""
    sh.wait(lambda: not sh.editing and re.match(rf"{begins}.*: $", sh.cur()), f"the question {begins!r}")


def hour(profile: str) -> set[str]:
    """Return what the segment may say of a session of one hour that was just made."""
    return {f"{profile} 60m", f"{profile} 59m"}
