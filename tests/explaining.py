"""`vault explain` in this process: a home with a config and stored keys, and what the command would print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shellint.cli import call
from shellint.cli.options import Invocation
from shellint.credentials import LongTermKey
from shellint.errors import ShellintError
from shellint.paths import paths_from
from shellint.request import Reply
from tests.rig.environment import environment
from tests.world import open_test_store

__all__ = ["SECRET", "clear", "explain", "facts", "furnish", "told"]

_LONGEST_LINE = 2000
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def furnish(home: Path, config: str | bytes, *keys: str) -> Path:
    """Give a home a config and a key stored under each of `keys`; return where the config is."""
    file = home / ".aws" / "config"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_bytes(config.encode() if isinstance(config, str) else config)
    store = open_test_store(paths_from(environment(home)).store)
    for key in keys:
        store.put("key", key, LongTermKey("AKIAIOSFODNN7EXAMPLE", SECRET).to_bytes())
    return file


def explain(home: Path, *words: str, **env: str) -> Reply:
    """Return the reply to `vault explain WORDS`; whoever needs a passphrase for it finds none."""
    return call(["explain", *words], Invocation(environment(home, **env)))


def facts(home: Path, *words: str, **env: str) -> dict[str, Any]:
    """Return what `vault explain WORDS --json` says."""
    said: dict[str, Any] = json.loads(explain(home, *words, "--json", **env).out)
    return said


def told(home: Path, *words: str) -> tuple[str, ShellintError | None]:
    """Return the page of `vault explain WORDS`, which a terminal shows as it is meant, and the error behind it."""
    try:
        reply = explain(home, *words)
    except ShellintError as raised:  # nothing could be told
        reply = Reply(error=raised)
    assert all(line.isprintable() for line in reply.out.splitlines())
    assert len(reply.out) < 20_000
    if reply.error:
        clear(reply.error)
    return reply.out, reply.error


def clear(error: ShellintError) -> str:
    """Return the line of an error, which is short and on one line."""
    for line in (error.what, error.todo):
        assert len(line) < _LONGEST_LINE
        assert "\n" not in line
    return error.what
