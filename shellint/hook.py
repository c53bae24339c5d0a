"""`vault hook`: the text a shell evaluates when it starts, rendered once and kept."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from shellint import __version__
from shellint.errors import ShellintError, StoreError, UsageError
from shellint.paths import owned_directory, paths_from, private_directory, write_private
from shellint.templates import templates

__all__ = ["KINDS", "hook_command", "hook_line", "hook_text"]

LINES = {
    "bash": ("~/.bashrc", 'eval "$(vault hook bash)"'),
    "zsh": ("~/.zshrc", 'eval "$(vault hook zsh)"'),
    "fish": ("~/.config/fish/config.fish", "vault hook fish | source"),
}
"""For each kind of shell the file, and the line that it needs."""

KINDS = tuple(LINES)
USAGE = f"vault hook [{'|'.join(KINDS)}] [--name NAME] [--no-prompt]"


def hook_command(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """Return the text for `vault hook ARGUMENTS`. Parsed by hand: every new shell waits for this one.

    Raises UsageError.
    """
    kind, name, prompt = "", "vault", True
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        option, _, value = word.partition("=")
        if word == "--no-prompt":
            prompt = False
        elif option == "--name" and (value or rest):
            name = value or rest.pop(0)
        elif word in KINDS and not kind:
            kind = word
        else:
            raise UsageError(f"vault hook does not know {word!r}", f"usage: {USAGE}")
    if not all(letter.isascii() and (letter.isalnum() or letter in "_-.") for letter in name) or name[:1] in "-.":
        raise UsageError(f"{name!r} is no name for a command", "use letters, digits, - and _")
    return hook_text(kind or detect_shell(env), env, name=name, prompt=prompt)


def detect_shell(env: Mapping[str, str]) -> str:
    """Return the kind of the shell that called us, by its process, else by $SHELL. Raises UsageError."""
    import shellingham

    try:
        found = str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        found = os.path.basename(env.get("SHELL", ""))
    if found not in KINDS:
        raise UsageError(f"there is no hook for the shell {found or 'this is run from'!r}", f"usage: {USAGE}")
    return found


def hook_line(env: Mapping[str, str]) -> str:
    """Return the line to add, and to which file, for the shell we are called from."""
    try:
        file, line = LINES[detect_shell(env)]
    except UsageError:
        file, line = LINES["bash"]
    return f"add this line to {file} and open a new shell: {line}"


def hook_text(kind: str, env: Mapping[str, str], *, name: str = "vault", prompt: bool = True) -> str:
    """Return the hook for a kind of shell: as it was rendered before, else rendered and kept for the next time.

    Never refuses: where nothing may be written, or the place is not ours, the text is rendered and that is all.
    """
    program = (sys.executable, "-I", str(Path(__file__).with_name("__main__.py").absolute()))
    try:
        directory = paths_from(env).data / "hooks"
        kept = directory / f"{_stamp(kind, name, prompt, program)}.{kind}"
        if owned_directory(directory) and (text := _read_own(kept)):
            return text
    except (ShellintError, OSError):
        return _render(kind, name, prompt, program)
    text = _render(kind, name, prompt, program)
    try:
        private_directory(directory)
        write_private(kept, text.encode())
    except StoreError:
        pass
    return text


def _render(kind: str, name: str, prompt: bool, program: tuple[str, ...]) -> str:
    from shellint.render import SHELLS, render_hook

    return render_hook(SHELLS[kind], command=name, program=program, version=__version__, prompt=prompt)


def _stamp(kind: str, name: str, prompt: bool, program: tuple[str, ...]) -> str:
    """Name everything the text depends on: another version, interpreter, place or option is another file."""
    package = Path(__file__).parent
    sources = [*(templates() / kind).iterdir(), package / "variables.py", package / "render.py"]
    ages = sorted(f"{source.name} {source.stat().st_mtime_ns} {source.stat().st_size}" for source in sources)
    return hashlib.sha256(repr((__version__, kind, name, prompt, program, ages)).encode()).hexdigest()[:24]


def _read_own(path: Path) -> str:
    """Return a kept text, or nothing when there is none or when somebody else could have written it."""
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            if sys.platform != "win32" and (state.st_uid != os.geteuid() or state.st_mode & 0o022):
                return ""
            return file.read().decode()
    except (OSError, UnicodeDecodeError):
        return ""
