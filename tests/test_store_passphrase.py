"""Where the passphrase comes from, in which order, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellint.errors import NeedsHuman, StoreLocked
from shellint.store import PassphraseSource
from shellint.terminal import NoHuman
from tests.store_helpers import NOBODY, Person, needs_root, store_in

STORE = Path("/data/store.json")
FILE = "SHELLINT_FILE_PASSPHRASE_FILE"
VARIABLE = "SHELLINT_FILE_PASSPHRASE"


@pytest.fixture
def pipe() -> Iterator[Callable[[bytes], int]]:
    """A descriptor from which the given bytes can be read once."""
    ends: list[int] = []

    def make(content: bytes) -> int:
        reading, writing = os.pipe()
        os.write(writing, content)
        os.close(writing)
        ends.append(reading)
        return reading

    yield make
    for end in ends:
        os.close(end)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A private file with a passphrase."""
    path = tmp_path / "passphrase"
    path.write_text("from file\n")
    path.chmod(0o600)
    return path


def first(source: PassphraseSource) -> bytes:
    return next(source.attempts(STORE))


def test_the_order_is_descriptor_file_variable_terminal(pipe: Callable[[bytes], int], file: Path) -> None:
    env = {FILE: str(file), VARIABLE: "from variable"}
    assert first(PassphraseSource(Person(), env, fd=pipe(b"from fd\n"))) == b"from fd"
    assert first(PassphraseSource(Person(), env)) == b"from file"
    assert first(PassphraseSource(Person(), {VARIABLE: "from variable"})) == b"from variable"
    assert first(PassphraseSource(Person("from person"), {})) == b"from person"


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"pass", b"pass"),
        (b"pass\n", b"pass"),
        (b"pass\r\n", b"pass"),
        (b" pass \t\n", b" pass \t"),
        (b"pass\n\nmore", b"pass"),
        (b"\xff\xfe\n", b"\xff\xfe"),
    ],
)
def test_the_passphrase_is_the_first_line(
    content: bytes, passphrase: bytes, pipe: Callable[[bytes], int], file: Path
) -> None:
    file.write_bytes(content)
    assert first(PassphraseSource(Person(), {FILE: str(file)})) == passphrase
    assert first(PassphraseSource(Person(), {}, fd=pipe(content))) == passphrase


def test_what_follows_on_the_descriptor_is_left_for_its_next_reader(pipe: Callable[[bytes], int]) -> None:
    fd = pipe(b"pass\n{}")
    source = PassphraseSource(Person(), {}, fd=fd)
    assert [first(source), first(source)] == [b"pass", b"pass"]
    assert os.read(fd, 10) == b"{}"


def test_typed_and_given_passphrases_are_the_same_bytes(tmp_path: Path) -> None:
    store_in(tmp_path, "pässword \udcff").put("key", "prod", b"x")
    typed = store_in(tmp_path, None, person=Person("pässword \udcff"))
    assert typed.get("key", "prod") == b"x"
    file = tmp_path / "passphrase"
    file.write_bytes("pässword ".encode() + b"\xff\n")
    file.chmod(0o600)
    assert store_in(tmp_path, None, env={FILE: str(file)}).get("key", "prod") == b"x"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_passphrase_file_that_others_may_use_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(StoreLocked, match="other users may use the file") as refused:
        first(PassphraseSource(Person(), {FILE: str(file)}))
    assert refused.value.todo == f"chmod 600 {file}"


@needs_root
def test_another_users_passphrase_file_is_refused(file: Path) -> None:
    os.chown(file, NOBODY, NOBODY)
    with pytest.raises(StoreLocked, match="another user owns the file"):
        first(PassphraseSource(Person(), {FILE: str(file)}))


@pytest.mark.parametrize("empty", ["", "\n"])
def test_an_empty_passphrase_is_refused_by_the_name_of_its_origin(
    empty: str, pipe: Callable[[bytes], int], file: Path, tmp_path: Path
) -> None:
    file.write_text(empty)
    fd = pipe(empty.encode())
    for source, origin in (
        (PassphraseSource(Person(), {VARIABLE: empty}), VARIABLE),
        (PassphraseSource(Person(), {FILE: str(file)}), FILE),
        (PassphraseSource(Person(), {}, fd=fd), f"--passphrase-fd {fd}"),
        (PassphraseSource(Person(""), {}), "the terminal"),
    ):
        with pytest.raises(StoreLocked, match=f"from {origin}.* is empty"):
            first(source)
    with pytest.raises(StoreLocked, match="is empty"):
        store_in(tmp_path / "data", empty).put("key", "prod", b"x")
    assert not (tmp_path / "data" / "store.json").exists()


@pytest.mark.parametrize(
    ("env", "fd", "reason"),
    [
        ({FILE: "/nonexistent/file"}, None, rf"{FILE} \(/nonexistent/file\): No such file"),
        ({FILE: "/"}, None, r"(Is a directory|other users may)"),
        ({FILE: ""}, None, rf"{FILE} is empty"),
        ({}, 999, "--passphrase-fd 999: Bad file descriptor"),
    ],
)
def test_an_origin_that_cannot_be_read_is_named(env: dict[str, str], fd: int | None, reason: str) -> None:
    source = PassphraseSource(Person("never asked"), env, fd=fd)
    with pytest.raises(StoreLocked, match=reason):
        first(source)


def test_an_endless_passphrase_is_refused(pipe: Callable[[bytes], int]) -> None:
    with pytest.raises(StoreLocked, match="longer than 16384 bytes"):
        first(PassphraseSource(Person(), {}, fd=pipe(b"x" * 20_000)))


def test_a_wrong_passphrase_is_asked_for_again_twice(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"x")
    person = Person("wrong", "also wrong", "correct horse")
    assert store_in(tmp_path, None, person=person).get("key", "prod") == b"x"
    assert person.said == ["wrong passphrase, once more"] * 2
    person = Person("1", "2", "3")
    with pytest.raises(StoreLocked, match=r"the passphrase from the terminal does not open .*store\.json"):
        store_in(tmp_path, None, person=person).get("key", "prod")
    assert len(person.asked) == 3


def test_a_new_passphrase_is_typed_twice_and_the_place_told_once(tmp_path: Path) -> None:
    person = Person("mine", "mine")
    store = store_in(tmp_path, None, person=person)
    store.put("key", "prod", b"x")
    store.put("key", "dev", b"y")
    assert person.asked == ["New passphrase", "The same passphrase again"]
    assert person.said == [f"no keychain is used: secrets rest in {store.path}, sealed with a passphrase"]
    assert store_in(tmp_path, "mine").get("key", "prod") == b"x"


def test_a_new_passphrase_from_a_variable_is_told_once_too(tmp_path: Path) -> None:
    person = Person()
    store_in(tmp_path, person=person).put("key", "prod", b"x")
    store_in(tmp_path, person=person).put("key", "dev", b"x")
    assert len(person.said) == 1


def test_two_that_differ_and_an_empty_one_are_asked_for_again(tmp_path: Path) -> None:
    person = Person("mine", "mien", "", "mine", "mine")
    store_in(tmp_path, None, person=person).put("key", "prod", b"x")
    assert person.said[1:] == ["the two differ, once more", "an empty passphrase protects nothing"]
    assert store_in(tmp_path, "mine").get("key", "prod") == b"x"


def test_without_agreement_no_store_is_made(tmp_path: Path) -> None:
    store = store_in(tmp_path, None, person=Person("a", "b", "", "c", "d"))
    with pytest.raises(StoreLocked, match="no passphrase was agreed on"):
        store.put("key", "prod", b"x")
    assert not store.exists()


def test_nobody_there_is_told_which_passphrase_was_needed(tmp_path: Path) -> None:
    store_in(tmp_path).put("key", "prod", b"x")
    with pytest.raises(NeedsHuman, match=r"Passphrase of .*store\.json"):
        store_in(tmp_path, None, person=NoHuman()).get("key", "prod")
