"""Which file a shell reads when a person opens it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shellint.rc_block import hook_line_number

__all__ = ["Startup", "ask_shell", "loading_file", "login_hint", "startup"]

Ask = Callable[[Sequence[str], Mapping[str, str]], str]
"""Run a shell with these words and this environment; return what it prints, "" when it cannot say."""


@dataclass(frozen=True, slots=True)
class Startup:
    """`file` is where a line belongs that every such shell is to read, `also` is read by each of them too.

    `elsewhere` are files that could have been the right one at another time. `login` is what a login shell reads in the
    place of `file`, where that does not lead there.
    """

    file: Path
    also: tuple[Path, ...] = ()
    elsewhere: tuple[Path, ...] = ()
    login: Path | None = None


def startup(kind: str, env: Mapping[str, str], home: Path, *, ask: Ask, platform: str = sys.platform) -> Startup:
    """Return the start-up files of a kind of shell. `ask` answers where only the shell itself knows."""
    return _KINDS[kind](env, home, ask, platform)


def loading_file(files: Startup) -> Path | None:
    """Return the file that loads the hook, by our lines or by the person's; None without one."""
    return next((file for file in (files.file, *files.also) if hook_line_number(_read(file))), None)


def login_hint(files: Startup) -> str:
    """Return what to do for a login shell, which would have no hook; "" where every shell has one."""
    line = f'[ -r "$HOME/{files.file.name}" ] && . "$HOME/{files.file.name}"'
    return f"a login shell (ssh) does not read {files.file}: add `{line}` to {files.login}" if files.login else ""


def ask_shell(words: Sequence[str], env: Mapping[str, str]) -> str:
    """Run a shell for the one answer it prints; "" when it is not there, fails, or takes longer than 10 seconds."""
    import subprocess

    program = shutil.which(words[0], path=env.get("PATH"))
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *words[1:]], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "surrogateescape")


def _bash(_env: Mapping[str, str], home: Path, _ask: Ask, platform: str) -> Startup:
    # A terminal of macOS starts login shells, and those read no .bashrc unless their own file does (bash manual 6.2).
    # Elsewhere a window is no login shell.
    rc = home / ".bashrc"
    login = [home / name for name in (".bash_profile", ".bash_login", ".profile")]
    first = next((file for file in login if file.exists()), login[0])
    leads = _names(first, rc) or any(_names(first, file) and _names(file, rc) for file in login)
    if platform == "darwin" and not leads:
        return Startup(first, elsewhere=(rc, *(file for file in login if file != first)))
    return Startup(rc, elsewhere=tuple(login), login=None if leads or hook_line_number(_read(first)) else first)


def _zsh(env: Mapping[str, str], home: Path, ask: Ask, _platform: str) -> Startup:
    # ZDOTDIR need not be exported: where it is set in ~/.zshenv, only zsh knows it (zsh manual 5.1).
    answer = ask(("zsh", "-c", 'builtin printf "\\0%s" "${ZDOTDIR:-$HOME}"'), env).rpartition("\0")[2]
    directory = Path(answer or env.get("ZDOTDIR") or home)
    return Startup(directory / ".zshrc", also=(directory / ".zshenv",), elsewhere=(home / ".zshrc",))


def _fish(env: Mapping[str, str], home: Path, _ask: Ask, _platform: str) -> Startup:
    # A file of our own: fish reads each one in conf.d (fish manual, Configuration files).
    named = Path(env.get("XDG_CONFIG_HOME") or ".")
    directory = (named if named.is_absolute() else home / ".config") / "fish"
    return Startup(directory / "conf.d" / "shellint.fish", also=(directory / "config.fish",))


def _powershell(env: Mapping[str, str], home: Path, ask: Ask, platform: str) -> Startup:
    # Windows PowerShell 5.1 and PowerShell 7 have profiles of their own, below folders that may be moved.
    words = ("-NoLogo", "-NoProfile", "-NonInteractive", "-Command")
    question = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; $PROFILE.CurrentUserAllHosts; $PROFILE"
    answer = ask((_powershell_program(env), *words, question), env).lstrip("\ufeff").splitlines()
    if len(answer) == 2:
        return Startup(Path(answer[0]), also=(Path(answer[1]),))
    directory = home / ("Documents/PowerShell" if platform == "win32" else ".config/powershell")
    return Startup(directory / "profile.ps1")


def _powershell_program(env: Mapping[str, str]) -> str:
    import shellingham

    try:
        calling = str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        calling = ""
    known = ("pwsh", "powershell")
    return calling if calling in known else "pwsh" if shutil.which("pwsh", path=env.get("PATH")) else "powershell"


_KINDS: Mapping[str, Callable[[Mapping[str, str], Path, Ask, str], Startup]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
    "powershell": _powershell,
}


def _names(file: Path, other: Path) -> bool:
    """Whether a line of a file has the name of another in it, which it will then read."""
    return re.search(rb"^[^#\n]*" + re.escape(other.name.encode()) + rb"\b", _read(file), re.MULTILINE) is not None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
