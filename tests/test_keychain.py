"""Keys in a real Secret Service, by the command as a person uses it and by the store."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.rig.environment import environment, fresh_home
from tests.secret_service import KeychainDesk, SecretService, asked_by, secret_service, store_file
from tests.store_helpers import ROOT, Person, store_in

WRITER = """
import sys
from pathlib import Path
from shellint.store import PassphraseSource, open_store
from shellint.terminal import NoHuman
directory, prefix, address = sys.argv[1:]
store = open_store(Path(directory), PassphraseSource(NoHuman(), {"DBUS_SESSION_BUS_ADDRESS": address}))
for number in range(10):
    store.put("key", f"{prefix}{number}", prefix.encode())
"""


@pytest.fixture
def service() -> Iterator[SecretService]:
    with secret_service() as running:
        yield running


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path, service: SecretService) -> KeychainDesk:
    return KeychainDesk(aws, fresh_home(tmp_path / "home"), service)


def test_a_key_goes_to_the_keychain_and_works_from_there(
    desk: KeychainDesk, aws: StrictAws, service: SecretService
) -> None:
    assert asked_by(desk, aws, "base") == desk.key.access_key_id
    content = json.loads(store_file(desk).read_text())
    assert content["kind"] == "keychain"
    assert content["items"]["key"] == {"base": {"expires": None, "where": "keychain", "slot": 1}}
    assert len(content["items"]["session"]) == 1
    assert sorted(name.rpartition(":")[0] for name in service.items()) == ["shellint:key:base", "shellint:master"]


def test_no_secret_lies_in_any_file(desk: KeychainDesk) -> None:
    shown = vault(desk, "exec", "base", "--", "sh", "-c", 'echo "$AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN"').stdout
    secrets = [desk.key.secret_access_key, *shown.split()]
    assert len(secrets) == 3
    content = b"".join(file.read_bytes() for file in desk.home.rglob("*") if file.is_file())
    assert not any(secret.encode() in content for secret in secrets)


def test_the_same_key_is_used_from_the_keychain_and_from_the_sealed_file(
    desk: KeychainDesk, aws: StrictAws, tmp_path: Path
) -> None:
    sealed = Desk(aws, fresh_home(tmp_path / "other"))
    sealed.store_key("base", desk.key)
    assert asked_by(sealed, aws, "base") == asked_by(desk, aws, "base") == desk.key.access_key_id
    assert json.loads(store_file(sealed).read_text())["kind"] == "file"


def test_a_replaced_key_leaves_one_item_and_a_removed_one_none(
    desk: KeychainDesk, aws: StrictAws, service: SecretService
) -> None:
    other = aws.add_user("bob").add_key()
    words = json.dumps({"AccessKeyId": other.access_key_id, "SecretAccessKey": other.secret_access_key})
    assert vault(desk, "add", "base", "--stdin", "--yes", stdin=words).returncode == 0
    assert asked_by(desk, aws, "base") == other.access_key_id
    assert len(service.items()) == 2
    assert vault(desk, "remove", "base", "--yes").returncode == 0
    assert [name.rpartition(":")[0] for name in service.items()] == ["shellint:master"]
    assert vault(desk, "list").stdout == "default\t-\nbase\t-\n"


def test_names_that_people_and_buses_find_hard_come_back(tmp_path: Path, service: SecretService) -> None:
    names = ["", "a b/..", "é\n\x00\udcff", "Prod", "prod", "x" * 300]
    store = store_in(tmp_path, None, env=service.env)
    for name in names:
        store.put("key", name, name.encode(errors="surrogateescape"))
    reopened = store_in(tmp_path, None, env=service.env)
    assert reopened.names("key") == sorted(names)
    assert [reopened.get("key", name) for name in names] == [name.encode(errors="surrogateescape") for name in names]


def test_where_the_secrets_rest_is_said_once(tmp_path: Path, service: SecretService) -> None:
    person = Person()
    store = store_in(tmp_path, None, person=person, env=service.env)
    store.put("key", "a", b"x")
    store_in(tmp_path, None, person=person, env=service.env).put("key", "b", b"x")
    assert person.said == [
        f"long-term keys rest in the Secret Service, sessions in {store.path}, sealed with a key kept there"
    ]
    assert person.asked == []


def test_two_stores_of_one_person_do_not_meet(tmp_path: Path, service: SecretService) -> None:
    stores = [store_in(tmp_path / name, None, env=service.env) for name in "ab"]
    for store, value in zip(stores, (b"1", b"2"), strict=True):
        store.put("key", "prod", value)
    assert [store.get("key", "prod") for store in stores] == [b"1", b"2"]


def test_names_and_forgetting_sessions_need_no_keychain(tmp_path: Path, service: SecretService) -> None:
    store = store_in(tmp_path, None, env=service.env)
    store.put("key", "prod", b"x")
    store.put("session", "one", b"x")
    service.kill()
    elsewhere = store_in(tmp_path, None)
    assert (elsewhere.names("key"), elsewhere.delete("session", "one")) == (["prod"], True)
    assert elsewhere.get("key", "absent") is None


def test_four_processes_that_add_keys_at_once_lose_none(tmp_path: Path, service: SecretService) -> None:
    """They start without a store, so all of them try to make it, each with a master key of its own."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, prefix, service.address], cwd=ROOT) for prefix in "abcd"]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    store = store_in(tmp_path, None, env=service.env)
    assert store.names("key") == sorted(f"{prefix}{number}" for prefix in "abcd" for number in range(10))
    assert {name[0].encode() == store.get("key", name) for name in store.names("key")} == {True}
    assert len(service.items()) == 41


def test_the_bus_is_the_callers_and_not_this_processs(
    tmp_path: Path, service: SecretService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resident program serves several sessions: what its own environment says does not count."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    store = store_in(tmp_path, None, env=service.env)
    store.put("key", "prod", b"x")
    assert store.get("key", "prod") == b"x"


def test_what_keyring_is_configured_to_load_is_ignored(aws: StrictAws, tmp_path: Path, service: SecretService) -> None:
    home = fresh_home(tmp_path / "home")
    for directory in (home / ".config" / "python_keyring", home / ".local" / "share" / "python_keyring"):
        directory.mkdir(parents=True)
        (directory / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring=evil.Keyring\nkeyring-path={home}\n")
    (home / "evil.py").write_text(f"open({str(home / 'was-run')!r}, 'w')\nfrom keyring.backends.null import Keyring\n")
    desk = KeychainDesk(aws, home, service)
    desk.env |= {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "KEYRING_PROPERTY_SCHEME": "KeePassXC",
        "KEYRING_PROPERTY_PREFERRED_COLLECTION": "/nowhere",
    }
    desk.store_key("second", desk.key)
    assert asked_by(desk, aws, "base") == asked_by(desk, aws, "second") == desk.key.access_key_id
    assert len(service.items()) == 3
    assert not (home / "was-run").exists()


@pytest.mark.parametrize("words", ["hook bash", "status", "list", "clear", "clear --cached"])
def test_commands_that_need_no_secret_load_neither_keyring_nor_cryptography(desk: KeychainDesk, words: str) -> None:
    vault(desk, "exec", "base", "true")
    code = "import sys; from shellint.__main__ import main; main(); sys.stderr.write(' '.join(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code, *words.split()],
        env=environment(desk.home, **desk.env, SHELLINT_SHELL="bash", SHELLINT_PID="1"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in ran.stderr.split()}
    assert "shellint" in loaded
    assert not loaded & {"keyring", "secretstorage", "jeepney", "cryptography"}
