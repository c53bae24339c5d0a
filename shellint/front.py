"""The front door: reads the process's own world once, calls an action, and is the only place that prints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shellint.errors import Interrupted, ShellintError
from shellint.process import become, move_stdout, no_core_dumps, run_beside, write
from shellint.terminal import say

if TYPE_CHECKING:
    from shellint.request import Reply

__all__ = ["CAPTURED", "run"]

CAPTURED = frozenset({"use", "refresh", "clear", "region"})
"""The commands whose output a hook evaluates: for them stdout is code or nothing."""


def run(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one command line and return its exit code."""
    cores = no_core_dumps()
    shell = _capturing(argv, env)
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
        from shellint.cli import call

        return _finish(call(argv, env, shell), out, shell, cores)
    except ShellintError as error:
        say(f"vault: {error.what}")
        if error.todo:
            say(f"       {error.todo}")
        return error.exit_code
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001  no traceback reaches a person
        return _unforeseen(error, debug="--debug" in argv)


def _finish(reply: Reply, out: int, shell: str | None, cores: tuple[int, int] | None) -> int:
    for note in reply.notes:
        say(f"vault: {note}")
    if reply.program:
        if reply.serve:
            run_beside(reply.serve)
        code, why = become(reply.program, reply.environment, cores)
        say(f"vault: {reply.program[0]}: {why}")
        return code
    if reply.change is not None and shell is not None:
        from shellint.render import SHELLS, render_change

        write(out, render_change(SHELLS[shell], reply.change))
    else:
        write(2 if shell else out, reply.out)
    if reply.serve:
        reply.serve()
    if reply.error is not None:
        raise reply.error
    return reply.code


def _capturing(argv: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Return the kind of the shell that captures this call. A hook has a pipe there: a terminal would show secrets."""
    if not argv or argv[0] not in CAPTURED or os.isatty(1):
        return None
    from shellint.hook import KINDS

    shell = env.get("SHELLINT_SHELL")
    return shell if shell in KINDS else None


def _unforeseen(error: Exception, *, debug: bool) -> int:
    if debug:
        import re
        import traceback

        # Whatever is as long as a secret key or a token, in any base64 or a URL, is not shown, wherever it stands; the
        # path of a file is, unless it looks like one.
        secret = re.compile(r"[A-Za-z0-9/+=%]{40}|[A-Za-z0-9_.=%~-]{40}")
        text = "".join(traceback.format_exception(error))
        shown = re.sub(r"[A-Za-z0-9/+=%_.~-]{40,}", lambda run: "…" if secret.search(run[0]) else run[0], text)
        for line in shown.splitlines():
            say(line)
    say(f"vault: something unforeseen went wrong ({type(error).__name__}); nothing was changed")
    say("       run it again with --debug and report what it shows")
    return 1
