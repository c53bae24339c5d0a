"""The front door: reads the process's own world once, calls an action, and is the only place that prints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from shellint.errors import Interrupted, ShellintError
from shellint.terminal import say

if TYPE_CHECKING:
    from shellint.request import Reply

__all__ = ["CAPTURED", "run"]

CAPTURED = frozenset({"use", "refresh", "clear", "region"})
"""The commands whose output a hook evaluates: for them stdout is code or nothing."""


def run(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one command line and return its exit code."""
    shell = env.get("SHELLINT_SHELL") if argv and argv[0] in CAPTURED else None
    # A descriptor of its own for what will be evaluated, before anything else can write to it. Whatever is printed
    # from here on, by us, a library or a child, reaches the person and not the shell.
    out = _move_stdout() if shell else 1
    try:
        if argv and argv[0] == "hook" and not {"--help", "-h"} & set(argv):
            from shellint.hook import hook_command

            _write(out, hook_command(argv[1:], env))
            return 0
        if "SHELLINT_HOOK" in env:
            from shellint.hook import refresh_kept

            refresh_kept(env)
        from shellint.cli import call

        return _finish(call(argv, env, shell), out, shell)
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


def _finish(reply: Reply, out: int, shell: str | None) -> int:
    for note in reply.notes:
        say(f"vault: {note}")
    if reply.program:
        _become(reply.program, reply.environment)
    if reply.change is not None and shell is not None:
        from shellint.render import SHELLS, render_change

        _write(out, render_change(SHELLS[shell], reply.change))
    else:
        _write(2 if shell else out, reply.out)
    return reply.code


def _move_stdout() -> int:
    out = os.dup(1)
    os.dup2(2, 1)
    return out


def _write(descriptor: int, text: str) -> None:
    rest = memoryview(text.encode("utf-8", "surrogateescape"))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _become(program: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Replace this process, so that signals, job control and the exit code are the command's own.

    Exit code 127 when it is not found, 126 when it may not be run, as shells have it.
    """
    _restore_signals()
    try:
        os.execvpe(program[0], list(program), dict(env))  # noqa: S606
    except FileNotFoundError:
        say(f"vault: {program[0]}: command not found")
        os._exit(127)
    except OSError as error:
        say(f"vault: {program[0]}: {error.strerror}")
        os._exit(126)


def _restore_signals() -> None:
    """Undo what the interpreter ignores: an ignored signal stays ignored in the program that follows."""
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)


def _unforeseen(error: Exception, *, debug: bool) -> int:
    if debug:
        import re
        import traceback

        # Whatever is as long as a secret key or a token is not shown, wherever in a message it stands.
        shown = re.sub(r"[A-Za-z0-9/+=]{40,}", "…", "".join(traceback.format_exception(error)))
        for line in shown.splitlines():
            say(line)
    say(f"vault: something unforeseen went wrong ({type(error).__name__}); nothing was changed")
    say("       run it again with --debug and report what it shows")
    return 1
