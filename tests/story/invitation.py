"""An interactive shell of the person's own kind in a throw-away home, with profile `demo` ready to be used."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping

import click

from shellint.hook import LINES
from tests.rig.kinds import KINDS, Kind
from tests.story.device import mfa_command
from tests.story.house import House
from tests.story.story import WHO

__all__ = ["invite", "own_kind"]

PROMPTS = {"bash": "\\$ ", "zsh": "%# ", "fish": "$ "}

KEPT = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""What of the person's own environment their terminal needs."""

INTRODUCTION = """
This is {kind} in a throw-away home, with an AWS of its own. The key of `demo` is stored; try:

  mfa                    your MFA device: the code to type next
  vault use demo         temporary credentials into this shell; see the prompt
  aws-whoami             ask AWS who you are, by boto3
  vault use demo-admin   a role, over the same MFA session
  vault status           what this shell holds; `vault clear` takes it out again
  exit                   stops and removes everything
"""


def own_kind(env: Mapping[str, str]) -> Kind | None:
    """Return the kind of shell the person sits in, else that of $SHELL, else one the machine has, else None."""
    import shellingham

    try:
        found = str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        found = ""
    wanted = (found, env.get("SHELL", "").rpartition("/")[2], *KINDS)
    return next((KINDS[name] for name in wanted if name in KINDS and shutil.which(name)), None)


def invite(kind: Kind, house: House, env: Mapping[str, str]) -> None:
    """Let the person into the house, until they leave their shell; `env` is their own environment."""
    own = house.env | {name: env[name] for name in KEPT if name in env}
    _store_key(house)
    house.add_program("aws-whoami", WHO)
    rc = house.home / kind.rc
    rc.parent.mkdir(parents=True, exist_ok=True)
    rc.write_text(f"{kind.prompts.format(prompt=PROMPTS[kind.name])}{LINES[kind.name][1]}\n")
    with mfa_command(house):
        click.echo(INTRODUCTION.format(kind=kind.name))
        subprocess.run([kind.name, *kind.interactive], env=own, cwd=house.home, check=False)


def _store_key(house: House) -> None:
    key = {"AccessKeyId": house.key.access_key_id, "SecretAccessKey": house.key.secret_access_key}
    subprocess.run(
        ["vault", "add", "demo", "--stdin", "--mfa-serial", house.mfa.serial],
        env=house.env,
        cwd=house.home,
        input=json.dumps(key).encode(),
        check=True,
    )
