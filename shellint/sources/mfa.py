"""Where an MFA code comes from: the command line, the profile's `mfa_process`, or the person."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from shellint.errors import ConfigError, NeedsHuman, ShellintError, UsageError
from shellint.sources.refusals import WrongMfaCode
from shellint.terminal import NoHuman

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO

    from shellint.credentials import Credentials
    from shellint.steps import AssumeRole, SessionToken
    from shellint.terminal import Human

__all__ = ["MfaCodes"]

TRIES = 3
# Long enough to find a token and touch it; a process that hangs must not hold the terminal for ever.
PROCESS_SECONDS = 120


class MfaCodes:
    """The codes for one request: `token` (`--mfa-token`) first and only once, then `mfa_process`, else the person.

    Without `programs`, an `mfa_process` is not run: nobody has just asked for what a config file would start.
    """

    def __init__(
        self, human: Human, env: Mapping[str, str], token: str | None = None, *, programs: bool = True
    ) -> None:
        self._human = human
        self._env = env
        self._token = token
        self._programs = programs

    def use(self, step: SessionToken | AssumeRole, call: Callable[[str | None], Credentials]) -> Credentials:
        """Return what `call` makes of a code for `step`, or of None when the step needs none.

        Only a person is asked again, three times in all: a token is one code, and a process would give the same one.
        Raises what `call` raises, NeedsHuman, Interrupted, UsageError when no answer looked like a code, and
        ConfigError when the process fails.
        """
        if step.mfa_serial is None:
            return call(None)
        if self._token is not None:
            token, self._token = _code(self._token), None
            if token is None:
                raise UsageError("--mfa-token is not an MFA code: it takes the six digits that the device shows now")
            return call(token)
        if step.mfa_process is not None:
            if not self._programs:
                raise NeedsHuman(
                    f"the MFA code for {step.mfa_serial} comes from mfa_process, which runs only when a person asks",
                    "`vault refresh` runs it",
                )
            return call(self._run(step.profile, step.mfa_process))
        return self._ask(step.mfa_serial, call)

    def _ask(self, serial: str, call: Callable[[str | None], Credentials]) -> Credentials:
        refused: set[str] = set()
        failure: ShellintError
        for _ in range(TRIES):
            code = _code(self._human.ask(f"MFA code for {serial}"))
            if code is None:
                failure = UsageError("that is not an MFA code: it has six digits", "type what the device shows now")
            elif code in refused:
                failure = UsageError("AWS takes a code only once", "wait for the next code")
            else:
                try:
                    return call(code)
                except WrongMfaCode as error:
                    refused.add(code)
                    failure = error
            self._human.say(f"{failure.what}; {failure.todo}")
        raise failure

    def _run(self, profile: str, command: str) -> str:
        """Return the code that the profile's `mfa_process` prints: a line for `sh`, as in aws-vault."""
        import subprocess

        by_hand = "run it by hand to see why; it must print six digits and nothing else"
        with _keyboard(self._human) as keyboard:
            try:
                done = subprocess.run(
                    ["/bin/sh", "-c", command],
                    stdin=keyboard,
                    stdout=subprocess.PIPE,
                    env=dict(self._env),
                    timeout=PROCESS_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise ConfigError(f"mfa_process of {profile} gave no code in {PROCESS_SECONDS} s", by_hand) from None
        if done.returncode != 0:
            raise ConfigError(f"mfa_process of {profile} failed with exit code {done.returncode}", by_hand)
        code = _code(done.stdout.decode(errors="replace"))
        if code is None:
            raise ConfigError(f"mfa_process of {profile} printed something else than an MFA code", by_hand)
        return code


def _code(text: str) -> str | None:
    """Return the six digits in `text`, which devices and people like to show as `123 456`."""
    digits = "".join(text.split())
    return digits if re.fullmatch("[0-9]{6}", digits) else None


@contextlib.contextmanager
def _keyboard(human: Human) -> Iterator[IO[bytes]]:
    """Yield the controlling terminal for reading, or nothing to read when nobody is there."""
    try:
        keyboard = open(os.devnull if isinstance(human, NoHuman) else "/dev/tty", "rb")  # noqa: PTH123, SIM115
    except OSError:
        keyboard = open(os.devnull, "rb")  # noqa: PTH123, SIM115
    with keyboard:
        yield keyboard
