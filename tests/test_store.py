"""The store as the rest of the program uses it: what is kept, what it costs the person, what it refuses."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from shellint.errors import NeedsHuman, StoreLocked
from shellint.store import PassphraseSource, Store, open_store
from shellint.terminal import NoHuman
from tests.store_helpers import Person, store_in


def test_what_was_put_is_there_for_the_next_process(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"secret")
    store = store_in(tmp_path)
    assert store.get("key", "prod") == b"secret"
    assert store.get("session", "prod") is None
    assert store.get("key", "dev") is None


def test_values_of_any_bytes_and_names_of_any_text_come_back(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    values = {"": b"", "a b/..": bytes(range(256)), "é\n\x00\udcff": os.urandom(100_000)}
    for name, value in values.items():
        store.put("key", name, value)
    reopened = store_in(tmp_path)
    assert {name: reopened.get("key", name) for name in reopened.names("key")} == values


def test_put_replaces_and_delete_forgets(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.put("key", "prod", b"old")
    store.put("key", "prod", b"new")
    assert store.get("key", "prod") == b"new"
    assert store.delete("key", "prod")
    assert not store.delete("key", "prod")
    assert store.get("key", "prod") is None
    assert store.exists()


def test_delete_where_forgets_only_what_fits(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for kind, name in (("session", "a1"), ("session", "a2"), ("session", "b"), ("key", "a1")):
        store.put(kind, name, b"x")
    assert store.delete_where("session", lambda name: name.startswith("a")) == ["a1", "a2"]
    assert (store.names("session"), store.names("key")) == (["b"], ["a1"])
    assert store.delete_where("session", lambda name: name.startswith("a")) == []


def test_put_drops_what_has_expired(tmp_path: Path) -> None:
    clock = [1_000.0]
    store = store_in(tmp_path, now=lambda: clock[0])
    store.put("session", "short", b"x", expires=1_010)
    store.put("session", "long", b"x", expires=9_000)
    store.put("key", "prod", b"x")
    clock[0] = 1_010.0
    store.put("session", "third", b"x", expires=9_000)
    assert store.names("session") == ["long", "third"]
    assert store.names("key") == ["prod"]


def test_nothing_is_read_made_or_asked_before_it_is_needed(tmp_path: Path) -> None:
    person = Person()
    store = open_store(tmp_path / "data", PassphraseSource(person, {}))
    assert not store.exists()
    assert store.names("key") == []
    assert store.get("key", "prod") is None
    assert not store.delete("key", "prod")
    assert list(tmp_path.iterdir()) == []
    assert (person.asked, person.said) == ([], [])


def test_names_and_deleting_need_no_passphrase(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"x")
    person = Person()
    store = store_in(tmp_path, None, person=person)
    assert store.names("key") == ["prod"]
    assert store.get("key", "absent") is None
    assert store.delete("key", "prod")
    assert person.asked == []


def test_the_passphrase_is_asked_once_a_process(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"x")
    person = Person("correct horse")
    store = store_in(tmp_path, None, person=person)
    for name in ("a", "b"):
        store.put("key", name, b"x")
        store.get("key", name)
    assert person.asked == [f"Passphrase of {tmp_path / 'store.json'}"]


def test_the_file_is_the_owners_alone_and_shows_no_value(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "shellint"
    store_in(directory).put("key", "prod", b"wJalrXUtnFEMI")
    content = (directory / "store.json").read_bytes()
    assert b"wJalrXUtnFEMI" not in content
    assert b"correct horse" not in content
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {
        "store.json": 0o600,
        "store.lock": 0o600,
    }


def test_the_default_cost_is_the_documented_one(tmp_path: Path) -> None:
    open_store(tmp_path, PassphraseSource(Person(), {"SHELLINT_FILE_PASSPHRASE": "p"})).put("key", "prod", b"x")
    (wrap,) = json.loads((tmp_path / "store.json").read_bytes())["wraps"]
    assert (wrap["kdf"], wrap["iterations"], wrap["lanes"], wrap["memory_kib"]) == ("argon2id", 3, 4, 65536)


def test_a_wrong_passphrase_changes_nothing(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"x")
    before = (tmp_path / "store.json").read_bytes()
    wrong = store_in(tmp_path, "wrong")
    with pytest.raises(StoreLocked, match=r"the passphrase from SHELLINT_FILE_PASSPHRASE does not open .*store\.json"):
        wrong.put("key", "prod", b"y")
    with pytest.raises(StoreLocked):
        wrong.get("key", "prod")
    assert (tmp_path / "store.json").read_bytes() == before


def test_without_a_human_a_new_store_is_not_made(tmp_path: Path) -> None:
    store = Store(tmp_path / "data", PassphraseSource(NoHuman(), {}))
    with pytest.raises(NeedsHuman, match="New passphrase"):
        store.put("key", "prod", b"x")
    assert not store.exists()


def test_a_store_that_was_replaced_under_us_is_opened_again(tmp_path: Path) -> None:
    """A value must never be sealed under the data key of a store that is gone."""
    store = store_in(tmp_path)
    store.put("key", "prod", b"x")
    (tmp_path / "store.json").unlink()
    store_in(tmp_path).put("key", "dev", b"y")
    store.put("key", "prod", b"z")
    reopened = store_in(tmp_path)
    assert (reopened.get("key", "dev"), reopened.get("key", "prod")) == (b"y", b"z")


class SlowPerson(Person):
    """A person during whose first answer another process makes the store."""

    def __init__(self, meanwhile: Store, *answers: str) -> None:
        super().__init__(*answers)
        self.meanwhile = meanwhile

    def ask_secret(self, question: str) -> str:
        if not self.asked:
            self.meanwhile.put("key", "first", b"1")
        return super().ask_secret(question)


def test_of_two_who_make_the_store_the_second_uses_the_firsts(tmp_path: Path) -> None:
    person = SlowPerson(store_in(tmp_path), "mine", "mine", "correct horse")
    store_in(tmp_path, None, person=person).put("key", "second", b"2")
    assert person.asked[-1] == f"Passphrase of {tmp_path / 'store.json'}"
    reopened = store_in(tmp_path)
    assert (reopened.get("key", "first"), reopened.get("key", "second")) == (b"1", b"2")


def test_nothing_secret_shows_in_a_repr(tmp_path: Path) -> None:
    store = store_in(tmp_path, "correct horse")
    store.put("key", "prod", b"x")
    assert "horse" not in repr(store) + repr(PassphraseSource(Person(), {"SHELLINT_FILE_PASSPHRASE": "horse"}))


def test_importing_the_store_is_cheap() -> None:
    code = "import sys, shellint.store, shellint.terminal; print({'cryptography', 'filelock'} & {*sys.modules})"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout == "set()\n"
