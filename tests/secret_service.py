"""A real Secret Service (gnome-keyring) on a bus of its own, which can be locked, killed, or replaced by a mute one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.aws import KeyPair, StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.rig.programs import program

__all__ = ["KeychainDesk", "SecretService", "asked_by", "mute", "secret_service", "session_bus", "store_file"]

_PATH = "/org/freedesktop/secrets"
_NAME = "org.freedesktop.secrets"
_LOGIN = f"{_PATH}/collection/login"
_PASSWORD = b"login password"
# A bus that starts nothing by itself: what is not run by the test is not there.
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""


class SecretService:
    """The daemon on the bus at `address`; the default collection is made, and unlocked."""

    def __init__(self, address: str, home: Path) -> None:
        self.address = address
        self._home = home
        self._daemon: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def env(self) -> dict[str, str]:
        """What a login session on this bus has in its environment."""
        return {"DBUS_SESSION_BUS_ADDRESS": self.address}

    def start(self) -> None:
        """Start the daemon as a login does: with the password, which opens the login collection."""
        self._daemon = subprocess.Popen(
            [program("gnome-keyring-daemon"), "--foreground", "--unlock", "--components=secrets"],
            env={
                "HOME": str(self._home),
                "XDG_RUNTIME_DIR": str(self._home),
                "XDG_DATA_HOME": str(self._home),
                "PATH": os.defpath,
                **self.env,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._daemon.stdin
        self._daemon.stdin.write(_PASSWORD)
        self._daemon.stdin.close()
        with _connected(self.address) as connection:
            _wait_for(lambda: bool(_bus(connection).NameHasOwner(_NAME)[0]))

    def kill(self) -> None:
        """End the daemon the hard way."""
        if self._daemon:
            self._daemon.kill()
            self._daemon.wait(10)

    def lock(self) -> None:
        """Lock the default collection, as a screen lock may do."""
        with _connected(self.address) as connection:
            _collection(connection).lock()

    def unlock(self) -> None:
        """Unlock it as a login does, without any question."""
        from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]

        service = DBusAddress(_PATH, _NAME, "org.freedesktop.Secret.Service")
        backdoor = DBusAddress(_PATH, _NAME, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface")
        with _connected(self.address) as connection:
            opened = connection.send_and_get_reply(new_method_call(service, "OpenSession", "sv", ("plain", ("s", ""))))
            secret = (opened.body[1], b"", _PASSWORD, "text/plain")
            connection.send_and_get_reply(
                new_method_call(backdoor, "UnlockWithMasterPassword", "o(oayays)", (_LOGIN, secret))
            )
            assert not _collection(connection).is_locked()

    def items(self) -> dict[str, bytes]:
        """Return everything that rests there: service name -> value, as keyring stored it."""
        with _connected(self.address) as connection:
            found = _collection(connection).get_all_items()
            return {item.get_attributes()["service"]: item.get_secret() for item in found}

    def forget(self, prefix: str) -> None:
        """Delete the items whose service names begin so, as a person may do in the desktop's own program."""
        with _connected(self.address) as connection:
            for item in list(_collection(connection).get_all_items()):
                if item.get_attributes()["service"].startswith(prefix):
                    item.delete()

    def change(self, prefix: str, value: bytes) -> None:
        """Give the items whose service names begin so another value."""
        with _connected(self.address) as connection:
            for item in _collection(connection).get_all_items():
                if item.get_attributes()["service"].startswith(prefix):
                    item.set_secret(value)


@contextlib.contextmanager
def session_bus() -> Iterator[str]:
    """Run a bus with nothing on it and give its address."""
    directory = Path(tempfile.mkdtemp(prefix="bus-"))  # short: a socket's path has 107 bytes at most
    socket, config = directory / "bus", directory / "bus.conf"
    config.write_text(_BUS.format(socket=socket))
    bus = subprocess.Popen(
        [program("dbus-daemon"), f"--config-file={config}", "--nofork"], stderr=subprocess.DEVNULL, env={}
    )
    try:
        _wait_for(lambda: _listens(socket))
        yield f"unix:path={socket}"
    finally:
        bus.terminate()
        bus.wait(10)
        shutil.rmtree(directory)


def _listens(path: Path) -> bool:
    """Tell whether someone listens there: the file of a socket is there a moment before that."""
    import socket

    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@contextlib.contextmanager
def secret_service() -> Iterator[SecretService]:
    """Run a bus with an unlocked Secret Service on it."""
    home = Path(tempfile.mkdtemp(prefix="keys-"))
    try:
        with session_bus() as address:
            service = SecretService(address, home)
            try:
                yield service
            finally:
                service.kill()
    finally:
        shutil.rmtree(home)


@contextlib.contextmanager
def mute(address: str) -> Iterator[None]:
    """Own the name of the Secret Service on a bus and never answer."""
    with _connected(address) as connection:
        _bus(connection).RequestName(_NAME)
        yield


# Imported when called: where there is no D-Bus, keyring does not bring these, and the tests must be read all the same.
@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

    with contextlib.closing(open_dbus_connection(address)) as connection:
        yield connection


def _bus(connection: Any) -> Any:
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
    from jeepney.io.blocking import Proxy

    return Proxy(message_bus, connection)


def _collection(connection: Any) -> Any:
    import secretstorage

    return secretstorage.Collection(connection)


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not start"
        time.sleep(0.02)


class KeychainDesk(Desk):
    """A desk on a machine with a keychain: no passphrase anywhere, the key stored by the command."""

    def __init__(self, aws: StrictAws, home: Path, service: SecretService) -> None:
        self._bus = service.env
        super().__init__(aws, home)

    def store_key(self, profile: str, key: KeyPair) -> None:
        self.env.pop("SHELLINT_FILE_PASSPHRASE", None)
        self.env |= self._bus
        words = json.dumps({"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key})
        added = vault(self, "add", profile, "--stdin", "--no-config", stdin=words)
        assert (added.returncode, added.stdout) == (0, ""), added


def store_file(desk: Desk) -> Path:
    """Return the path of the store's file."""
    return desk.home / ".local" / "share" / "shellint" / "store.json"


def asked_by(desk: Desk, aws: StrictAws, profile: str) -> str | None:
    """Return which key AWS was asked with when `profile` gets a new session."""
    granted = vault(desk, "exec", "--force", profile, "true")
    assert granted.returncode == 0, granted
    return aws.requests[-1].access_key_id
