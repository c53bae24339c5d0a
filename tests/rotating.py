"""A desk whose key is rotated, a process that dies at a chosen step of it, and what must be true whatever dies when."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest

from shellint import front, paths
from shellint.actions.rotate import rotate
from shellint.credentials import LongTermKey
from shellint.errors import AwsRefused
from shellint.paths import paths_from
from shellint.request import Reply, Request
from shellint.rotation import KIND
from shellint.store import PassphraseSource, Store, open_store, sealed_file
from shellint.terminal import NoHuman
from tests.aws import KeyPair, RequestRecord, StrictAws
from tests.aws.client import outcome, sts_client
from tests.desk import Desk
from tests.rig.environment import environment
from tests.store_helpers import Person, forked

__all__ = ["KILLED", "Bench"]

KILLED = -signal.SIGKILL
_T = TypeVar("_T")


class _Fuse:
    """Counts what a process does beyond itself, each call to AWS and each write, and ends it at one of them."""

    def __init__(self, log: Path, at: int, *, before: bool) -> None:
        self._log = log
        self._left = at
        self._before = before

    def pass_through(self, name: str, act: Callable[[], _T]) -> _T:
        self._left -= 1
        with self._log.open("a") as log:
            log.write(f"{name}\n")
        if self._left == 0 and self._before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = act()
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def lay(self) -> None:
        """Lead every call and every write of this process through here."""
        from botocore.httpsession import URLLib3Session

        send, write = URLLib3Session.send, paths.write_private

        def sent(session: Any, request: Any) -> Any:
            action = parse_qs(request.body)["Action"][0]
            return self.pass_through(action, partial(send, session, request))

        URLLib3Session.send = sent
        vars(sealed_file)["write_private"] = lambda *given: self.pass_through("write", partial(write, *given))


class Bench(Desk):
    """Alice's one key is stored for `base` and for `work`; `prod` is a role that starts from it and asks for MFA."""

    def __init__(self, aws: StrictAws, home: Path) -> None:
        super().__init__(aws, home)
        self.store_key("work", self.key)
        self.role("prod", mfa=True)
        self.log = home / "done"
        self.waited: list[float] = []

    @property
    def store(self) -> Store:
        """The store, opened as the next command would open it."""
        env = environment(self.home, **self.env)
        return open_store(paths_from(env).store, PassphraseSource(NoHuman(), env))

    def stored(self, profile: str = "base") -> KeyPair:
        """Return the key that is stored for a profile."""
        key = LongTermKey.from_bytes(self.store.get("key", profile) or b"")
        return KeyPair(key.access_key_id, key.secret_access_key)

    def here(
        self, profile: str | None = "base", *, person: Person | None = None, ahead: float = 0.0, **options: Any
    ) -> Reply:
        """Rotate in this process, where waiting takes no time; `waited` has the seconds it would have taken.

        The clock is `ahead` of AWS's by some seconds.
        """
        person = person or Person()
        request = Request(environment(self.home, **self.env), person, now=lambda: time.time() + ahead)
        return rotate(request, profile, pause=self.waited.append, **({"yes": True} | options))

    def rotate(self, *words: str, die_at: int = 0, before: bool = False, person: Person | None = None) -> int:
        """Run `vault rotate prod --yes` in a process of its own; return its exit code, minus the signal that ended it.

        With `die_at` it is killed at that of its calls and writes, counted from 1: when it is done, or `before`. A
        `person` answers what it asks.
        """
        argv = ["rotate", "prod", "--yes", "--mfa-token", self.mfa.fresh_code(), *words]
        env = environment(self.home, **self.env)

        def run() -> None:
            os.setsid()
            for number, place in enumerate((Path(os.devnull), self.home / "out", self.home / "err")):
                os.dup2(os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
            self.log.write_text("")
            _Fuse(self.log, die_at, before=before).lay()
            if person is not None:
                self.here("prod", person=person, mfa_token=argv[-1])
                os._exit(0)
            os._exit(front.run(argv, env))

        return forked(run)

    def broken_off(self) -> str:
        """Break a rotation off when the new key is journalled and not stored, and return its id."""
        self.aws.propagation = 100
        with pytest.raises(AwsRefused):
            self.here()
        self.aws.propagation = 0
        new = self.alice.keys[-1]
        new.unknown_for = 0
        return new.access_key_id

    @property
    def said(self) -> str:
        """What the last run told the person."""
        return (self.home / "err").read_text()

    @property
    def done(self) -> list[str]:
        """What the last run did, in order: the actions it asked AWS for, and `write`."""
        return self.log.read_text().split() if self.log.exists() else []

    def check_nobody_is_stranded(self) -> None:
        """Every profile has a key that works, and AWS was never asked for a third."""
        for profile in ("base", "work"):
            client = sts_client(self.aws.endpoint_url, self.stored(profile))
            assert outcome(client.get_caller_identity) == (200, ""), profile
        there = 1
        for record in self.aws.requests:
            there += {"CreateAccessKey": 1, "DeleteAccessKey": -1}.get(record.action, 0) * (record.status == 200)
            assert 1 <= there <= 2
            assert record.error != "LimitExceeded"
        assert there == len(self.alice.keys)

    def check_finished(self) -> None:
        """One new key is there, stored for every profile, and nothing of the old one; the log shows it was safe."""
        self.check_nobody_is_stranded()
        (key,) = self.alice.keys
        assert {self.stored(profile) for profile in ("base", "work")} == {KeyPair(key.access_key_id, key.secret)}
        assert key.access_key_id != self.key.access_key_id
        assert self.store.names(KIND) == []
        good = [record for record in self.aws.requests if record.error is None]
        old = self.key.access_key_id
        deleted = next(number for number, record in enumerate(good) if _about(record, "DeleteAccessKey") == old)
        proofs = [
            number
            for number, record in enumerate(good)
            if (record.action, record.access_key_id) == ("GetCallerIdentity", key.access_key_id)
        ]
        assert sum(proof < deleted for proof in proofs) >= 2, "proven before it is stored, and before the old one goes"


def _about(record: RequestRecord, action: str) -> str | None:
    return record.parameters.get("AccessKeyId") if record.action == action else None
