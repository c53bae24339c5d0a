"""A Secret Service that is locked, mute, killed, elsewhere, or has lost something: one line, nothing changed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.errors import StoreError, StoreLocked
from shellint.store import PassphraseSource, Store
from shellint.store.keychain import Keychains
from tests.aws import StrictAws
from tests.command import vault
from tests.rig.environment import fresh_home
from tests.secret_service import KeychainDesk, SecretService, asked_by, mute, secret_service, session_bus, store_file
from tests.store_helpers import ROOT, Person, store_in

READER = """
import sys
from shellint.store.keychain import Keychains
from shellint.terminal import Terminal
keychains = Keychains({"DBUS_SESSION_BUS_ADDRESS": sys.argv[1]}, Terminal(), seconds=0.5)
keychains.named("Secret Service").read("x")
"""


@pytest.fixture
def service() -> Iterator[SecretService]:
    with secret_service() as running:
        yield running


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path, service: SecretService) -> KeychainDesk:
    return KeychainDesk(aws, fresh_home(tmp_path / "home"), service)


def test_a_locked_keychain_is_one_line_and_works_again_when_unlocked(
    desk: KeychainDesk, aws: StrictAws, service: SecretService
) -> None:
    before = store_file(desk).read_bytes()
    service.lock()
    started = time.monotonic()
    refused = vault(desk, "exec", "base", "true")
    assert time.monotonic() - started < 10
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "vault: the Secret Service is locked and was not unlocked",
        "       unlock it, then try again",
    ]
    assert vault(desk, "remove", "base", "--yes").returncode == 1
    assert store_file(desk).read_bytes() == before
    service.unlock()
    assert asked_by(desk, aws, "base") == desk.key.access_key_id


def test_where_nobody_may_be_asked_a_locked_keychain_asks_nobody(desk: KeychainDesk, service: SecretService) -> None:
    service.lock()
    refused = vault(desk, "exec", "--no-input", "base", "true")
    assert refused.returncode == 4
    assert "the Secret Service is locked, and only a person can unlock it" in refused.stderr


def test_a_killed_keychain_is_one_line(desk: KeychainDesk, aws: StrictAws, service: SecretService) -> None:
    service.kill()
    refused = vault(desk, "exec", "base", "true")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 2)
    assert "the Secret Service does not work: The name org.freedesktop.secrets was not provided" in refused.stderr
    service.start()
    assert asked_by(desk, aws, "base") == desk.key.access_key_id


def test_a_silent_keychain_is_given_up_after_its_time(tmp_path: Path) -> None:
    with secret_service() as service:
        store_in(tmp_path, None, env=service.env).put("key", "prod", b"x")
    with session_bus() as address, mute(address):
        env = {"DBUS_SESSION_BUS_ADDRESS": address}
        keychains = Keychains(env, Person(), seconds=0.5)
        store = Store(tmp_path, PassphraseSource(Person(), env), keychains=keychains)
        started = time.monotonic()
        with pytest.raises(StoreLocked, match=r"the Secret Service did not answer within 0\.5 s: an unlock question"):
            store.get("key", "prod")
        assert time.monotonic() - started < 5


def test_a_process_with_a_silent_keychain_can_still_end(tmp_path: Path) -> None:
    """The call that hangs is left behind in its thread; it must not keep the interpreter."""
    with session_bus() as address, mute(address):
        ended = subprocess.run(
            [sys.executable, "-c", READER, address], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
        )
    assert ended.stderr.splitlines()[-1].startswith("shellint.errors.StoreLocked: the Secret Service did not answer")


def test_without_its_bus_the_keychain_is_named_and_no_second_store_appears(desk: KeychainDesk) -> None:
    before = store_file(desk).read_bytes()
    del desk.env["DBUS_SESSION_BUS_ADDRESS"]
    words = json.dumps({"AccessKeyId": desk.key.access_key_id, "SecretAccessKey": desk.key.secret_access_key})
    for result in (
        vault(desk, "exec", "base", "true"),
        vault(desk, "add", "more", "--stdin", stdin=words, SHELLINT_FILE_PASSPHRASE="x"),
        vault(desk, "remove", "base", "--yes"),
    ):
        assert result.returncode == 1
        assert "the Secret Service, which is not in this session: DBUS_SESSION_BUS_ADDRESS is not set" in result.stderr
        assert "vault store add-passphrase" in result.stderr
    assert store_file(desk).read_bytes() == before
    assert [path.name for path in desk.home.rglob("*.json")] == ["store.json"]
    assert "base\tkey" in vault(desk, "list").stdout


def test_a_bus_that_is_gone_is_named(tmp_path: Path, service: SecretService) -> None:
    store_in(tmp_path, None, env=service.env).put("key", "prod", b"x")
    stale = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    with pytest.raises(StoreError, match=r"nothing answers at DBUS_SESSION_BUS_ADDRESS \(unix:path=/nonexistent/bus\)"):
        store_in(tmp_path, None, env=stale).get("key", "prod")


def test_a_missing_master_key_is_never_made_again(desk: KeychainDesk, aws: StrictAws, service: SecretService) -> None:
    vault(desk, "exec", "base", "true")
    before = store_file(desk).read_bytes()
    asked = len(aws.requests)
    service.forget("shellint:master")
    refused = vault(desk, "exec", "--force", "base", "true")
    assert refused.returncode == 1
    assert "is no longer in the Secret Service: 1 values sealed in it are lost" in refused.stderr
    assert len(aws.requests) == asked, "AWS is not asked for a session that could not be kept"
    words = json.dumps({"AccessKeyId": desk.key.access_key_id, "SecretAccessKey": desk.key.secret_access_key})
    assert vault(desk, "add", "more", "--stdin", stdin=words).returncode == 1
    assert store_file(desk).read_bytes() == before
    assert not any(name.startswith("shellint:master") for name in service.items())


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        (b"c" * 43 + b"=", "is another one in the Secret Service"),
        (b"!", "was changed"),
        (b"YQ==", "is damaged"),
    ],
)
def test_a_wrong_master_key_opens_nothing(tmp_path: Path, service: SecretService, planted: bytes, says: str) -> None:
    store = store_in(tmp_path, None, env=service.env)
    store.put("session", "one", b"x")
    store.put("key", "prod", b"x")
    before = store.path.read_bytes()
    service.change("shellint:master", planted)
    again = store_in(tmp_path, None, env=service.env)
    for kind, name in (("session", "one"), ("key", "prod")):
        with pytest.raises(StoreError, match=says):
            again.get(kind, name)
    with pytest.raises(StoreError, match=says):
        again.put("session", "two", b"x")
    assert store.path.read_bytes() == before


def test_a_key_that_is_gone_from_the_keychain_is_named_and_can_be_removed(
    tmp_path: Path, service: SecretService
) -> None:
    store = store_in(tmp_path, None, env=service.env)
    store.put("key", "prod", b"x")
    service.forget("shellint:key:prod")
    with pytest.raises(StoreError, match=r"the key 'prod' is no longer in the Secret Service"):
        store.get("key", "prod")
    assert store.delete("key", "prod")
    assert store.names("key") == []
