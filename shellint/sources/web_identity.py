"""AssumeRoleWithWebIdentity: a token of an identity provider becomes a session of a role; it needs no credentials.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shellint.errors import ConfigError
from shellint.paths import from_home
from shellint.sources.programs import LIMIT, NOTICE, Program, run, shell_line
from shellint.sources.refusals import one_line
from shellint.sources.sts import sts_client
from shellint.sources.token_file import read_token

if TYPE_CHECKING:
    from shellint.credentials import Credentials
    from shellint.plan import Plan
    from shellint.sources.roots import Caller
    from shellint.steps import WebIdentity

__all__ = ["credentials"]

# What STS takes; the shape alone, since whether it is a JWT is for STS to say.
_LONGEST = 20_000
_TOKEN = re.compile(rb"[!-~]{4,%d}" % _LONGEST)


def credentials(
    step: WebIdentity, plan: Plan, caller: Caller, *, limit: float = LIMIT, notice: float = NOTICE
) -> Credentials:
    """Return the session of the step's role; `limit` and `notice` as in `run`.

    Raises ConfigError when there is no token, NeedsHuman when no program may run, and as `Sts.call`.
    """
    file = step.token.file
    token = _read(file, step, caller) if file is not None else _print(step, caller, limit, notice)
    sts = sts_client(
        plan.sts, None, caller.env, profile=step.profile, owner=step.profile, now=caller.now, notice=caller.human.say
    )
    return sts.session(
        "assume_role_with_web_identity",
        {
            "RoleArn": step.role_arn,
            "RoleSessionName": step.session_name,
            "WebIdentityToken": token,
            "DurationSeconds": step.duration,
        },
    )


def _read(file: str, step: WebIdentity, caller: Caller) -> str:
    path = from_home(file, caller.aws.parent)
    shown, correct = one_line(str(path)), "correct web_identity_token_file in the profile, or write the token there"
    try:
        found = read_token(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file can have this name"
        raise ConfigError(f"the web identity token of {step.profile} cannot be read: {shown}: {why}", correct) from None
    return _token(found, f"{shown} holds no web identity token for {step.profile}")


def _print(step: WebIdentity, caller: Caller, limit: float, notice: float) -> str:
    program = Program("web_identity_token_process", step.profile, shell_line(step.token.process or ""))
    program.when_asked(programs=caller.programs, what=f"the web identity token of {step.profile}")
    return _token(
        run(program, caller.human, caller.env, limit=limit, notice=notice),
        f"{program.name} printed no web identity token",
    )


def _token(found: bytes, otherwise: str) -> str:
    token = found.strip()
    if not _TOKEN.fullmatch(token):
        raise ConfigError(otherwise, f"it has to be the token alone, at most {_LONGEST} characters")
    return token.decode()
