"""`python -m tests.story`: on a terminal an invitation, without one the story in every shell there is."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping

import click

from tests.rig.kinds import KINDS, Kind
from tests.rig.powershell import find_powershell, powershell_kind
from tests.story.house import open_house
from tests.story.invitation import invite, own_kind
from tests.story.stage import Failed
from tests.story.story import play

__all__ = ["main"]


def main(env: Mapping[str, str]) -> int:
    """Return 0 when the person has left, or when each step of the story has happened in each shell."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # An end by exception, so that the home is removed and the shell in it ended.
        signal.signal(number, lambda *_: sys.exit(1))
    if sys.stdin.isatty() and sys.stdout.isatty() and (kind := own_kind(env)):
        # Until the shell has the terminal Ctrl-C comes here; a handler, since ignoring would be inherited.
        signal.signal(signal.SIGINT, lambda *_: None)
        with open_house() as house:
            invite(kind, house, env)
        return 0
    return _tell(env)


def _tell(env: Mapping[str, str]) -> int:
    kinds = [kind for name, kind in KINDS.items() if shutil.which(name)]
    missing = [name for name in KINDS if not shutil.which(name)]
    if path := find_powershell(env):
        kinds.append(powershell_kind(path))
    else:
        missing.append("powershell")
    played = [_played(kind) for kind in kinds]
    if missing:
        click.echo(f"not played, because it is not installed: {', '.join(missing)}", err=True)
    return 0 if played and all(played) and not (missing and env.get("CI") == "true") else 1


def _played(kind: Kind) -> bool:
    start = time.monotonic()
    try:
        with open_house() as house:
            checks = play(kind, house)
    except Failed as error:
        click.echo(f"FAILED in {error}", err=True)
        return False
    click.secho(f"\n{kind.name}: {checks} checks hold, {time.monotonic() - start:.0f} s", bold=True)
    return True


if __name__ == "__main__":
    sys.exit(main(os.environ))
