"""The keychains that python keyring can drive, one row each; each is loaded by name and never chosen by keyring.

keyring.get_keyring() is out of the question: its config file and PYTHON_KEYRING_BACKEND load any code, or a backend
that forgets what it is given.
"""

from __future__ import annotations

import functools
import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shellint.errors import NeedsHuman

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["BACKENDS", "Backend"]

_BUS = "DBUS_SESSION_BUS_ADDRESS"


@dataclass(frozen=True, slots=True)
class Backend:
    """A keychain: its name for people, which a store records, and how to get at it.

    It can be there on one platform (a value of sys.platform) and, where a variable is named, only when that is set.
    `adjust(keyring, env, may_ask)` prepares what was loaded, and raises when it cannot work here.
    """

    name: str
    platform: str
    module: str
    keyring: str
    adjust: Callable[[Any, Mapping[str, str], bool], None]
    variable: str = ""

    def missing(self, env: Mapping[str, str]) -> str:
        """Return why it cannot be there, or nothing when it can."""
        if sys.platform != self.platform:
            return f"this is {sys.platform}"
        if self.variable and not env.get(self.variable):
            return f"{self.variable} is not set"
        return ""

    def load(self, env: Mapping[str, str], *, may_ask: bool) -> Any:
        """Return the keyring object; whatever keyring and the system raise comes through."""
        keyring = getattr(importlib.import_module(self.module), self.keyring)()
        self.adjust(keyring, env, may_ask)
        return keyring


def _check(keyring: Any, _env: Mapping[str, str], _may_ask: bool) -> None:
    type(keyring).priority  # noqa: B018  raises RuntimeError, with the reason, where the backend cannot work


def _stay_on_this_machine(keyring: Any, env: Mapping[str, str], may_ask: bool) -> None:
    _check(keyring, env, may_ask)
    keyring.persist = "local machine"  # by default the credential roams with the user's profile


def _use_the_callers_bus(keyring: Any, env: Mapping[str, str], may_ask: bool) -> None:
    keyring.scheme = "default"  # a variable of keyring's could change it, and then nothing would be found again
    keyring.get_preferred_collection = functools.partial(_default_collection, env[_BUS], may_ask)


def _default_collection(address: str, may_ask: bool) -> Any:
    """Return the unlocked default collection of the Secret Service on the bus of the caller, not of this process.

    Unlocking asks the person on the desktop. Without leave for that a locked one raises NeedsHuman.
    """
    import secretstorage
    from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]
    from keyring.errors import KeyringLocked
    from secretstorage.util import add_match_rules

    try:
        connection = open_dbus_connection(address)
    except OSError:
        raise RuntimeError(f"nothing answers at {_BUS} ({address})") from None
    try:
        add_match_rules(connection)
        if not may_ask and _would_ask(connection):
            raise NeedsHuman(
                "the Secret Service is locked, and only a person can unlock it", "unlock it, then try again"
            )
        collection = secretstorage.get_default_collection(connection)
        if collection.is_locked():
            collection.unlock()
            if collection.is_locked():
                raise KeyringLocked
    except BaseException:
        connection.close()
        raise
    return collection


def _would_ask(connection: Any) -> bool:
    """Tell whether the default collection is locked, or has still to be made, for which a password is chosen."""
    import secretstorage

    try:
        return secretstorage.Collection(connection).is_locked()
    except secretstorage.ItemNotFoundException:
        return True


BACKENDS: tuple[Backend, ...] = (
    Backend("macOS Keychain", "darwin", "keyring.backends.macOS", "Keyring", _check),
    Backend("Windows Credential Locker", "win32", "keyring.backends.Windows", "WinVaultKeyring", _stay_on_this_machine),
    Backend("Secret Service", "linux", "keyring.backends.SecretService", "Keyring", _use_the_callers_bus, _BUS),
    # KWallet 6 answers under the names of KWallet 5 too (kwalletd.cpp registers both).
    Backend("KWallet", "linux", "keyring.backends.kwallet", "DBusKeyring", _check, _BUS),
)
"""In the order in which they are tried when a store is made."""
