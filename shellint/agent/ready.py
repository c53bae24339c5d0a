"""What the agent does before anybody waits for it: no memory on the disk, room for connections, the dear imports."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Mapping

from shellint.agent.server import MOST, Server
from shellint.lean import COMMANDS
from shellint.memory import Memory

__all__ = ["get_ready", "hide_memory", "serve"]

_PR_SET_DUMPABLE = 4
_FILES = 4 * MOST


def serve(descriptor: int, name: str, lock: int) -> None:
    """Answer at the listening socket `descriptor`, whose path `name` belongs to the holder of `lock`, until the end."""
    hide_memory()
    gc.disable()  # imports make much garbage to look through and little to free
    server = Server(descriptor, name, lock, memory=Memory(), most=min(MOST, _more_files() // 2))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_get_ready, args=(dict(os.environ),), daemon=True).start()
    server.run()


def hide_memory() -> None:
    """Keep this process's memory from core dumps and from the debugger of anybody but root (prctl(2))."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _more_files() -> int:
    """Raise the number of files that may be open to what many connections need, where that is allowed; return it."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return _FILES if soft == resource.RLIM_INFINITY else soft


def _get_ready(env: Mapping[str, str]) -> None:
    get_ready(env)
    gc.collect()
    gc.freeze()
    gc.enable()


def get_ready(env: Mapping[str, str]) -> None:
    """Import what commands are answered with, and render again the hooks that are kept from before an upgrade."""
    from shellint import cli
    from shellint.environment import Change
    from shellint.hook import refresh_kept
    from shellint.render import SHELLS, render_change

    for name, (module, _) in cli.COMMANDS.items():
        if name.encode() in COMMANDS:
            importlib.import_module(module)
    for module in ("use", "clear", "export", "exec", "status", "whoami", "lock"):
        importlib.import_module(f"shellint.actions.{module}")
    from shellint.sources.kept_clients import boto3_session

    boto3_session()
    for shell in SHELLS.values():
        render_change(shell, Change())
    refresh_kept(env)
