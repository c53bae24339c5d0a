"""How a step gets its MFA code: from the command line, the profile's `mfa_process`, or by way of a prompt driver."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

from shellint import running
from shellint.errors import ConfigError, Interrupted, ShellintError, UsageError
from shellint.sources.programs import LIMIT, NOTICE, Program, run, shell_line
from shellint.sources.refusals import WrongMfaCode
from shellint.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.credentials import Credentials
    from shellint.prompts.driver import Driver
    from shellint.steps import AssumeRole, SessionToken
    from shellint.terminal import Human

    _Call = Callable[[str | None], Credentials]

__all__ = ["MfaCodes"]

TRIES = 3


class MfaCodes:
    """The codes for one request: `token` (`--mfa-token`) first and only once, then `mfa_process`, else a driver.

    Without `programs`, no program is run for a code: nobody has just asked for what a config file or a variable would
    start. A program has `limit` seconds; `platform` is as in `sys.platform`.
    """

    def __init__(
        self,
        human: Human,
        env: Mapping[str, str],
        token: str | None = None,
        *,
        programs: bool = True,
        limit: float = LIMIT,
        platform: str = sys.platform,
    ) -> None:
        self._human = human
        self._env = env
        self._platform = platform
        self._token = _given(token) if token is not None else None
        self._programs = programs
        self._limit = limit

    def use(self, step: SessionToken | AssumeRole, call: _Call) -> Credentials:
        """Return what `call` makes of a code for `step`, or of None when the step needs none.

        Only a person is asked again, three times in all: a token is one code, and a program would give the same one.
        Raises what `call` raises, NeedsHuman, Interrupted, UsageError when no answer looked like a code, and
        ConfigError when a program fails or AWS_VAULT_PROMPT names none that can be used.
        """
        serial = step.mfa_serial
        if serial is None:
            return call(None)
        if self._token is not None:
            token, self._token = self._token, None
            return call(token)
        if step.mfa_process is not None:
            process = Program("mfa_process", step.profile, shell_line(step.mfa_process))
            process.when_asked(programs=self._programs, what=f"the MFA code for {serial}")
            printed = run(process, self._human, self._env, limit=self._limit)
            return call(_made(process.name, printed.decode(errors="replace")))
        return self._driven(step.profile, serial, call)

    def _driven(self, profile: str, serial: str, call: _Call) -> Credentials:
        # Imported when a code is really needed, which for most commands is not.
        from shellint.prompts.choice import choose
        from shellint.prompts.driver import Place

        place = Place(self._human, self._env, self._platform)
        driver = choose(place, serial, programs=self._programs)
        if driver.program is None:
            return self._ask(serial, call, lambda question, _: self._human.ask(question))
        if driver.asks:
            return self._ask(serial, call, lambda question, again: self._answer(driver, (again, question)))
        if driver.hint:
            self._human.say(f"MFA code for {serial}: {driver.hint}")
        return call(_made(driver.name, self._run(driver, serial)))

    def _ask(self, serial: str, call: _Call, answer: Callable[[str, str], str]) -> Credentials:
        """Ask for codes until `call` takes one; `answer` is given the question and why it is asked again."""
        refused: set[str] = set()
        failure: ShellintError
        again = ""
        for _ in range(TRIES):
            code = _code(answer(f"MFA code for {serial}", again))
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
            again = f"{failure.what}; {failure.todo}"
            self._human.say(again)
        raise failure

    def _answer(self, driver: Driver, lines: tuple[str, str]) -> str:
        """Return what a person types into a window; whoever looks at that has to read all of `lines` there."""
        return self._run(driver, "\n".join(printable(line) for line in lines if line))

    def _run(self, driver: Driver, subject: str) -> str:
        """Return what the program of `driver` prints about `subject`."""
        words = driver.command(subject, self._env)
        status, printed = running.run(
            words, driver.name, human=self._human, env=self._env, seconds=self._limit, notice=NOTICE
        )
        if status == driver.cancelled:
            raise Interrupted("interrupted")
        if status != 0:
            by_hand = f"run it by hand to see why: {shlex.join(words)}"
            raise ConfigError(
                f"{driver.name} failed with exit code {status}",
                "choose another with AWS_VAULT_PROMPT" if driver.asks else by_hand,
            )
        return printed.decode(errors="replace")


def _given(token: str) -> str:
    """Return the code of --mfa-token, which is wrong or not whether it will be needed or not."""
    code = _code(token)
    if code is None:
        raise UsageError("--mfa-token is not an MFA code, which has six digits", "give it what the device shows now")
    return code


def _made(name: str, printed: str) -> str:
    """Return the code in what a program printed, and show nothing of anything else."""
    code = _code(printed)
    if code is None:
        raise ConfigError(
            f"{name} printed something else than an MFA code",
            "run it by hand to see what; it must print six digits and nothing else",
        )
    return code


def _code(text: str) -> str | None:
    """Return the six digits in `text`, which devices and people like to show as `123 456`."""
    digits = "".join(text.split())
    return digits if re.fullmatch("[0-9]{6}", digits) else None
