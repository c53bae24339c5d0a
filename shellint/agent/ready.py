"""What the agent does before anybody waits for it: no memory on the disk, and the dear imports."""

from __future__ import annotations

import importlib
import sys

from shellint.lean import COMMANDS

__all__ = ["get_ready", "hide_memory"]

_PR_SET_DUMPABLE = 4


def hide_memory() -> None:
    """Keep this process's memory from core dumps and from the debugger of anybody but root (prctl(2))."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def get_ready() -> None:
    """Import what commands are answered with."""
    from shellint import cli
    from shellint.environment import Change
    from shellint.render import SHELLS, render_change

    for name, (module, _) in cli.COMMANDS.items():
        if name.encode() in COMMANDS:
            importlib.import_module(module)
    for module in ("use", "clear", "export", "exec", "status", "whoami", "lock"):
        importlib.import_module(f"shellint.actions.{module}")
    from shellint.sources.client import boto3_session

    boto3_session()
    for shell in SHELLS.values():
        render_change(shell, Change())
