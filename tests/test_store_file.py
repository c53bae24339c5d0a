"""A file that is damaged, was tampered with, or is hostile: one clear error, no other value, never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shellint.errors import StoreError, StoreLocked
from shellint.store.document import Document
from shellint.store.sealing import wrap
from tests.store_helpers import CHEAP, Json, edit, store_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a store with one key and two sessions."""
    store = store_in(tmp_path)
    store.put("key", "prod", b"secret")
    store.put("session", "one", b"session one", expires=2_000)
    store.put("session", "two", b"session two", expires=3_000)
    return store.path


def test_a_file_cut_short_anywhere_is_an_error_and_stays(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(len(whole) - 1):
        file.write_bytes(whole[:length])
        store = store_in(file.parent)
        assert store.exists()
        with pytest.raises(StoreError, match=r"store\.json is damaged"):
            store.get("key", "prod")
    with pytest.raises(StoreError, match=r"store\.json is damaged"):
        store_in(file.parent).put("key", "prod", b"new")
    assert file.read_bytes() == whole[: len(whole) - 2]


def test_a_flipped_bit_anywhere_never_gives_another_value(file: Path) -> None:
    whole = file.read_bytes()
    opened = 0
    for position in range(len(whole)):
        flipped = bytearray(whole)
        flipped[position] ^= 1
        file.write_bytes(flipped)
        try:
            value = store_in(file.parent).get("key", "prod")
        except StoreError:
            continue
        assert value in {b"secret", None}
        opened += value == b"secret"
    assert 0 < opened < len(whole) / 2, "bits of the two sessions do not concern the key"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b'"shellint store"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": 1, "version": 1}',
    ],
)
def test_what_is_not_a_store_is_an_error_and_stays(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    store = store_in(file.parent)
    for use in (lambda: store.names("key"), lambda: store.put("key", "a", b""), lambda: store.delete("key", "prod")):
        with pytest.raises(StoreError, match=r"store\.json is damaged"):
            use()
    assert file.read_bytes() == content


@pytest.mark.parametrize("field", ["id", "kind", "wraps", "items"])
@pytest.mark.parametrize("value", [None, 1, [1], {"key": 1}, {"key": {"prod": 1}}])
def test_fields_of_another_type_are_damage(file: Path, field: str, value: object) -> None:
    edit(file, lambda fields: fields.update({field: value}))
    with pytest.raises(StoreError, match="is damaged"):
        store_in(file.parent).get("key", "prod")


def test_an_unknown_version_is_named(file: Path) -> None:
    content = edit(file, lambda fields: fields.update(version=2))
    with pytest.raises(StoreError, match="version 2, which this program does not know"):
        store_in(file.parent).put("key", "prod", b"new")
    assert file.read_bytes() == content


def test_a_directory_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "store.json").mkdir()
    with pytest.raises(StoreError, match=r"cannot read .*store\.json: Is a directory"):
        store_in(tmp_path).put("key", "prod", b"x")


def swap_items(fields: Json) -> None:
    sessions = fields["items"]["session"]
    sessions["one"], sessions["two"] = sessions["two"], sessions["one"]


TAMPERING: dict[str, Callable[[Json], object]] = {
    "swapped": swap_items,
    "renamed": lambda fields: fields["items"]["session"].update(one=fields["items"]["key"]["prod"]),
    "kept alive": lambda fields: fields["items"]["session"]["one"].update(expires=9_999_999_999),
    "made eternal": lambda fields: fields["items"]["session"]["one"].update(expires=None),
    "emptied": lambda fields: fields["items"].update(session={"one": {}}),
    "nonsense": lambda fields: fields["items"]["session"]["one"].update(nonce="", sealed="!"),
}


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING)
def test_a_tampered_item_is_named_and_the_others_can_be_read(file: Path, change: Callable[[Json], object]) -> None:
    edit(file, change)
    store = store_in(file.parent)
    with pytest.raises(StoreError, match=r"the session 'one' in .*store\.json is damaged or was changed"):
        store.get("session", "one")
    assert store.get("key", "prod") == b"secret"


def test_a_damaged_item_is_kept_by_other_writes_and_can_be_stored_again(file: Path) -> None:
    edit(file, lambda fields: fields["items"]["key"]["prod"].update(sealed="AAAA"))
    store = store_in(file.parent)
    store.put("key", "dev", b"x")
    assert json.loads(file.read_bytes())["items"]["key"]["prod"]["sealed"] == "AAAA"
    store.put("key", "prod", b"again")
    assert store.get("key", "prod") == b"again"


def test_an_item_of_another_store_does_not_open(file: Path, tmp_path: Path) -> None:
    other = store_in(tmp_path / "other")
    other.put("key", "prod", b"planted")
    planted = json.loads(other.path.read_bytes())["items"]["key"]
    edit(file, lambda fields: fields["items"].update(key=planted))
    with pytest.raises(StoreError, match="was changed"):
        store_in(file.parent).get("key", "prod")


def test_a_store_guarded_by_something_unknown_says_so(file: Path) -> None:
    edit(file, lambda fields: fields.update(kind="keyring", wraps=[{"kind": "keyring", "service": "shellint"}]))
    with pytest.raises(StoreLocked, match="not opened by a passphrase but by its keyring"):
        store_in(file.parent).get("key", "prod")


def test_several_wraps_open_one_store_and_unknown_ones_are_kept(file: Path) -> None:
    document = Document.from_bytes(file.read_bytes(), file)
    first = store_in(file.parent)
    first.get("key", "prod")
    (data_key,) = first._data_keys.values()
    second = wrap(data_key, b"second", document.about, CHEAP)
    unknown = {"kind": "keyring", "service": "shellint"}
    file.write_bytes(replace(document, wraps=(unknown, *document.wraps, second)).to_bytes())
    store_in(file.parent, "second").put("key", "dev", b"x")
    assert store_in(file.parent, "correct horse").get("key", "dev") == b"x"
    assert Document.from_bytes(file.read_bytes(), file).wraps[0] == unknown


def test_the_same_value_is_never_sealed_the_same_twice(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    seen = set()
    for _ in range(20):
        store.put("key", "prod", b"secret")
        item = json.loads(store.path.read_bytes())["items"]["key"]["prod"]
        seen |= {item["nonce"], item["sealed"]}
    assert len(seen) == 40
