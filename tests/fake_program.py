"""A program for the hook to call in place of ours: it hands out texts made beforehand, in a millisecond.

The texts are made by the product itself (`environment`, `render`); what is not the product's is only who asks for them.
So hundreds of shells, each with another option set, stay cheap.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

import shellint
from shellint import environment
from shellint.credentials import Credentials
from shellint.environment import Change
from shellint.lease import Wish
from shellint.render import SHELLS, render_change, render_hook
from tests.hostile import encoded
from tests.rig.kinds import KINDS, Kind, as_bytes
from tests.rig.programs import program

__all__ = [
    "CALL",
    "INTERACTIVE",
    "SECRETS",
    "FakeProgram",
    "Look",
    "both_shells",
    "credentials",
    "loaded",
    "looks",
    "ours",
    "typed",
]

SECRETS = ("wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "FwoGZXIvYXdzEBYaDHqa0AP3jZl/t0k3n==")
"""The secret key and the token of every session here; nothing else in a test looks like either."""

_PROGRAM = r"""#!/bin/sh
# The answer to "$*", or to "$*" in a shell that holds $AWS_VAULT where there is one of its own.
cd "${0%/*}" || exit 98
printf '%s\n' "$*" >>calls
answer="$*"
if [ -d "$answer@${AWS_VAULT-}" ]; then answer="$answer@${AWS_VAULT-}"; fi
if [ ! -d "$answer" ]; then printf 'nobody expected: %s\n' "$*" >&2; exit 97; fi
if [ -s "$answer/says" ]; then cat "$answer/says" >&2; fi
if [ -s "$answer/text" ]; then cat "$answer/text"; fi
read -r code <"$answer/code"
exit "$code"
"""

_LOOK = r"""#!/bin/sh
printf '\n== %s %s\n' "$1" "${2-}"
env -0
printf '\0'
"""

CALL = [sys.executable, "-I", "-S", str(Path(shellint.__file__).with_name("client.py"))]
"""How the hook calls the real program."""

INTERACTIVE: Mapping[str, tuple[str, ...]] = {"bash": ("--noprofile", "--norc", "-i"), "zsh": ("-f", "-i")}
"""The arguments for an interactive shell that reads no start-up file."""

both_shells = pytest.mark.parametrize("shell_kind", [KINDS[name] for name in INTERACTIVE], ids=list(INTERACTIVE))
"""For a test that speaks to exactly these: bash and zsh, whose texts are nearly the same."""


class FakeProgram:
    """The program in `directory`; `look`, beside it, is one that shows its environment (see `looks`)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.words: tuple[str, ...] = ("/bin/sh", str(directory / "program"))
        self.look = directory / "look"
        (directory / "program").write_text(_PROGRAM)
        self.look.write_text(_LOOK)
        self.look.chmod(0o755)
        self.answer("refresh --ahead --no-input")

    def answer(self, words: str, text: str | bytes = "", *, code: int = 0, says: str = "") -> None:
        """Answer `vault WORDS` from now on; `WORDS@PROFILE`: in a shell that holds PROFILE."""
        answer = self.directory / words
        answer.mkdir(exist_ok=True)
        (answer / "text").write_bytes(as_bytes(text))
        (answer / "code").write_text(f"{code}\n")
        (answer / "says").write_text(says)

    def change(self, kind: Kind, words: str, change: Change) -> str:
        """Answer with the text of `change`, and return the text."""
        text = render_change(SHELLS[kind.name], change)
        self.answer(words, text)
        return text

    def calls(self) -> list[str]:
        """Return what it was called with, one entry a call."""
        file = self.directory / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def hook(self, kind: Kind, *, name: str = "vault", prompt: bool = True) -> Path:
        """Return a file with the hook that calls this program."""
        file = self.directory / f"hook.{kind.name}.{name}.{prompt}"
        if not file.exists():
            text = render_hook(SHELLS[kind.name], command=name, program=self.words, version="1", prompt=prompt)
            file.write_text(text)
        return file


def credentials(key: str, seconds: int, now: float) -> Credentials:
    """Return a session that ends `seconds` after `now`."""
    ends = int(now) + seconds
    return Credentials(key, *SECRETS, datetime.fromtimestamp(ends, UTC), ends, min(int(now), ends))


def loaded(env: Mapping[str, str], profile: str, seconds: int, now: float, *, owner: int | None = 1) -> Change:
    """Return what `vault use PROFILE` does in `env`; by default for a shell that is never the one that renews."""
    return environment.load(
        env,
        Wish(profile),
        credentials(f"ASIA{profile.upper():X<16}", seconds, now),
        region="eu-central-1",
        lease=encoded(profile).hex(),
        owner=owner,
        minimum=300,
        sealed={},
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What a child of the shell saw at one point: `$?` as it was told, its environment, what was printed before it."""

    status: str
    env: dict[str, str]
    before: str = field(default="")


def typed(
    kind: Kind, lines: Sequence[str], env: Mapping[str, str], directory: Path, *flags: str
) -> subprocess.CompletedProcess[bytes]:
    """Type `lines` at an interactive shell without a terminal: it shows its prompts on stderr and runs its hooks.

    Only fish takes them for a script then, and has no prompts.
    """
    return subprocess.run(
        [program(kind.name), *INTERACTIVE.get(kind.name, ()), *flags],
        input=as_bytes("".join(f"{line}\n" for line in lines)),
        env=env,
        cwd=directory,
        capture_output=True,
        timeout=60,
        check=False,
    )


def looks(stdout: bytes) -> dict[str, Look]:
    """Return what each `look NAME [STATUS]` saw; a name that is used twice fails."""
    before, *parts = stdout.split(b"\n== ")
    seen: dict[str, Look] = {}
    for part in parts:
        head, _, rest = part.partition(b"\n")
        name, _, status = head.decode().partition(" ")
        *entries, _, after = rest.split(b"\0")
        assert name not in seen, name
        variables = (os.fsdecode(entry).partition("=") for entry in entries)
        seen[name] = Look(status, {variable: value for variable, _, value in variables}, os.fsdecode(before))
        before = after
    return seen


def ours(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a session may touch."""
    return {
        name: value for name, value in env.items() if name.startswith(("AWS", "SHELLINT_")) and name != "SHELLINT_AGENT"
    }
