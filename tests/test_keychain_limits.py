"""What the Windows Credential Locker and the macOS Keychain do differently, by fakes of the calls below keyring's code.

keyring's own backends run; what they call in the system is replaced by something that refuses what the system refuses.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from keyring.backends import Windows, macOS

from shellint.credentials import LongTermKey
from shellint.errors import StoreError, StoreLocked
from shellint.store import backends
from tests.store_helpers import Person, store_in

KEY = LongTermKey("AKIA" + "A" * 124, "s" * 128).to_bytes()
"""The longest key that `vault add` takes."""


class WindowsError(Exception):
    """pywintypes.error: no subclass of anything that keyring knows."""

    def __init__(self, winerror: int, funcname: str, strerror: str) -> None:
        super().__init__(winerror, funcname, strerror)
        self.winerror, self.funcname, self.strerror = winerror, funcname, strerror


class Locker:
    """win32cred: names differ in more than case, and a blob has 2560 bytes at most (CRED_MAX_CREDENTIAL_BLOB_SIZE).

    https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw
    """

    CRED_TYPE_GENERIC = 1
    CRED_PERSIST_LOCAL_MACHINE = 2
    CRED_PERSIST_ENTERPRISE = 3

    def __init__(self) -> None:
        self.items: dict[str, dict[str, object]] = {}
        self.writes: list[str] = []

    def CredRead(self, *, Type: int, TargetName: str) -> dict[str, object]:  # noqa: N802, N803
        if TargetName.casefold() not in self.items:
            raise WindowsError(1168, "CredRead", "Element not found.")
        return self.items[TargetName.casefold()]

    def CredWrite(self, credential: dict[str, str], flags: int) -> None:  # noqa: N802
        blob = credential["CredentialBlob"].encode("utf-16-le")
        if len(blob) > 2560:
            raise WindowsError(1783, "CredWrite", "The stub received bad data")
        self.writes.append(credential["TargetName"])
        self.items[credential["TargetName"].casefold()] = {**credential, "CredentialBlob": blob}

    def CredDelete(self, *, Type: int, TargetName: str) -> None:  # noqa: N802, N803
        if self.items.pop(TargetName.casefold(), None) is None:
            raise WindowsError(1168, "CredDelete", "Element not found.")


class NotFoundError(Exception):
    """macOS has no such item (errSecItemNotFound)."""


class DeniedError(Exception):
    """The person said no (errSecUserCanceled)."""


@dataclass
class Chain:
    """The macOS calls below keyring's: each write makes a new item, whose access list knows its writer alone.

    A program of another signature (a new Python) makes the system ask once an item: `prompts`.
    """

    program: str = "python 1"
    denies: bool = False
    items: dict[tuple[str, str], tuple[str, set[str]]] = field(default_factory=dict)
    prompts: int = 0
    writes: list[str] = field(default_factory=list)

    NotFound = NotFoundError
    KeychainDenied = DeniedError
    Error = (NotFoundError, DeniedError)

    def find_generic_password(self, keychain: None, service: str, user: str) -> str:
        if (service, user) not in self.items:
            raise NotFoundError
        if self.denies:
            raise DeniedError("Keychain Access Denied")
        value, trusted = self.items[service, user]
        if self.program not in trusted:
            self.prompts += 1
            trusted.add(self.program)
        return value

    def set_generic_password(self, keychain: None, service: str, user: str, value: str) -> None:
        self.items.pop((service, user), None)
        self.items[service, user] = (value, {self.program})
        self.writes.append(service)

    def delete_generic_password(self, keychain: None, service: str, user: str) -> None:
        if self.items.pop((service, user), None) is None:
            raise NotFoundError


@pytest.fixture
def locker(monkeypatch: pytest.MonkeyPatch) -> Locker:
    fake = Locker()
    monkeypatch.setattr(Windows, "win32cred", fake, raising=False)
    monkeypatch.setattr(Windows, "pywintypes", SimpleNamespace(error=WindowsError), raising=False)
    monkeypatch.setattr(Windows, "missing_deps", False)
    use("Windows Credential Locker", monkeypatch)
    return fake


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    fake = Chain()
    monkeypatch.setattr(macOS, "api", fake, raising=False)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    use("macOS Keychain", monkeypatch)
    return fake


def use(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the table say that one keychain, and no other, can be on this platform."""
    rows = tuple(replace(row, platform=sys.platform) for row in backends.BACKENDS if row.name == name)
    assert len(rows) == 1
    monkeypatch.setattr(backends, "BACKENDS", rows)


def test_windows_takes_everything_that_is_put_there(locker: Locker, tmp_path: Path) -> None:
    store = store_in(tmp_path, None)
    store.put("key", "prod", KEY)
    store.put("session", "big", bytes(100_000))
    reopened = store_in(tmp_path, None)
    assert (reopened.get("key", "prod"), reopened.get("session", "big")) == (KEY, bytes(100_000))
    assert max(len(item["CredentialBlob"]) for item in locker.items.values()) < 2560 / 2  # type: ignore[arg-type]


def test_windows_keeps_items_on_this_machine(locker: Locker, tmp_path: Path) -> None:
    store_in(tmp_path, None).put("key", "prod", KEY)
    assert {item["Persist"] for item in locker.items.values()} == {Locker.CRED_PERSIST_LOCAL_MACHINE}


def test_windows_has_no_occasion_to_move_an_entry_aside(locker: Locker, tmp_path: Path) -> None:
    store = store_in(tmp_path, None)
    for value in (b"1", b"2", b"3"):
        store.put("key", "prod", value)
        store.put("key", "Prod", value * 2)
    assert (store.get("key", "prod"), store.get("key", "Prod")) == (b"3", b"33")
    assert not [name for name in locker.items if "@" in name]
    assert len(locker.items) == 3
    store.delete_where("key", lambda _name: True)
    assert len(locker.items) == 1


def test_a_value_too_large_for_windows_is_one_line_and_changes_nothing(locker: Locker, tmp_path: Path) -> None:
    store = store_in(tmp_path, None)
    store.put("key", "prod", KEY)
    before = store.path.read_bytes()
    with pytest.raises(StoreError, match=r"Windows Credential Locker does not work: .*The stub received bad data"):
        store.put("key", "prod", bytes(1_000))
    assert store.path.read_bytes() == before
    assert store.get("key", "prod") == KEY


def test_the_master_key_is_written_exactly_once_on_windows(locker: Locker, tmp_path: Path) -> None:
    for number in range(5):
        store_in(tmp_path, None).put("session", str(number), b"x")
        store_in(tmp_path, None).put("key", str(number), b"x")
    assert sum(name.startswith("shellint:master") for name in locker.writes) == 1


def test_macos_is_written_to_only_when_a_key_changes(chain: Chain, tmp_path: Path) -> None:
    store_in(tmp_path, None).put("key", "prod", KEY)
    for number in range(5):
        store_in(tmp_path, None).put("session", str(number), b"x")
        assert store_in(tmp_path, None).get("key", "prod") == KEY
    assert [name.rpartition(":")[0] for name in chain.writes] == ["shellint:master", "shellint:key:prod"]
    assert chain.prompts == 0


def test_a_new_python_on_macos_is_asked_about_once_an_item(chain: Chain, tmp_path: Path) -> None:
    store_in(tmp_path, None).put("key", "prod", KEY)
    chain.program = "python 2"
    for number in range(5):
        store_in(tmp_path, None).get("key", "prod")
        store_in(tmp_path, None).put("session", str(number), b"x")
    assert chain.prompts == 2


def test_access_denied_on_macos_is_a_locked_keychain(chain: Chain, tmp_path: Path) -> None:
    store_in(tmp_path, None).put("key", "prod", KEY)
    chain.denies = True
    with pytest.raises(StoreLocked, match="the macOS Keychain is locked and was not unlocked"):
        store_in(tmp_path, None).get("key", "prod")


def test_a_key_on_macos_is_removed_whole(chain: Chain, tmp_path: Path) -> None:
    store = store_in(tmp_path, None, person=Person())
    store.put("key", "prod", b"1")
    store.put("key", "prod", b"2")
    assert store.delete("key", "prod")
    assert [service.rpartition(":")[0] for service, _ in chain.items] == ["shellint:master"]
