"""Which kind of store is made and what opens it later: with keychains that behave as the test says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked

from shellint.errors import NeedsHuman, StoreError, StoreLocked
from shellint.store import Store, backends
from shellint.store.backends import Backend
from shellint.terminal import NoHuman
from tests.store_helpers import Person, store_in


class Good(KeyringBackend):
    """A keychain that works."""

    priority = 1.0
    items: ClassVar[dict[str, str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.items.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items[service] = password

    def delete_password(self, service: str, username: str) -> None:
        self.items.pop(service, None)


class Locked(Good):
    """A keychain whose unlock question was dismissed."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class Broken(Good):
    """A keychain whose daemon has gone."""

    def get_password(self, service: str, username: str) -> str | None:
        raise InitError("no such\nservice")


class Other(Good):
    """Another keychain that works."""


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let these keychains, and no others, be on this machine."""
    Good.items.clear()

    def machine_with(*fakes: type[Good]) -> None:
        rows = tuple(Backend(fake.__name__, sys.platform, __name__, fake.__name__, lambda *_: None) for fake in fakes)
        monkeypatch.setattr(backends, "BACKENDS", rows)

    return machine_with


def kind_of(store: Store) -> str:
    kind = json.loads(store.path.read_bytes())["kind"]
    assert isinstance(kind, str)
    return kind


def test_the_first_keychain_that_opens_is_chosen_and_recorded(there: Callable[..., None], tmp_path: Path) -> None:
    there(Locked, Broken, Good)
    store = store_in(tmp_path, None)
    store.put("key", "prod", b"x")
    description = store.describe()
    assert description
    assert (description.kind, description.keychain, description.opened_by) == ("keychain", "Good", ("keychain",))
    there(Good, Locked, Broken)
    assert store_in(tmp_path, None).get("key", "prod") == b"x"


def test_a_recorded_keychain_is_not_replaced_by_another(there: Callable[..., None], tmp_path: Path) -> None:
    there(Locked, Good)
    store_in(tmp_path, None).put("key", "prod", b"x")
    there(Other)
    with pytest.raises(StoreLocked, match="the store needs the keychain it was made with, the Good"):
        store_in(tmp_path, None).put("key", "prod", b"x")


def test_w2_where_no_keychain_opens_the_file_is_the_store_and_a_locked_one_is_told(
    there: Callable[..., None], tmp_path: Path
) -> None:
    there(Broken, Locked)
    person = Person()
    store = store_in(tmp_path, person=person)
    store.put("key", "prod", b"x")
    assert kind_of(store) == "file"
    assert person.said == [
        "the Locked is locked and was not unlocked",
        f"no keychain is used: secrets rest in {store.path}, sealed with a passphrase",
    ]


def test_a_file_stays_a_file_when_a_keychain_comes(there: Callable[..., None], tmp_path: Path) -> None:
    there()
    store_in(tmp_path).put("key", "prod", b"x")
    there(Good)
    store = store_in(tmp_path)
    store.put("key", "dev", b"y")
    assert (kind_of(store), store.get("key", "prod"), Good.items) == ("file", b"x", {})


def test_the_variable_chooses_the_file(there: Callable[..., None], tmp_path: Path) -> None:
    there(Good)
    store = store_in(tmp_path, env={"SHELLINT_BACKEND": "file"})
    store.put("key", "prod", b"x")
    assert (kind_of(store), Good.items) == ("file", {})


def test_the_variable_insists_on_a_keychain_and_says_why_there_is_none(
    there: Callable[..., None], tmp_path: Path
) -> None:
    wanted = {"SHELLINT_BACKEND": "keyring"}
    for fakes, why in (
        ((), "there is none in this session"),
        ((Locked, Broken), "was not unlocked; .* no such service"),
    ):
        there(*fakes)
        with pytest.raises(StoreError, match=f"SHELLINT_BACKEND asks for a keychain, and none opens: .*{why}"):
            store_in(tmp_path, env=wanted).put("key", "prod", b"x")
    there(Good)
    store = store_in(tmp_path, None, env=wanted)
    store.put("key", "prod", b"x")
    assert kind_of(store) == "keychain"


@pytest.mark.parametrize(("made", "later", "kind"), [("file", "keyring", "file"), ("keyring", "file", "keychain")])
def test_a_variable_that_contradicts_the_store_is_named(
    there: Callable[..., None], tmp_path: Path, made: str, later: str, kind: str
) -> None:
    there(Good)
    store_in(tmp_path, env={"SHELLINT_BACKEND": made}).put("key", "prod", b"x")
    store = store_in(tmp_path, env={"SHELLINT_BACKEND": later})
    before = store.path.read_bytes()
    uses: tuple[Callable[[], object], ...] = (
        lambda: store.get("key", "prod"),
        lambda: store.put("key", "prod", b"y"),
        store.open,
    )
    for use in uses:
        with pytest.raises(StoreError, match=f"SHELLINT_BACKEND={later}, but the store was made with .* kind: {kind}"):
            use()
    assert store.path.read_bytes() == before
    assert store.names("key") == ["prod"]


def test_a_value_that_is_none_of_the_three_is_named(there: Callable[..., None], tmp_path: Path) -> None:
    there(Good)
    with pytest.raises(StoreError, match="SHELLINT_BACKEND is 'keychain', which is none of auto, file, keyring"):
        store_in(tmp_path, env={"SHELLINT_BACKEND": "keychain"}).put("key", "prod", b"x")
    assert list(tmp_path.glob("*.json")) == []


def test_a_passphrase_opens_the_file_where_the_keychain_is_not_but_not_the_keys(
    there: Callable[..., None], tmp_path: Path
) -> None:
    there(Good)
    store = store_in(tmp_path, None, person=Person("second", "second"))
    store.put("key", "prod", b"x")
    store.put("session", "one", b"y")
    store.add_passphrase()
    for machine in ((), (Locked,)):
        there(*machine)
        person = Person()
        elsewhere = store_in(tmp_path, "second", person=person)
        assert elsewhere.get("session", "one") == b"y"
        elsewhere.put("session", "two", b"z")
        with pytest.raises(StoreLocked, match="the keychain it was made with, the Good"):
            elsewhere.get("key", "prod")
        with pytest.raises(StoreLocked, match="the keychain it was made with, the Good"):
            elsewhere.put("key", "prod", b"new")
        assert person.asked == []
    there(Good)
    at_home = store_in(tmp_path, None)
    assert (at_home.get("session", "two"), at_home.get("key", "prod")) == (b"z", b"x")


def test_a_key_out_of_reach_asks_for_no_passphrase(there: Callable[..., None], tmp_path: Path) -> None:
    there(Good)
    store = store_in(tmp_path, None, person=Person("second", "second"))
    store.put("key", "prod", b"x")
    store.add_passphrase()
    there()
    person = Person()
    elsewhere = store_in(tmp_path, None, person=person)
    with pytest.raises(StoreLocked, match="not in this session"):
        elsewhere.get("key", "prod")
    with pytest.raises(StoreLocked, match="not in this session"):
        elsewhere.put("key", "prod", b"x")
    assert person.asked == []
    with pytest.raises(NeedsHuman, match="Passphrase of"):
        store_in(tmp_path, None, person=NoHuman()).put("session", "one", b"x")


def test_a_second_passphrase_of_a_file_is_typed_and_both_open_it(there: Callable[..., None], tmp_path: Path) -> None:
    there()
    store_in(tmp_path, "first").put("key", "prod", b"x")
    store_in(tmp_path, "first", person=Person("second", "second")).add_passphrase()
    assert [store_in(tmp_path, word).get("key", "prod") for word in ("first", "second")] == [b"x", b"x"]
    before = (tmp_path / "store.json").read_bytes()
    with pytest.raises(StoreLocked, match="does not open"):
        store_in(tmp_path, "third", person=Person("new", "new")).add_passphrase()
    assert (tmp_path / "store.json").read_bytes() == before


def test_a_passphrase_needs_a_store(there: Callable[..., None], tmp_path: Path) -> None:
    there(Good)
    person = Person()
    with pytest.raises(StoreError, match="there is no store in"):
        store_in(tmp_path, None, person=person).add_passphrase()
    assert (person.asked, list(tmp_path.iterdir())) == ([], [])
