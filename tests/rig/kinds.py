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
    that runs a file and reads no start-up file. `prompts` is a line after which the prompt is {prompt}, `output` what
    stands in it for the output of {command}, which `expands` makes zsh run. `set_` and `unset` are templates over
    {name} and {value}, `keep` is that of a variable which no child sees; `quote` turns bytes into one word; `status`
    is the word for the exit code of the last command, `statuses` that for those of the last pipe; `call` runs a
    program given as words; `path` is where the shell is when it is not found on PATH by `name`.
    """

    name: str
    interactive: tuple[str, ...]
    script: tuple[str, ...]
    rc: str
    prompts: str
    output: str
    expands: str
    set_: str
    unset: str
    keep: str
    status: str
    statuses: str
    call: str
    quote: Callable[[bytes], str]
    path: str = ""

    @property
    def prompt(self) -> str:
        """The line that makes MARK the prompt."""
        return self.prompts.format(prompt=MARK)

    def export(self, name: str, value: bytes | str) -> str:
        """Return the command that exports `name` with exactly `value`."""
        return self.set_.format(name=name, value=self.quote(as_bytes(value)))


def as_bytes(text: str | bytes) -> bytes:
    """Return what a keyboard or a file holds for `text`; lone surrogates are the bytes they stand for."""
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def _hexadecimal(value: bytes) -> str:
    """Quote as one word of fish, two hexadecimal digits a byte."""
    word = re.sub(rb"[^\x80-\xffA-Za-z0-9_./:@+-]", lambda found: b"\\x%02x" % found[0][0], value)
    return re.sub(rb"[\x80-\xff]", lambda found: b"\\X%02x" % found[0][0], word).decode() or "''"


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
            prompts="PS1='{prompt}'\n",
            output="$({command})",
            expands="",
            set_="export {name}={value}",
            unset="unset {name}",
            keep="{name}={value}",
            status='"$?"',
            statuses='"${PIPESTATUS[*]}"',
            call="{words}",
            quote=_octal,
        ),
        Kind(
            name="zsh",
            interactive=("-d", "-i"),
            script=("-f",),
            rc=".zshrc",
            prompts="PROMPT='{prompt}'\n",
            output="$({command})",
            expands="setopt prompt_subst\n",
            set_="export {name}={value}",
            unset="unset {name}",
            keep="{name}={value}",
            status='"$?"',
            statuses='"${pipestatus[*]}"',
            call="{words}",
            quote=_octal,
        ),
        Kind(
            name="fish",
            interactive=("-i",),
            # `--no-config` came with fish 3.3: below a home without a config.fish there is none to read.
            script=(),
            rc=".config/fish/config.fish",
            # Where that directory is missing, fish goes through all manual pages, in the background.
            prompts="set -g fish_greeting; mkdir -p {{$XDG_DATA_HOME,$XDG_CACHE_HOME}}/fish/generated_completions; "
            "function fish_prompt; printf %s '{prompt}'; end\n",
            # `echo`, since a word vanishes with an output that is empty.
            output="'(echo ({command}))'",
            expands="",
            set_="set -gx {name} {value}",
            unset="set -e {name}",
            keep="set -g {name} {value}",
            status='"$status"',
            statuses='"$pipestatus"',
            call="{words}",
            quote=_hexadecimal,
        ),
    )
}
