"""Text for one shell: the only place that quotes, and the only place that runs Jinja.

A template can print nothing but `Quoted` text: whatever else reaches an interpolation is an error when it is rendered,
not a hole in somebody's shell.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shellint import variables
from shellint.environment import Change
from shellint.templates import templates

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment, Template

__all__ = [
    "SHELLS",
    "Quoted",
    "Shell",
    "dollar_quote",
    "render_change",
    "render_export",
    "render_hook",
    "render_kept",
    "render_script",
    "render_setup",
]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b"\\'")
_OCTAL = {byte: f"\\{byte:03o}" for byte in range(256) if byte not in _PLAIN}


class Quoted(str):
    """Text that is already safe in the shell it was made for."""

    __slots__ = ()


def dollar_quote(value: str) -> Quoted:
    r"""Quote for bash (3.2 and later) and zsh: `$'...'`, every byte that is not plain ASCII as a 3-digit octal escape.

    One ASCII line whatever the locale and the shell's options; octal because `\xHH` has no fixed width everywhere
    (bash manual 3.1.2.4, zsh manual 6.8). Environment values cannot hold NUL.
    """
    return Quoted(f"$'{_bytes(value).decode('latin-1').translate(_OCTAL)}'")


def fish_quote(value: str) -> Quoted:
    r"""Quote for fish: `'...'`, outside of it `\xHH` for a control byte, a quote or a backslash, `\XHH` beyond ASCII.

    POSIX quoting would be a hole here: in fish a backslash means something inside single quotes (fish manual, Quotes).
    Not `\X` for all: what it makes of ASCII, fish 3.1 does not take for that character when it compares.
    """
    escaped = "".join(
        chr(byte) if byte in _PLAIN else f"'\\{'x' if byte < 0x80 else 'X'}{byte:02x}'" for byte in _bytes(value)
    )
    return Quoted(f"'{escaped}'")


def base64_data(value: str) -> Quoted:
    """Return the bytes of a value as base64: for PowerShell, whose hook takes data and never evaluates a value."""
    return Quoted(base64.b64encode(_bytes(value)).decode())


def powershell_quote(value: str) -> Quoted:
    """Quote for PowerShell code: `'...'`, with `[char]` for all that is not plain ASCII.

    PowerShell takes U+2018 to U+201B for single quotes too, and 5.1 reads a program's output in an old code page
    (about_Quoting_Rules, about_Character_Encoding). Characters above U+FFFF are two UTF-16 units, as .NET has them.
    """
    units = memoryview(value.encode("utf-16-le", "surrogatepass")).cast("H")
    pieces = (chr(unit) if unit in _PLAIN or unit == 0x5C else f"'+[char]0x{unit:04x}+'" for unit in units)
    text = f"'{''.join(pieces)}'"
    return Quoted(f"({text})" if "+[char]" in text else text)


def _bytes(value: str) -> bytes:
    data = value.encode("utf-8", "surrogateescape")
    if 0 in data:
        raise ValueError("a value with a NUL byte cannot be put into an environment")
    return data


@dataclass(frozen=True, slots=True)
class Shell:
    """One shell we speak: where its templates are, how it quotes a value in a change and a word in the hook's code.

    `script` is the template of the command, for a shell in which the command must be a file.
    """

    name: str
    hook: str
    change: str
    quote: Callable[[str], Quoted]
    word: Callable[[str], Quoted]
    script: str = ""


SHELLS: Mapping[str, Shell] = {
    "bash": Shell("bash", "bash/hook.bash.j2", "bash/change.bash.j2", dollar_quote, dollar_quote),
    "zsh": Shell("zsh", "zsh/hook.zsh.j2", "zsh/change.zsh.j2", dollar_quote, dollar_quote),
    "fish": Shell("fish", "fish/hook.fish.j2", "fish/change.fish.j2", fish_quote, fish_quote),
    "powershell": Shell(
        "powershell",
        "powershell/hook.ps1.j2",
        "powershell/change.ps1.j2",
        base64_data,
        powershell_quote,
        "powershell/vault.ps1.j2",
    ),
}


def render_change(shell: Shell, change: Change) -> str:
    """Return the text that makes `change` in `shell`, framed by the marker lines the hook looks for."""
    known = frozenset(variables.FIXED)
    touched = dict.fromkeys((*change.unset, *change.set))
    return (
        _environment()
        .get_template(shell.change)
        .render(
            extra=[_name(name) for name in touched if name not in known],
            unset=[_name(name) for name in touched],
            values=[(_name(name), shell.quote(value)) for name, value in change.set.items()],
            renew_at=Quoted(change.renew_at if change.renew_at is not None else ""),
        )
    )


def render_export(shell: Shell, change: Change) -> str:
    """Return the code that makes `change` in `shell` without the hook: to be evaluated as it is."""
    return _sibling(shell, "export").render(
        unset=[_name(name) for name in change.unset],
        values=[(_name(name), shell.word(value)) for name, value in change.set.items()],
    )


def render_hook(
    shell: Shell,
    *,
    command: str,
    program: tuple[str, ...],
    version: str,
    prompt: bool,
    script: str = "",
    lock: str = "",
    store: str = "",
    runtime: str = "",
    comments: bool = False,
) -> str:
    """Return the hook: defines `command`, which runs `program`; `prompt` says whether a segment may be placed.

    `script` is where `render_script` was written, if it was; `lock` the file of the lock stamp, `store` that of the
    store, `runtime` the directory of the lease stamps where XDG_RUNTIME_DIR names none. With `comments` they stay in,
    for a person or a linter: a shell may run without interactive comments, and would trip over each of these lines.
    """
    source = (templates() / shell.hook).read_text(encoding="utf-8")
    text = (
        _environment()
        .get_template(shell.hook)
        .render(
            functions=[_name(name) for name in re.findall(r"^function (__shellint_\w+)", source, re.MULTILINE)],
            command=_command(command),
            program=Quoted(" ".join(map(shell.word, program))),
            version=_command(version),
            prompt=prompt,
            script=shell.word(script),
            lock=shell.word(lock),
            store=shell.word(store),
            runtime=shell.word(runtime),
            as_file=False,
            fixed=[_name(name) for name in variables.FIXED],
            prefixes=[_name(prefix) for prefix in variables.REPLACED_PREFIXES],
            sets=[_name(name) for name in variables.SETS],
            replaced=[_name(name) for name in variables.REPLACED],
            ours=[_name(name) for name in variables.OURS],
            longest=Quoted(variables.LONGEST_LEASE),
        )
    )
    return text if comments else _bare(text)


def render_script(shell: Shell, *, version: str) -> str:
    """Return the command as a file, for a shell that has a template for it."""
    return _bare(_environment().get_template(shell.script).render(version=_command(version), as_file=True))


def _bare(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))


def render_kept(shell: Shell, text: str, *, program: tuple[str, ...], stamp: str) -> str:
    """Return a hook to be kept: it fails and does nothing once `program` is gone; its first line ends in the stamp."""
    python, *_, entry = map(shell.word, program)
    return _sibling(shell, "kept").render(python=python, entry=entry, stamp=_command(stamp), text=Quoted(text))


def render_setup(shell: Shell, kept: Path, *, home: Path, command: str, prompt: bool) -> str:
    """Return what stands in a start-up file: reads the `kept` hook where it is good, else calls the program."""
    options = (f" --name {_command(command)}" if command != "vault" else "") + ("" if prompt else " --no-prompt")
    return _sibling(shell, "setup").render(
        hook=_below_home(shell, kept, home), kind=_command(shell.name), options=Quoted(options)
    )


def _sibling(shell: Shell, part: str) -> Template:
    return _environment().get_template(shell.hook.replace("/hook.", f"/{part}."))


def _below_home(shell: Shell, path: Path, home: Path) -> Quoted:
    """Quote a path so that a start-up file shared by several machines fits each: `"$HOME/…"` means that in all four."""
    if path.is_relative_to(home) and re.fullmatch(r"[A-Za-z0-9_./ +-]+", rest := path.relative_to(home).as_posix()):
        return Quoted(f'"$HOME/{rest}"')
    return shell.word(str(path))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(templates()),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  shell text is not HTML; `finalize` guards it
        finalize=_only_quoted,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # `{#` and `{%` occur in shell code (`${#array[@]}`, `%{...%}`); these do not.
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )


def _only_quoted(value: object) -> object:
    if not isinstance(value, Quoted):
        raise TypeError(f"a template tried to print {type(value).__name__} that is not quoted")
    return value


def _name(name: str) -> Quoted:
    if not _NAME.fullmatch(name):
        raise ValueError("not the name of a variable")
    return Quoted(name)


def _command(text: str) -> Quoted:
    if not re.fullmatch(r"[A-Za-z0-9_.+-]+", text, re.ASCII):
        raise ValueError("not a command name")
    return Quoted(text)
