"""The story: each step is typed in a real shell, and what must be true afterwards is looked at from outside."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import click

from shellint.hook import LINES
from tests.rig.kinds import Kind
from tests.story.house import House
from tests.story.stage import Failed, Stage
from tests.story.words import WORDS

__all__ = ["BEFORE", "STEPS", "WHO", "Step", "end", "hook", "play", "restored", "role", "store", "use", "who"]

Step: TypeAlias = Callable[[Stage], None]

WHO = """python -c 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])'"""
BEFORE = {"AWS_PROFILE": "work", "AWS_REGION": "us-west-2"}
SECONDS = 8
"""How long the session lasts whose end is watched."""


def play(kind: Kind, house: House, steps: Sequence[Step] | None = None) -> int:
    """Play the steps in a shell of `kind` and return how many things were checked. Raises Failed."""
    title = "the shell starts"
    try:
        with Stage(kind, house) as stage:
            for step in STEPS if steps is None else steps:
                title = (step.__doc__ or step.__name__).rstrip(".")
                click.secho(f"\n{kind.name}: {title}", bold=True)
                step(stage)
    except (Failed, AssertionError) as error:
        # What the rig waited for in vain comes with the whole screen, which has been printed.
        what = str(error).partition("; the screen:")[0].splitlines()[0]
        raise Failed(f"{kind.name}, {title[0].lower()}{title[1:]}: {what}") from None
    return stage.checks


def store(stage: Stage) -> None:
    """A key is stored."""
    house = stage.house
    stage.type(
        "vault add demo",
        ("Access key id", house.key.access_key_id),
        ("Secret access key", house.key.secret_access_key),
        ("MFA device", house.mfa.serial),
    )
    stage.check("`vault list` has it", re.search(r"^demo +stored", stage.type("vault list"), re.MULTILINE))
    data = Path(house.env["XDG_DATA_HOME"]) / "shellint"
    files = [path for path in data.rglob("*") if path.is_file()]
    stage.check("it rests in files that only their owner can read", files and all(map(_private, [data, *files])))
    contents = b"".join(path.read_bytes() for path in files)
    stage.check("the files do not hold the secret as it is", house.key.secret_access_key.encode() not in contents)


def hook(stage: Stage) -> None:
    """The hook is loaded, by a line in the rc file."""
    kind, words = stage.kind, WORDS[stage.kind.name]
    file, line = LINES[kind.name]
    stage.type(f"echo '{line}' >> {file}")
    stage.type(words.reload.format(start=f"{kind.name} {' '.join(kind.interactive)}", file=file))
    stage.check(f"`vault` is this shell's own: {words.own}", words.own in stage.type(words.ask))
    for name, value in BEFORE.items():
        stage.type(words.export.format(name=name, value=value))
    stage.before = stage.variables()
    stage.check("two variables of the person's own are set", BEFORE.items() <= stage.before.items(), stage.before)


def use(stage: Stage) -> None:
    """Credentials come into the shell, after an MFA code."""
    stage.type("vault use demo", ("MFA code", stage.house.mfa.fresh_code()))
    _holds(stage, "demo")
    stage.check("AWS_PROFILE is out of the way", "AWS_PROFILE" not in stage.variables())
    _asked(stage, "GetSessionToken", stage.house.key.access_key_id)
    segment = stage.segment()
    stage.check("the prompt says so, with the time left", re.fullmatch(r"demo (\d+h)?\d+m", segment), segment)


def who(stage: Stage) -> None:
    """Who AWS says we are, asked by boto3 with what is in the environment."""
    _is(stage, stage.house.user_arn)


def role(stage: Stage) -> None:
    """A role, over the same MFA session."""
    key = stage.variables()["AWS_ACCESS_KEY_ID"]
    stage.type("vault use demo-admin")
    _holds(stage, "demo-admin")
    _asked(stage, "AssumeRole", key)
    stage.check(
        "the prompt has the other profile alone", re.fullmatch(r"demo-admin \d+m|demo-admin 1h0m", stage.segment())
    )
    account = stage.house.aws.account
    _is(stage, rf"arn:aws:sts::{account}:assumed-role/admin/[\w+=,.@-]+")


def end(stage: Stage) -> None:
    """A session ends."""
    stage.house.aws.session_seconds = SECONDS
    stage.type("vault use demo --force", ("MFA code", stage.house.mfa.fresh_code()))
    left = int(stage.variables()["SHELLINT_EXPIRES"]) - time.time()
    stage.check(f"AWS gave it {SECONDS} seconds", left <= SECONDS, round(left))
    shown = stage.seconds_shown("demo", SECONDS + 15)
    stage.check("the prompt counted down: " + ", ".join(map(str, shown)), len(shown) > 1 and _falls(shown), shown)
    stage.check("and then it was gone from the prompt", stage.segment() == "")


def restored(stage: Stage) -> None:
    """What was there before is back."""
    after = stage.variables()
    for name, value in BEFORE.items():
        stage.check(f"{name} is {value} again", after.get(name) == value, after.get(name))
    stage.check("no other variable of AWS's or ours is left", after == stage.before, sorted(after))
    stage.check("no secret was ever on the terminal", not any(map(stage.shown, stage.secrets)))


STEPS: tuple[Step, ...] = (store, hook, use, who, role, end, restored)


def _holds(stage: Stage, profile: str) -> None:
    found = stage.variables()
    stage.check(f"the environment is that of {profile}", found.get("AWS_VAULT") == profile, found.get("AWS_VAULT"))
    key = found.get("AWS_ACCESS_KEY_ID", "")
    temporary = key.startswith("ASIA") and found.get("AWS_SESSION_TOKEN") and "AWS_SECRET_ACCESS_KEY" in found
    stage.check("its key is a temporary one, not the stored one", temporary and key != stage.house.key.access_key_id)


def _asked(stage: Stage, action: str, key: str) -> None:
    last = stage.house.aws.requests[-1]
    found = (last.action, last.access_key_id, last.error)
    stage.check(f"AWS's log: {action}, signed with {key}", found == (action, key, None), found)


def _is(stage: Stage, arn: str) -> None:
    """Let the shell ask AWS who it is; the log must have that call, by that key, with that answer."""
    key = stage.variables()["AWS_ACCESS_KEY_ID"]
    before = len(stage.house.aws.requests)
    said = stage.type(WHO).strip()
    stage.check(f"AWS says {said}", re.fullmatch(arn, said), said)
    log = [(call.action, call.access_key_id, call.arn, call.error) for call in stage.house.aws.requests[before:]]
    stage.check(
        f"AWS's log: GetCallerIdentity, signed with {key}, by the same",
        log == [("GetCallerIdentity", key, said, None)],
        log,
    )


def _falls(numbers: Sequence[int]) -> bool:
    return all(earlier > later for earlier, later in itertools.pairwise(numbers))


def _private(path: Path) -> bool:
    return path.stat().st_mode & 0o077 == 0
