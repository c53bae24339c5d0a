"""One command, from the client's message to the answer."""

from __future__ import annotations

import contextlib
import socket

from shellint import __version__
from shellint.agent.leases import Leases
from shellint.agent.person import ComeHere, Line, Nobody, Person
from shellint.agent.wire import Call, Malformed, changes, parse_call, send
from shellint.memory import Memory
from shellint.outcome import Outcome, outcome_of

__all__ = ["Conversations"]

# Variables that name a file or a directory: relative to the client's directory, which is not ours.
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "SHELLINT_FILE_DIR", "SHELLINT_FILE_PASSPHRASE_FILE",
          "HOME")  # fmt: skip


class Conversations:
    """Answers commands with what the agent keeps."""

    def __init__(self, memory: Memory, leases: Leases) -> None:
        self._memory = memory
        self._leases = leases

    def answer(self, connection: socket.socket, kind: bytes, payload: bytes) -> None:
        """Answer one message; whatever the client does meanwhile, nothing comes out of here."""
        with contextlib.suppress(OSError, Malformed):
            call = parse_call(kind, payload)
            if _is_newer(call.version):
                self._leases.stop()  # what starts next is the newer one
                send(connection, b"D")
                return
            try:
                outcome = self._outcome(call, Line(connection, call.env))
            except ComeHere:
                send(connection, b"D")
                return
            if outcome.serve:
                send(connection, b"D")
                return
            program = outcome.program
            send(
                connection,
                b"X",
                outcome.code,
                outcome.told,
                outcome.out,
                outcome.failure,
                len(program),
                *program,
                *(changes(call.env, outcome.environment) if program else ()),
            )

    def _outcome(self, call: Call, line: Line) -> Outcome:
        from shellint.cli.options import Invocation
        from shellint.front import capturing

        if any(call.env.get(name) and not call.env[name].startswith(("/", "~")) for name in _FILES):
            raise ComeHere
        if call.words[:1] == ("hook",):
            return _hook(call)
        shell = None if call.terminal else capturing(call.words, call.env)
        outcome = outcome_of(
            call.words,
            Invocation(
                call.env,
                shell,
                human=Person(line),
                nobody=Nobody(line),
                pid=call.pid,
                memory=self._memory,
                agent=self._leases,
                terminal=call.terminal,
            ),
        )
        self._leases.note(call, outcome.change.applied_to(call.env) if shell and outcome.change else call.env)
        return outcome


def _hook(call: Call) -> Outcome:
    from shellint.errors import ShellintError
    from shellint.hook import KINDS, hook_command
    from shellint.reach import PLACE

    # A hook calls the program that printed it, and which shell it is for stands in the client's own process tree.
    if call.place.encode(errors="surrogateescape") != PLACE or not set(call.words) & set(KINDS):
        raise ComeHere
    if {"--help", "-h"} & set(call.words):
        raise ComeHere
    try:
        return Outcome(out=hook_command(call.words[1:], call.env))
    except ShellintError:
        raise ComeHere from None


def _is_newer(version: str) -> bool:
    return _numbers(version) > _numbers(__version__)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())
