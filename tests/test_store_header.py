"""The header of a store's file, which says how a passphrase opens it: authentic, and never the one to set the price."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shellint.errors import StoreError, StoreLocked
from shellint.store import sealing
from tests.store_helpers import Person, edit, store_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a store with one key."""
    store = store_in(tmp_path)
    store.put("key", "prod", b"secret")
    return store.path


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_kib", 100_000_000),
        ("memory_kib", 10**30),
        ("memory_kib", 1),
        ("memory_kib", True),
        ("memory_kib", "64"),
        ("memory_kib", 64.0),
        ("memory_kib", None),
        ("iterations", 1_000_000_000),
        ("iterations", 0),
        ("lanes", -1),
        ("lanes", 1_000),
        ("salt", ""),
        ("salt", 7),
        ("kdf", "plain"),
    ],
)
def test_a_hostile_header_is_refused_before_it_costs_anything(file: Path, field: str, value: object) -> None:
    content = edit(file, lambda fields: fields["wraps"][0].update({field: value}))
    start = time.monotonic()
    with pytest.raises(StoreError, match="is damaged"):
        store_in(file.parent).get("key", "prod")
    assert time.monotonic() - start < 5, "a header may not set the price"
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("iterations", "memory_kib", "count", "tried"),
    [(24, 64 * 1024, 1, 1), (24, 64 * 1024 + 1, 1, 0), (24, 256 * 1024, 1, 0), (9, 64 * 1024, 8, 2), (1, 64, 8, 8)],
)
def test_all_wraps_together_cost_one_bounded_time(
    file: Path, monkeypatch: pytest.MonkeyPatch, iterations: int, memory_kib: int, count: int, tried: int
) -> None:
    """A passphrase is tried on as many as may be paid for, and on no more."""
    edit(file, lambda fields: fields["wraps"][0].update(iterations=iterations, memory_kib=memory_kib))
    edit(file, lambda fields: fields.update(wraps=fields["wraps"] * count))
    derived: list[object] = []

    def derive(recipe: object, _: bytes) -> bytes:
        derived.append(recipe)
        return bytes(32)

    monkeypatch.setattr(sealing, "_derived", derive)
    with pytest.raises(StoreError):
        store_in(file.parent).get("key", "prod")
    assert len(derived) == tried


def test_more_wraps_than_are_ever_written_are_damage_and_no_ninth_is_added(file: Path) -> None:
    edit(file, lambda fields: fields.update(wraps=[*fields["wraps"], *[{"kind": "unknown"}] * 7]))
    content = file.read_bytes()
    with pytest.raises(StoreError, match="has 8 ways to be opened, the most there can be"):
        store_in(file.parent, person=Person("second", "second")).add_passphrase()
    assert file.read_bytes() == content
    edit(file, lambda fields: fields["wraps"].append({"kind": "unknown"}))
    with pytest.raises(StoreError, match="is damaged"):
        store_in(file.parent).get("key", "prod")


@pytest.mark.parametrize("field", ["memory_kib", "iterations"])
def test_a_cheaper_header_does_not_open(file: Path, field: str) -> None:
    edit(file, lambda fields: fields["wraps"][0].update({field: fields["wraps"][0][field] + 1}))
    with pytest.raises(StoreLocked, match="does not open"):
        store_in(file.parent).get("key", "prod")


@pytest.mark.parametrize("field", ["id", "kind"])
def test_the_header_cannot_be_changed(file: Path, field: str) -> None:
    edit(file, lambda fields: fields.update({field: "keyring"}))
    with pytest.raises(StoreLocked, match="does not open"):
        store_in(file.parent).get("key", "prod")


def test_a_damaged_header_is_not_mistaken_for_a_wrong_passphrase(file: Path) -> None:
    edit(file, lambda fields: fields["wraps"][0].update(iterations=0))
    person = Person("correct horse")
    with pytest.raises(StoreError, match="is damaged"):
        store_in(file.parent, None, person=person).get("key", "prod")
    assert person.said == []
