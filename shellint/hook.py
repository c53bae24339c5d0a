"""`vault hook`: the text a shell evaluates when it starts, rendered once and kept."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from shellint import __version__
from shellint.command_name import check_name
from shellint.errors import ConfigError, ShellintError, StoreError, UsageError
from shellint.paths import home_directory, owned_directory, paths_from, private_directory, write_private
from shellint.stamps import lock_file, runtime_without_xdg
from shellint.templates import templates

__all__ = [
    "KINDS",
    "detect_shell",
    "hook_command",
    "hook_line",
    "hook_text",
    "kept_hook",
    "refresh_kept",
]

LINES = {
    "bash": ("~/.bashrc", 'eval "$(vault hook bash)"'),
    "zsh": ("~/.zshrc", 'eval "$(vault hook zsh)"'),
    "fish": ("~/.config/fish/config.fish", "vault hook fish | source"),
    "powershell": ("$PROFILE", "Invoke-Expression (& vault hook powershell | Out-String)"),
}
"""For each kind of shell the file, and the line that it needs."""

KINDS = tuple(LINES)
PROCESSES = {"pwsh": "powershell"}
"""Kinds of shell whose process has another name."""

SCRIPTS = {"powershell": ".ps1"}
"""The kinds in which the command is a file of its own, beside the kept hook, and how its name ends."""

# The lean front door, where there can be an agent to ask.
_ENTRY = ("-I", "__main__.py") if sys.platform == "win32" else ("-I", "-S", "client.py")

_KEPT = re.compile(rf"(?P<name>[\w.-]+)(?P<options>\+no-prompt)?\.(?P<kind>{'|'.join(KINDS)})(?:\.ps1)?")

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
    check_name(name)
    return hook_text(kind or detect_shell(env), env, name=name, prompt=prompt)


def detect_shell(env: Mapping[str, str]) -> str:
    """Return the kind of the shell that called us, by its process, else by $SHELL. Raises UsageError."""
    import shellingham

    try:
        found = str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        found = os.path.basename(env.get("SHELL", ""))
    found = PROCESSES.get(found, found)
    if found not in KINDS:
        raise UsageError(f"there is no hook for the shell {found or 'this is run from'!r}", f"usage: {USAGE}")
    return found


def hook_line(env: Mapping[str, str]) -> str:
    """Return what gives the shell we are called from its hook: a line to add, or a new shell where that is done."""
    from shellint.startup import ask_shell, loading_file, login_hint, startup

    try:
        kind = detect_shell(env)
    except UsageError:
        kind = "bash"
    try:
        files = startup(kind, env, home_directory(env), ask=ask_shell)
    except ConfigError:
        files = None
    if files and (loading := loading_file(files)):
        hint = login_hint(files)
        return f"{loading} has the hook: open a new shell" + (f"; {hint}" if hint else "")
    file, line = LINES[kind]
    return f"`vault setup` adds it (to {file}: {line}); then open a new shell"


def hook_text(kind: str, env: Mapping[str, str], *, name: str = "vault", prompt: bool = True) -> str:
    """Return the hook for a kind of shell: as it was rendered before, else rendered and kept for the next time.

    Never refuses: where nothing may be written, or the place is not ours, the text is rendered and that is all.
    """
    program = (sys.executable, *_ENTRY[:-1], str(Path(__file__).with_name(_ENTRY[-1]).absolute()))
    stamps = _stamps(env)
    try:
        kept = kept_hook(kind, env, name=name, prompt=prompt)
        stamp = _stamp(kind, name, prompt, program, stamps)
        script = kept.with_name(f"{stamp}{SCRIPTS[kind]}") if kind in SCRIPTS else None
        if owned_directory(kept.parent) and (script is None or _read_own(script)):
            text = _read_own(kept)
            if text.partition("\n")[0].endswith(f"# {stamp}"):
                return text
    except (ShellintError, OSError):
        return _render(kind, name, prompt, program, stamps)
    try:
        private_directory(kept.parent)
        text = _guarded(kind, program, stamp, _render(kind, name, prompt, program, stamps, script))
        write_private(kept, text.encode())
    except StoreError:
        return _render(kind, name, prompt, program, stamps)
    return text


def kept_hook(kind: str, env: Mapping[str, str], *, name: str = "vault", prompt: bool = True) -> Path:
    """Return where a hook is kept, under a name that stays: a start-up file can read it without calling us.

    What is kept gives up by itself when our program has moved away; `refresh_kept` follows every other change.
    Raises ConfigError when there is no home.
    """
    options = "" if prompt else "+no-prompt"
    return paths_from(env).data / "hooks" / f"{name}{options}.{kind}{SCRIPTS.get(kind, '')}"


def refresh_kept(env: Mapping[str, str]) -> None:
    """Render again what is kept from before an upgrade: the shells that read it do not ask us."""
    try:
        kept = [_KEPT.fullmatch(path.name) for path in kept_hook("bash", env).parent.iterdir()]
    except (ShellintError, OSError):
        return
    for found in kept:
        if found:
            hook_text(found["kind"], env, name=found["name"], prompt=not found["options"])


def _guarded(kind: str, program: tuple[str, ...], stamp: str, text: str) -> str:
    from shellint.render import SHELLS, render_kept

    return render_kept(SHELLS[kind], text, program=program, stamp=stamp)


def _stamps(env: Mapping[str, str]) -> tuple[str, str]:
    """Return where the lock stamp is, and the lease stamps where XDG_RUNTIME_DIR does not say; empty for nowhere."""
    try:
        lock = str(lock_file(paths_from(env).data))
    except ConfigError:
        lock = ""
    return lock, str(runtime_without_xdg() or "")


def _render(
    kind: str, name: str, prompt: bool, program: tuple[str, ...], stamps: tuple[str, str], script: Path | None = None
) -> str:
    """Return the text of a hook; where the command is a file, it is written first."""
    from shellint.render import SHELLS, render_hook, render_script

    if script:
        write_private(script, render_script(SHELLS[kind], version=__version__).encode())
    return render_hook(
        SHELLS[kind],
        command=name,
        program=program,
        version=__version__,
        prompt=prompt,
        script=str(script or ""),
        lock=stamps[0],
        store=str(Path(stamps[0]).with_name("store.json")) if stamps[0] else "",
        runtime=stamps[1],
    )


def _stamp(kind: str, name: str, prompt: bool, program: tuple[str, ...], stamps: tuple[str, str]) -> str:
    """Name everything the text depends on: another version, interpreter, place or option is another file."""
    package = Path(__file__).parent
    sources = [*(templates() / kind).iterdir(), package / "variables.py", package / "render.py"]
    ages = sorted(f"{source.name} {source.stat().st_mtime_ns} {source.stat().st_size}" for source in sources)
    return hashlib.sha256(repr((__version__, kind, name, prompt, program, stamps, ages)).encode()).hexdigest()[:24]


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
