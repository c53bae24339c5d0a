"""An import that fails half way: what was stored, what was taken out and what was not is said, and is true."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from shellint.credentials import LongTermKey
from shellint.errors import ConfigError, Interrupted, StoreError
from shellint.store import Store
from tests.importing import SECRET, Home, key_id
from tests.store_helpers import Person, as_nobody, needs_root


def section(number: int) -> str:
    return f"[p{number}]\naws_access_key_id = {key_id(number)}\naws_secret_access_key = {SECRET}\n"


MANY = "".join(map(section, range(120)))


def full(target: Path, *_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", str(target))


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(StoreError("cannot write it", "free some space"), StoreError), (KeyboardInterrupt(), Interrupted)],
)
def test_a_store_that_takes_half_is_told_with_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, kind: type[Exception]
) -> None:
    home = Home(tmp_path / "home", credentials=MANY)
    put_many, calls = Store.put_many, []

    def once(store: Store, of_kind: str, values: dict[str, bytes]) -> None:
        calls.append(values)
        if len(calls) > 1:
            raise failure
        put_many(store, of_kind, values)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put_many", once)
        reply = home.import_keys(scrub=True)
    assert reply.notes == (
        "50 keys are stored: p0, p1, p2, p3, p4, p5, p6, p7 and 42 more",
        "70 keys are not stored: p50, p51, p52, p53, p54, p55, p56, p57 and 62 more",
        f"nothing was taken out of {home.credentials}",
    )
    assert isinstance(reply.error, kind)
    assert len(home.stored()) == 50
    assert home.credentials.read_text() == MANY
    assert home.import_keys(human=Person("y"), scrub=True).error is None
    assert (len(home.stored()), home.backups) == (120, [])


def test_what_was_stored_although_it_failed_is_counted_as_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home", credentials=section(1))
    put_many = Store.put_many

    def late(store: Store, kind: str, values: dict[str, bytes]) -> None:
        put_many(store, kind, values)
        raise StoreError("the disk did not answer", "try again")

    monkeypatch.setattr(Store, "put_many", late)
    assert home.import_keys().notes == ("1 key is stored: p1",)


@pytest.mark.parametrize("fails", ["credentials", "credentials.before-import"])
def test_a_file_that_cannot_be_written_keeps_its_keys_and_the_other_is_scrubbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    config = section(2).replace("[", "[profile ")
    home = Home(tmp_path / "home", credentials=section(1), config=config)
    replace = os.replace

    def failing(source: Path, target: Path, **_: int) -> None:
        (full if Path(target).name == fails else replace)(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing)
        reply = home.import_keys(human=Person("n", "n"), scrub=True)
    assert reply.notes[:3] == (
        "2 keys are stored: p1, p2",
        f"nothing was taken out of {home.credentials}",
        f"their keys are out of {home.config}: programs that took them from it get them by `vault use` now",
    )
    assert isinstance(reply.error, ConfigError)
    assert "No space left on device" in reply.error.what
    assert (home.credentials.read_text(), home.config.read_text()) == (section(1), "[profile p2]\n")
    assert all(any(str(copy) in note for note in reply.notes) for copy in home.backups)
    assert not list(home.credentials.parent.glob(".*.tmp"))
    home.import_keys(human=Person("y", "y"), scrub=True)
    assert (home.credentials.read_text(), home.backups) == ("[p1]\n", [])


def test_on_a_disk_that_takes_no_large_file_nothing_is_lost(tmp_path: Path) -> None:
    """The limit stands in for a full disk: the store fits under it and the copy does not."""
    text = section(1) + "#" * 200_000 + "\n"
    home = Home(tmp_path / "home", credentials=text)
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, former[1]))
    try:
        reply = home.import_keys(scrub=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert reply.notes[:2] == ("1 key is stored: p1", f"nothing was taken out of {home.credentials}")
    assert reply.error is not None
    assert "can be kept beside it (File too large)" in reply.error.what
    assert (home.credentials.read_text(), home.backups) == (text, [])
    assert not list(home.credentials.parent.glob(".*.tmp"))


def read_only_directory(home: Home) -> None:
    home.credentials.parent.chmod(0o500)


def read_only_directory_of_the_link(home: Home) -> None:
    home.credentials.rename(home.directory / "target")
    home.credentials.symlink_to(home.directory / "target")
    home.credentials.parent.chmod(0o500)


def read_only_file(home: Home) -> None:
    home.credentials.chmod(0o400)


@pytest.mark.parametrize("made", [read_only_directory, read_only_directory_of_the_link, read_only_file])
def test_where_nothing_may_be_written_nothing_is_begun(tmp_path: Path, made: Callable[[Home], None]) -> None:
    Home(tmp_path / "warm", credentials=section(1)).import_keys(scrub=True)  # imports everything before the fork

    def act(directory: Path) -> None:
        home = Home(directory / "home", credentials=section(1))
        made(home)
        with pytest.raises(ConfigError, match="write-protected, so nothing was taken out of it"):
            home.import_keys(scrub=True)
        assert home.stored() == {}
        home.credentials.parent.chmod(0o700)

    as_nobody(act)


@needs_root
def test_a_file_of_another_user_is_not_begun_with(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=section(1))
    os.chown(home.credentials, 65_534, 65_534)
    with pytest.raises(ConfigError, match="belongs to another user, so nothing was taken out of it"):
        home.import_keys(scrub=True)
    assert home.stored() == {}


def test_a_key_that_another_process_stores_meanwhile_is_not_replaced_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home", credentials=section(1) + section(2))
    home.store.put("key", "p2", LongTermKey(key_id(7), SECRET).to_bytes())

    class Slow(Person):
        def confirm(self, question: str, *, default: bool = False) -> bool:
            home.store.put("key", "p1", LongTermKey(key_id(8), SECRET).to_bytes())
            return True

    reply = home.import_keys(human=Slow(), scrub=True)
    assert isinstance(reply.error, StoreError)
    assert reply.error.what == "the key that is stored for p1 was changed meanwhile, by another process"
    assert reply.notes == ("2 keys are not stored: p1, p2", f"nothing was taken out of {home.credentials}")
    assert home.stored() == {"p1": key_id(8), "p2": key_id(7)}
