"""`import --from aws-vault`, its `secret-service` keyring: a real one, with items as aws-vault 7.2.0 makes them."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator

import pytest
import secretstorage
from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

from shellint.errors import NeedsHuman, StoreError, StoreLocked
from shellint.importers.aws_vault import read_aws_vault
from shellint.importers.aws_vault_secret_service import has_collection, read_collection
from shellint.store import keychain
from shellint.terminal import NoHuman
from tests.importing import SECRET, key_id
from tests.secret_service import SecretService, mute, secret_service, session_bus
from tests.store_helpers import Person

_PATH = "/org/freedesktop/secrets"
_SERVICE = "org.freedesktop.secrets"


def collection_named(service: SecretService, name: str) -> str:
    """Make a collection without the question that a desktop asks, and return its path."""
    secrets = DBusAddress(_PATH, _SERVICE, "org.freedesktop.Secret.Service")
    backdoor = DBusAddress(_PATH, _SERVICE, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface")
    label = {"org.freedesktop.Secret.Collection.Label": ("s", name)}
    with contextlib.closing(open_dbus_connection(service.address)) as connection:
        opened = connection.send_and_get_reply(new_method_call(secrets, "OpenSession", "sv", ("plain", ("s", ""))))
        secret = (opened.body[1], b"", b"password", "text/plain")
        made = connection.send_and_get_reply(
            new_method_call(backdoor, "CreateWithMasterPassword", "a{sv}(oayays)", (label, secret))
        )
        return str(made.body[0])


def add(service: SecretService, path: str, name: str, key: str, token: str = "") -> None:
    """Add an item as aws-vault does."""
    credentials = {
        "AccessKeyID": key,
        "SecretAccessKey": SECRET,
        "SessionToken": token,
        "Source": "",
        "CanExpire": False,
    }
    data = base64.b64encode(json.dumps(credentials | {"Expires": "0001-01-01T00:00:00Z"}).encode()).decode()
    item = {"Key": name, "Data": data, "Label": f"aws-vault ({name})", "Description": ""}
    with contextlib.closing(open_dbus_connection(service.address)) as connection:
        secretstorage.Collection(connection, path).create_item(name, {"profile": name}, json.dumps(item).encode())


@pytest.fixture(scope="module")
def service() -> Iterator[SecretService]:
    with secret_service() as running:
        path = collection_named(running, "awsvault")
        add(running, path, "plain", key_id(1))
        add(running, path, "team/prod", key_id(2))
        add(running, path, "old", key_id(3), "token")
        add(running, path, "sts.GetSessionToken,cGxhaW4,,1795600000", key_id(4))
        add(running, collection_named(running, "my-keys"), "third", key_id(5))
        yield running


def test_the_keys_are_read_under_their_names_and_sessions_are_not(service: SecretService) -> None:
    haul = read_aws_vault(service.env | {"HOME": "/nowhere"}, NoHuman())
    assert {each.profile: each.key.access_key_id for each in haul.keys} == {"plain": key_id(1), "team/prod": key_id(2)}
    assert haul.keys[0].key.secret_access_key == SECRET
    assert haul.left == (
        "the collection awsvault of the Secret Service: the key of 'old' is left there: it is a temporary key",
    )


def test_a_collection_of_another_name_is_found_by_it(service: SecretService) -> None:
    env = service.env | {"AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "my-keys"}
    assert [each.profile for each in read_collection(env, NoHuman()).keys] == ["third"]


def test_it_is_noticed_without_being_opened(service: SecretService) -> None:
    assert has_collection(service.env, NoHuman())
    assert not has_collection(service.env | {"AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "none"}, NoHuman())
    assert not has_collection({}, NoHuman())


def test_a_locked_one_asks_a_person_and_without_one_is_an_error(service: SecretService) -> None:
    path = collection_named(service, "locked")
    add(service, path, "plain", key_id(1))
    with contextlib.closing(open_dbus_connection(service.address)) as connection:
        secretstorage.Collection(connection, path).lock()
    env = service.env | {"AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "locked"}
    assert has_collection(env, NoHuman())
    with pytest.raises(NeedsHuman, match="is locked"):
        read_collection(env, NoHuman())
    with pytest.raises(StoreLocked):  # nobody answers the desktop's question: there is no desktop
        read_collection(env, Person())


def test_a_bus_without_the_service_is_an_error_and_not_an_empty_keyring() -> None:
    with session_bus() as address, pytest.raises(StoreError, match="the Secret Service does not work"):
        read_aws_vault({"DBUS_SESSION_BUS_ADDRESS": address, "HOME": "/nowhere"}, NoHuman())


def test_a_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keychain, "_NOTICE", 0.1)
    monkeypatch.setattr("shellint.importers.aws_vault_secret_service._GLANCE", 0.3)
    with session_bus() as address, mute(address), pytest.raises(StoreLocked, match=r"did not answer within 0\.3 s"):
        has_collection({"DBUS_SESSION_BUS_ADDRESS": address}, NoHuman())
