"""The shells the tests drive, one row each: whatever differs between them is data here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["KINDS", "MARK", "Kind", "as_bytes"]

MARK = "RDY> "
"""The prompt of every shell under test; a shell is ready when it stands left of the cursor."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How to start one shell and what its basic words are.

    `interactive` and `script` are the arguments for a shell with a terminal (it reads `rc` below its home) and for one
    that runs a file and reads no start-up file. `set_` and `unset` are templates over {name} and {value};
    `quote` turns bytes into one word; `status` is the word for the exit code of the last command; `call` runs a
    program given as words.
    """

    name: str
    interactive: tuple[str, ...]
    script: tuple[str, ...]
    rc: str
    prompt: str
    set_: str
    unset: str
    status: str
    call: str
    quote: Callable[[bytes], str]

    def export(self, name: str, value: bytes | str) -> str:
        """Return the command that exports `name` with exactly `value`."""
        return self.set_.format(name=name, value=self.quote(as_bytes(value)))


def as_bytes(text: str | bytes) -> bytes:
    """Return what a keyboard or a file holds for `text`; lone surrogates are the bytes they stand for."""
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def _octal(value: bytes) -> str:
    """Quote as `$'…'`, three octal digits a byte: no option, alias or locale of the shell can change its meaning."""
    return "$'" + re.sub(rb"[^A-Za-z0-9_./:@+-]", lambda found: b"\\%03o" % found[0][0], value).decode() + "'"


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="bash",
            interactive=("-i",),
            script=("--noprofile", "--norc"),
            rc=".bashrc",
            prompt=f"PS1='{MARK}'\n",
            set_="export {name}={value}",
            unset="unset {name}",
            status='"$?"',
            call="{words}",
            quote=_octal,
        ),
        Kind(
            name="zsh",
            interactive=("-d", "-i"),
            script=("-f",),
            rc=".zshrc",
            prompt=f"PROMPT='{MARK}'\n",
            set_="export {name}={value}",
            unset="unset {name}",
            status='"$?"',
            call="{words}",
            quote=_octal,
        ),
    )
}
