"""What the tests of the store share: a person who answers from a list, and a store that is cheap to unlock."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from shellint.store import PassphraseSource, Store
from shellint.store.sealing import Argon2
from shellint.terminal import Human

CHEAP = Argon2(iterations=1, lanes=1, memory_kib=64)
Json = dict[str, Any]
ROOT = Path(__file__).parents[1]
NOBODY = 65534


class Person:
    """A person who gives the listed answers in turn and remembers what was asked and said."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.said: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)

    def ask_secret(self, question: str) -> str:
        return self.ask(question)

    def confirm(self, question: str, *, default: bool = False) -> bool:
        return self.ask(question) == "y"

    def say(self, line: str) -> None:
        self.said.append(line)


def store_in(
    directory: Path,
    passphrase: str | None = "correct horse",
    *,
    person: Human | None = None,
    env: Mapping[str, str] | None = None,
    now: Callable[[], float] = lambda: 1_000.0,
    lock_seconds: float = 10.0,
) -> Store:
    """Open a store with a passphrase in the variable; None: the person answers."""
    variables = dict(env or {}) | ({} if passphrase is None else {"SHELLINT_FILE_PASSPHRASE": passphrase})
    source = PassphraseSource(person or Person(), variables)
    return Store(directory, source, now=now, cost=CHEAP, lock_seconds=lock_seconds)


def edit(file: Path, change: Callable[[Json], object]) -> bytes:
    """Change the file as an attacker would and return its new content."""
    fields = json.loads(file.read_bytes())
    change(fields)
    file.write_text(json.dumps(fields))
    return file.read_bytes()


def forked(action: Callable[[], None]) -> int:
    """Run the action in a child and return how it ended: 0, 1 after an exception, minus the number of a signal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside pytest-xdist's threads, which hold no lock
        child = os.fork()
    if child == 0:
        _act_and_exit(action)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def as_nobody(action: Callable[[Path], None]) -> None:
    """Run the action on a new empty directory, in a child that permission bits bind; what it raises fails the test.

    Everything that the action imports must be imported already: the child may not be able to read the interpreter.
    """
    directory = Path(tempfile.mkdtemp(prefix="shellint-test-"))
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)

    def act() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        action(directory)

    try:
        assert forked(act) == 0
    finally:
        directory.chmod(0o700)
        shutil.rmtree(directory)


def _act_and_exit(action: Callable[[], None]) -> NoReturn:
    status = 1
    try:
        action()
        status = 0
    except BaseException as error:  # noqa: BLE001  the child must never return into pytest
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(status)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
