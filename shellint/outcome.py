"""What a command line comes to: text, an exit code, a program to become; never an exception, never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shellint.errors import Interrupted, ShellintError
from shellint.terminal import printable

if TYPE_CHECKING:
    from shellint.cli.options import Invocation
    from shellint.environment import Change
    from shellint.request import Reply

__all__ = ["Outcome", "failed", "outcome_of", "unforeseen"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be written and done, in this order: `told` to stderr, `program` or else `out` to stdout, `failure`.

    `serve` goes on beside `program`, else between `out` and `failure`.
    """

    code: int = 0
    told: str = ""
    out: str = field(default="", repr=False)
    failure: str = ""
    program: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    serve: Callable[[], None] | None = None
    change: Change | None = field(default=None, repr=False)


def outcome_of(argv: Sequence[str], invocation: Invocation) -> Outcome:
    """Run one command line."""
    from shellint.cli import call

    try:
        return _from_reply(call(argv, invocation), invocation.shell)
    except ShellintError as error:
        return failed(error)
    except KeyboardInterrupt:
        return Outcome(Interrupted.exit_code)
    except Exception as error:  # noqa: BLE001  no traceback reaches a person
        return unforeseen(error, debug="--debug" in argv)


def _from_reply(reply: Reply, shell: str | None) -> Outcome:
    told, out = "".join(f"vault: {printable(note)}\n" for note in reply.notes), reply.out
    if reply.change is not None and shell is not None:
        from shellint.render import SHELLS, render_change

        out = render_change(SHELLS[shell], reply.change)
    elif shell is not None:
        told, out = told + out, ""  # what a hook captures is code or nothing
    return Outcome(
        code=reply.error.exit_code if reply.error else reply.code,
        told=told,
        out=out,
        failure=_failure(reply.error) if reply.error else "",
        program=reply.program,
        environment=reply.environment,
        serve=reply.serve,
        change=reply.change,
    )


def unforeseen(error: Exception, *, debug: bool) -> Outcome:
    """Return what a person is told of a failure that should not be."""
    shown = ""
    if debug:
        import re
        import traceback

        # Whatever is as long as a secret key or a token, in any base64 or a URL, is not shown, wherever it stands; the
        # path of a file is, unless it looks like one.
        secret = re.compile(r"[A-Za-z0-9/+=%]{40}|[A-Za-z0-9_.=%~-]{40}")
        text = "".join(traceback.format_exception(error))
        shown = re.sub(r"[A-Za-z0-9/+=%_.~-]{40,}", lambda run: "…" if secret.search(run[0]) else run[0], text)
    lines = (
        *shown.splitlines(),
        f"vault: something unforeseen went wrong ({type(error).__name__})",
        "       run it again with --debug and report what it shows",
    )
    return Outcome(1, failure="".join(f"{printable(line)}\n" for line in lines))


def failed(error: ShellintError) -> Outcome:
    """Return what a person is told of a foreseeable failure."""
    return Outcome(error.exit_code, failure=_failure(error))


def _failure(error: ShellintError) -> str:
    return "".join(
        f"{printable(line)}\n"
        for line in (f"vault: {error.what}", f"       {error.todo}" if error.todo else "")
        if line
    )
