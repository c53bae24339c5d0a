"""Programs that a config file names, and that give credentials: run as the person would run them.

Of what one prints nothing is ever shown: it may be a secret even where it is not what was looked for.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from shellint import running
from shellint.errors import ConfigError, NeedsHuman
from shellint.providers import Process, WebIdentityToken
from shellint.sources.refusals import one_line
from shellint.steps import AssumeRole, Provided, SessionToken, WebIdentity
from shellint.variables import PASSPHRASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shellint.plan import Plan
    from shellint.steps import Step
    from shellint.terminal import Human

__all__ = ["LIMIT", "NOTICE", "Program", "refuse_circle", "run", "shell_line"]

# Seconds. Long enough to find a token and touch it; a program that hangs must not hold the terminal for ever.
LIMIT = 120.0
# Seconds after which a person is told what is waited for.
NOTICE = 5.0
# Bytes. The longest that is looked for, credentials with a token of 32 KB, is far below.
LONGEST = 1 << 20
# The profiles for which a program is running, the outermost first: how a `vault` that one of them starts knows. Named
# so that `vault exec`, which takes SHELLINT_… away, does not break the circle's mark.
_RUNNING = "_SHELLINT_RUNNING"
# What the hook tells the `vault` that it starts is not meant for another one further down.
_HOOKS = ("SHELLINT_SHELL", "SHELLINT_PID")
# Ours, by name and sub-command: HashiCorp's `vault` has no such sub-commands.
_PROGRAMS = {"vault", "shellint"}
_COMMANDS = {"credential-process", "exec", "export"}


@dataclass(frozen=True, slots=True)
class Program:
    """The program that `setting` (`credential_process`, …) of `profile` names; its words may hold a secret."""

    setting: str
    profile: str
    words: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.setting} of {self.profile}"

    @property
    def is_ours(self) -> bool:
        """Whether it is plainly us."""
        name, command, *_ = (*self.words, "")
        return PurePath(name).stem in _PROGRAMS and command in _COMMANDS

    def when_asked(self, *, programs: bool, what: str) -> None:
        """Raise NeedsHuman unless `programs` may run: nobody has just asked for what a config file would start."""
        if not programs:
            raise NeedsHuman(
                f"{what} comes from {self.setting}, which runs only when a person asks", "`vault refresh` runs it"
            )


def shell_line(command: str) -> tuple[str, ...]:
    """Return the words that run a line of the shell, as aws-vault runs the settings that are its own."""
    return ("cmd.exe", "/C", command) if sys.platform == "win32" else ("/bin/sh", "-c", command)


def refuse_circle(plan: Plan, env: Mapping[str, str]) -> None:
    """Raise ConfigError when the plan would run a program that is running: the one which, by detours, asks for it.

    Unrefused, it would wait for a session which is being made only once it has its answer.
    """
    outer = _running(env)
    for step in plan.steps:
        setting = _setting(step)
        if setting and step.profile in outer:
            circle = " -> ".join((*outer[outer.index(step.profile) :], step.profile))
            raise ConfigError(
                f"{setting} of {step.profile} asks for {step.profile} itself: {one_line(circle)}",
                "name another profile in it, or `vault add` a key",
            )


def run(
    program: Program, human: Human, env: Mapping[str, str], *, limit: float = LIMIT, notice: float = NOTICE
) -> bytes:
    """Return what `program` prints, run in the caller's directory with the caller's environment `env`.

    It has `limit` seconds; after `notice` of them the person is told.
    Raises ConfigError as `running.run`, and when its exit code is not 0.
    """
    code, printed = running.run(
        program.words,
        program.name,
        human=human,
        env=_environment(program, env),
        seconds=limit,
        notice=notice,
        longest=LONGEST,
    )
    if code != 0:
        ended = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        raise ConfigError(f"{program.name} {ended}", "run it by hand to see why")
    return printed


def _environment(program: Program, env: Mapping[str, str]) -> dict[str, str]:
    # What opens the store is for none but us, though it may be us again that a program asks for another profile.
    unwanted = _HOOKS if program.is_ours else (*_HOOKS, *PASSPHRASES)
    kept = {name: value for name, value in env.items() if name not in unwanted}
    return kept | {_RUNNING: json.dumps([*_running(env), program.profile])}


def _running(env: Mapping[str, str]) -> list[str]:
    try:
        names = json.loads(env.get(_RUNNING, "[]"))
    except (ValueError, RecursionError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _setting(step: Step) -> str | None:
    """Return the setting that names the program which `step` would run, None when it runs none."""
    match step:
        case Provided(provider=Process()):
            return "credential_process"
        case WebIdentity(token=WebIdentityToken(file=None)):
            return "web_identity_token_process"
        case SessionToken(mfa_serial=str(), mfa_process=str()) | AssumeRole(mfa_serial=str(), mfa_process=str()):
            return "mfa_process"
        case _:
            return None
