"""The front door: reads the process's own world once, calls an action, and is the only place that prints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from shellint.errors import Interrupted, ShellintError
from shellint.outcome import Outcome, failed, outcome_of, unforeseen
from shellint.process import become, move_stdout, no_core_dumps, write
from shellint.terminal import say, tell

__all__ = ["CAPTURED", "capturing", "run"]

CAPTURED = frozenset({"use", "refresh", "clear", "region"})
"""The commands whose output a hook evaluates: for them stdout is code or nothing."""


def run(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one command line and return its exit code."""
    cores = no_core_dumps()
    shell = None if os.isatty(1) else capturing(argv, env)
    out = 1
    try:
        # A descriptor of its own for what will be evaluated, before anything else can write to it. Whatever is printed
        # from here on, by us, a library or a child, reaches the person and not the shell.
        if shell:
            out = move_stdout()
        if argv and argv[0] == "hook" and not {"--help", "-h"} & set(argv):
            from shellint.hook import hook_command

            write(out, hook_command(argv[1:], env))
            return 0
        if "SHELLINT_HOOK" in env:
            from shellint.hook import refresh_kept

            refresh_kept(env)
        from shellint.cli.options import Invocation

        return _finish(outcome_of(argv, Invocation(env, shell)), out, cores)
    except ShellintError as error:
        return _finish(failed(error), out, cores)
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001  no traceback reaches a person
        return _finish(unforeseen(error, debug="--debug" in argv), out, cores)


def capturing(argv: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Return the kind of the shell that captures this call, whose stdout must be no terminal: that would show secrets.

    A hook has a pipe there.
    """
    if not argv or argv[0] not in CAPTURED:
        return None
    from shellint.hook import KINDS

    shell = env.get("SHELLINT_SHELL")
    return shell if shell in KINDS else None


def _finish(outcome: Outcome, out: int, cores: tuple[int, int] | None) -> int:
    tell(outcome.told)
    if outcome.program:
        if outcome.serve:
            outcome.serve()
        code, why = become(outcome.program, outcome.environment, cores)
        say(f"vault: {outcome.program[0]}: {why}")
        return code
    write(out, outcome.out)
    if outcome.serve:
        outcome.serve()
    tell(outcome.failure)
    return outcome.code
