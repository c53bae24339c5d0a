"""The shell that `doctor` was typed in: its hook, the programs on its PATH, and what else its environment says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from shellint import __version__
from shellint.actions.checks.finding import Finding
from shellint.hook import hook_line
from shellint.lease import held
from shellint.origin import shown
from shellint.request import Request
from shellint.variables import REPLACED, REPLACED_PREFIXES

__all__ = ["check_environment", "check_hook", "check_programs"]

# A script of ours says so at its beginning, the launcher that pip makes on Windows at its end.
_LOOKED_AT = 4096


def check_hook(request: Request) -> Iterator[Finding]:
    """Tell whether the hook is at work: it leaves its version in the environment of what it runs."""
    version = request.env.get("SHELLINT_HOOK")
    if version is None:
        yield Finding("wrong", "the hook is not loaded in this shell", hook_line(request.env))
    elif version != __version__:
        yield Finding("advice", f"the hook in this shell is of version {shown(version)}", "open a new shell")
    else:
        yield Finding("ok", "it is at work in this shell")


def check_programs(request: Request) -> Iterator[Finding]:
    """Tell of another program `vault` on PATH, and of aws-vault where it will refuse."""
    found = _on_path("vault", request)
    others = [program for program in found if not _is_ours(program)]
    live = "SHELLINT_HOOK" in request.env
    if others:
        first = found[0] in others
        yield Finding(
            "wrong" if first and not live else "advice",
            f"another program is called vault: {others[0]}"
            + (", and it comes first on PATH" if first else "")
            + (" (in this shell the hook comes before it)" if live else ""),
            "load the hook with `--name NAME` to call ours NAME; it is always called shellint too",
        )
    elif not found:
        yield Finding("advice", "there is no vault on PATH, so that only the hook finds it", "scripts need it on PATH")
    if request.env.get("AWS_VAULT") and _on_path("aws-vault", request):
        yield Finding(
            "advice",
            "aws-vault itself refuses to run in this shell, since AWS_VAULT is set",
            "`vault clear` first, or AWS_VAULT= aws-vault …",
        )


def check_environment(request: Request) -> Iterator[Finding]:
    """Tell what in the environment leads programs to other credentials, or elsewhere, than what was loaded."""
    env, lease = request.env, held(request.env)
    if lease is not None and lease.is_ours:
        again = "unset it, or `vault use` the profile again"
        for name in sorted(env):
            if env[name] and (name in REPLACED or name.startswith(REPLACED_PREFIXES)):
                beside = f"{name} is set beside what was loaded for {lease.profile}: some programs go by it"
                yield Finding("wrong", beside, again)
    elif lease is not None:
        yield Finding(
            "advice", "AWS_ACCESS_KEY_ID is not what vault put there: another program set it", "`vault use` replaces it"
        )
    elif env.get("AWS_ACCESS_KEY_ID", "").startswith("AKIA") and not env.get("AWS_SESSION_TOKEN"):
        yield Finding(
            "wrong",
            "a long-term key is in the environment, where every program reads it",
            "`vault add PROFILE --env` stores it; then take it out of where it is set",
        )
    for name in sorted(env):
        if name.startswith("AWS_ENDPOINT_URL") and env[name]:
            yield Finding("advice", f"{name} sends calls to {shown(env[name])}, not to AWS", f"unset {name}")


def _on_path(name: str, request: Request) -> list[Path]:
    directories = dict.fromkeys(filter(None, request.env.get("PATH", "").split(os.pathsep)))
    endings = [ending.lower() for ending in request.env.get("PATHEXT", "").split(os.pathsep)]
    files = (Path(directory, name + ending) for directory in directories for ending in endings)
    return [file for file in files if file.is_file() and os.access(file, os.X_OK)]


def _is_ours(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            start = file.read(_LOOKED_AT)
            file.seek(max(0, program.stat().st_size - _LOOKED_AT))
            return b"shellint" in start + file.read(_LOOKED_AT)
    except OSError:
        return False
