"""`credential_process`: a program that prints credentials, as the AWS CLI runs it.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from shellint.errors import ConfigError
from shellint.sources.answers import StrangeAnswer, credentials_in
from shellint.sources.programs import LIMIT, NOTICE, Program, run

if TYPE_CHECKING:
    from shellint.credentials import Credentials, LongTermKey
    from shellint.plan import Plan
    from shellint.providers import Process
    from shellint.sources.roots import Caller
    from shellint.steps import Provided

__all__ = ["credentials"]

_SETTING = "credential_process"


def credentials(
    step: Provided, _: Plan, caller: Caller, *, limit: float = LIMIT, notice: float = NOTICE
) -> LongTermKey | Credentials:
    """Return what the program prints: a key when it prints no SessionToken, without an end when no Expiration.

    `limit` and `notice` as in `run`. Raises ConfigError when the program or what it prints is wrong, and NeedsHuman
    when no program may run.
    """
    provider: Process = step.provider  # type: ignore[assignment]  # which is how this file was chosen
    program = Program(_SETTING, step.profile, _words(step.profile, provider.command))
    program.when_asked(programs=caller.programs, what=f"what {step.profile} needs")
    _refuse_itself(program)
    document = _document(run(program, caller.human, caller.env, limit=limit, notice=notice))
    if document is None:
        raise ConfigError(f"{program.name} printed no JSON document", "run it by hand to see what it prints")
    if document.get("Version") != 1:
        raise ConfigError(f"{program.name} printed a document without `Version: 1`", "AWS defines no other version")
    try:
        return credentials_in(document, caller.now())
    except StrangeAnswer as strange:
        raise ConfigError(
            f"{program.name} printed no usable credentials: {strange}", "run it by hand to see what it prints"
        ) from None


def _words(profile: str, command: str) -> tuple[str, ...]:
    """Return the words of a command, split as botocore splits them, which on Windows is by the rules there."""
    from botocore.compat import compat_shell_split

    try:
        words = tuple(compat_shell_split(command))
    except ValueError:
        words = ()
    if not words:
        raise ConfigError(f"{_SETTING} of {profile} is no command line", "close its quotation marks in the profile")
    return words


def _refuse_itself(program: Program) -> None:
    """Raise ConfigError when the command is plainly us, asked for the very profile."""
    first = next((word for word in program.words[2:] if not word.startswith("-")), None)
    if program.is_ours and first == program.profile:
        profile = shlex.quote(program.profile)
        raise ConfigError(
            f"{program.name} asks vault for {program.profile} itself",
            f"`vault add {profile}` stores a key that it can be made from, or name another profile in it",
        )


def _document(printed: bytes) -> dict[str, Any] | None:
    # Nothing is raised out of here: what json raises holds all of the text.
    try:
        document = json.loads(printed)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
