"""Where the store's passphrase comes from: a descriptor, a file, a variable, or the person at the terminal."""

from __future__ import annotations

import functools
import os
import stat
import sys
from typing import TYPE_CHECKING

from shellint.errors import StoreLocked
from shellint.terminal import answered_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from shellint.terminal import Human

__all__ = ["PassphraseSource"]

_FILE = "SHELLINT_FILE_PASSPHRASE_FILE"
_VARIABLE = "SHELLINT_FILE_PASSPHRASE"
_GIVES = f"run it in a terminal, or give it: {_FILE}, {_VARIABLE} or --passphrase-fd N"
_TYPED = "run it in a terminal: where a passphrase opens the store, a new one is typed"
_TRIES = 3
_LONGEST = 16 * 1024


class PassphraseSource:
    """The one place a passphrase is read from, chosen once: `fd`, the two variables of `env`, else `human`.

    The order is --passphrase-fd, SHELLINT_FILE_PASSPHRASE_FILE, SHELLINT_FILE_PASSPHRASE, the terminal. One trailing
    newline is not part of it, and of a file or descriptor only the first line counts. A variable that is set but empty
    is an error, not an absent one: a CI job whose secret is missing must hear of it. Nothing is read before it is
    needed. Raises StoreLocked for whatever cannot be read, or is empty. `human` and `env` are the caller's: which
    keychain is within reach depends on them too.
    """

    def __init__(self, human: Human, env: Mapping[str, str], *, fd: int | None = None) -> None:
        self.human = human
        self.env = env
        self.origin, self._given = _given(env, fd)

    @property
    def asks(self) -> bool:
        """Whether a person types it."""
        return self._given is None

    def attempts(self, store: Path) -> Iterator[bytes]:
        """Yield passphrases to try on the store: three from the terminal, one from any other origin."""
        if self._given:
            yield self._checked(self._given())
            return
        for attempt in range(_TRIES):
            if attempt:
                self.human.say("wrong passphrase, once more")
            with answered_by(_GIVES):
                passphrase = self.human.ask_secret(f"Passphrase of {store}")
            yield self._checked(_encoded(passphrase))

    def new(self, store: Path, *, typed: bool = False) -> bytes:
        """Return a new passphrase for a store; a person types it twice, until both agree.

        `typed`: a person is asked whatever is given, because that is an older passphrase.
        """
        if self._given and not typed:
            return self._checked(self._given())
        for _ in range(_TRIES):
            with answered_by(_TYPED if typed else _GIVES):
                passphrase = self.human.ask_secret("New passphrase")
            if not passphrase:
                self.human.say("an empty passphrase protects nothing")
            elif passphrase == self.human.ask_secret("The same passphrase again"):
                return _encoded(passphrase)
            else:
                self.human.say("the two differ, once more")
        raise StoreLocked(f"no passphrase was agreed on, so {store} is what it was", "run the same command again")

    def _checked(self, passphrase: bytes) -> bytes:
        if not passphrase:
            raise StoreLocked(f"the passphrase from {self.origin} is empty", "give one that is not")
        return passphrase


def _given(env: Mapping[str, str], fd: int | None) -> tuple[str, Callable[[], bytes] | None]:
    """Return what to call the origin and how to read from it; None for the terminal."""
    file, value = env.get(_FILE), env.get(_VARIABLE)
    if fd is not None:
        origin = f"--passphrase-fd {fd}"
        return origin, functools.cache(lambda: _first_line(fd, origin))  # a pipe gives it only once
    if file is not None:
        origin = f"{_FILE} ({file})" if file else _FILE
        return origin, lambda: _from_file(file, origin)
    if value is not None:
        return _VARIABLE, lambda: _encoded(value.removesuffix("\n"))
    return "the terminal", None


def _from_file(file: str, origin: str) -> bytes:
    """Read the file's first line; a file of ours that others may read is refused.

    Another user's file is that user's care, the way of ssh with keys: Docker and Kubernetes mount secrets as root.
    """
    if not file:
        return b""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError as error:
        raise StoreLocked(f"the passphrase from {origin}: {error.strerror}", "name a readable file") from None
    try:
        found = os.fstat(descriptor)
        if sys.platform != "win32":
            if found.st_uid not in {os.geteuid(), 0}:
                raise StoreLocked(f"the passphrase from {origin}: another user owns the file", "make it your own")
            if found.st_uid == os.geteuid() and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise StoreLocked(f"the passphrase from {origin}: other users may use the file", f"chmod 600 {file}")
        return _first_line(descriptor, origin)
    finally:
        os.close(descriptor)


def _first_line(descriptor: int, origin: str) -> bytes:
    """Read byte by byte up to the newline, as gpg does: what follows is for another reader of the same descriptor."""
    line = bytearray()
    try:
        while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
            line += byte
            if len(line) > _LONGEST:
                raise StoreLocked(f"the passphrase from {origin} is longer than {_LONGEST} bytes", "name another")
    except OSError as error:
        raise StoreLocked(f"the passphrase from {origin}: {error.strerror}", "name a readable one") from None
    return bytes(line).removesuffix(b"\n").removesuffix(b"\r")


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
