"""What an action is given and what it gives back: values, so that it runs the same wherever it is called from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from shellint.environment import Change
from shellint.errors import ShellintError
from shellint.memory import Memory
from shellint.paths import Paths, paths_from
from shellint.store import PassphraseSource, Store, open_store
from shellint.terminal import Human

__all__ = ["Agent", "Holding", "Reply", "Request"]


class Agent(Protocol):
    """What the process that answers for many shells can say of them, and do for them."""

    def shells(self) -> tuple[Holding, ...]:
        """Return which shells hold what."""
        ...

    def locked(self) -> None:
        """Forget what opens the stores, and tell every shell that its session was taken away."""
        ...

    def stop(self) -> None:
        """End, once what was begun is answered."""
        ...


@dataclass(frozen=True, slots=True)
class Holding:
    """A shell that holds a session: its lease, when it took it and when the session ends (unix seconds)."""

    lease: str
    profile: str
    pid: int
    kind: str
    tty: str
    directory: str
    since: float
    expires: float | None


@dataclass(frozen=True)
class Request:
    """Everything an action may know about its caller.

    `shell` is the kind of shell that captured the call and will apply a change, None without a hook; `shell_pid` is
    that shell's pid, `pid` that of the process which becomes a Reply's program. `now` gives unix seconds. `agent` is
    what the process that answers knows of all shells, None where it answers for itself; `terminal` whether stdout is
    one.
    """

    env: Mapping[str, str]
    human: Human
    now: Callable[[], float]
    user: str = ""
    host: str = ""
    shell: str | None = None
    shell_pid: int | None = None
    passphrase_fd: int | None = None
    pid: int = 0
    memory: Memory = field(default_factory=Memory)
    agent: Agent | None = None
    terminal: bool = False

    @cached_property
    def paths(self) -> Paths:
        """Where this caller's files are."""
        return paths_from(self.env)

    @cached_property
    def store(self) -> Store:
        """The caller's store; nothing is read or asked before it is used."""
        source = PassphraseSource(self.human, self.env, fd=self.passphrase_fd)
        return open_store(self.paths.store, source, now=self.now, memory=self.memory)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller is to do: print, tell the person, change its environment, or become another program.

    `error` is a failure that came after what is to be printed: it is told, and decides the exit code. `serve` is what
    goes on after all that: beside `program`, in a process of its own, else here until Ctrl-C.
    """

    out: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()
    code: int = 0
    error: ShellintError | None = None
    change: Change | None = None
    program: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    serve: Callable[[], None] | None = None
