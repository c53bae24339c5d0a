"""A keychain that takes its time: how long it is waited for, what the person hears, and what may happen meanwhile."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend

from shellint.store import PassphraseSource, Store, backends, keychain
from shellint.store.backends import Backend
from shellint.store.keychain import Keychains
from tests.store_helpers import CHEAP, Person, store_in


class Slow(KeyringBackend):
    """A keychain that answers when `unlocked` is set; `meanwhile` happens while it is asked for a key."""

    priority = 1.0
    items: ClassVar[dict[str, str]] = {}
    unlocked: ClassVar[threading.Event] = threading.Event()
    meanwhile: ClassVar[list[Callable[[], object]]] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait(20)
        if service.startswith("shellint:key") and self.meanwhile:
            self.meanwhile.pop()()
        return self.items.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items[service] = password

    def delete_password(self, service: str, username: str) -> None:
        self.items.pop(service, None)


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    Slow.items.clear()
    Slow.unlocked.clear()
    monkeypatch.setattr(backends, "BACKENDS", (Backend("Slow", sys.platform, __name__, "Slow", lambda *_: None),))


def test_a_person_who_unlocks_in_time_is_waited_for_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keychain, "_NOTICE", 0.1)

    class Unlocking(Person):
        def say(self, line: str) -> None:
            super().say(line)
            Slow.unlocked.set()

    person = Unlocking()
    store_in(tmp_path, None, person=person).put("key", "prod", b"x")
    assert person.said[0] == "waiting for the Slow, which may be asking you to unlock it"
    assert store_in(tmp_path, None).get("key", "prod") == b"x"


def test_a_keychain_that_is_silent_when_the_store_is_made_is_told_and_not_chosen(tmp_path: Path) -> None:
    person = Person()
    env = {"SHELLINT_FILE_PASSPHRASE": "p"}
    store = Store(tmp_path, PassphraseSource(person, env), keychains=Keychains(env, person, seconds=0.1), cost=CHEAP)
    store.put("key", "prod", b"x")
    Slow.unlocked.set()
    description = store.describe()
    assert description
    assert (description.kind, Slow.items) == ("file", {})
    assert person.said[0].startswith("the Slow did not answer within 0.1 s")


def test_a_key_that_is_replaced_while_it_is_read_is_the_new_one(tmp_path: Path) -> None:
    Slow.unlocked.set()
    store = store_in(tmp_path, None)
    store.put("key", "prod", b"old")
    Slow.meanwhile.append(lambda: store_in(tmp_path, None).put("key", "prod", b"new"))
    assert store_in(tmp_path, None).get("key", "prod") == b"new"
    assert Slow.meanwhile == []


def test_a_key_that_is_removed_while_it_is_read_is_none(tmp_path: Path) -> None:
    Slow.unlocked.set()
    store = store_in(tmp_path, None)
    store.put("key", "prod", b"old")
    Slow.meanwhile.append(lambda: store_in(tmp_path, None).delete("key", "prod"))
    assert store_in(tmp_path, None).get("key", "prod") is None
    assert Slow.meanwhile == []
