"""The operating system's keychain: small items by name, every call bounded in time and every failure one line."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from shellint.errors import NeedsHuman, ShellintError, StoreError, StoreLocked
from shellint.store import backends
from shellint.terminal import NoHuman

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shellint.store.backends import Backend
    from shellint.terminal import Human

__all__ = ["Keychain", "Keychains", "bounded"]

_VARIABLE = "SHELLINT_BACKEND"
_KIND = {"keyring": "keychain", "file": "file", "auto": ""}
_USER = "shellint"
_PROBE = "shellint:probe"
# A person may be typing a password on the desktop meanwhile.
_SECONDS = 30.0
_NOTICE = 3.0
_LOCKED = {"KeyringLocked", "LockedException", "PromptDismissedException"}

_T = TypeVar("_T")


class Keychains:
    """The keychains within reach of one caller: its environment names the bus, its `human` may be asked or not."""

    def __init__(self, env: Mapping[str, str], human: Human, *, seconds: float = _SECONDS) -> None:
        self._env = env
        self._human = human
        self._seconds = seconds
        self._opened: dict[str, Keychain] = {}

    def choose(self) -> Keychain | None:
        """Return the keychain for a new store, the first that opens; None when the store is to be the file alone.

        Raises StoreError when SHELLINT_BACKEND asks for a keychain and none opens.
        """
        kind = self._wanted()
        if kind == "file":
            return None
        reasons = []
        for backend in backends.BACKENDS:
            if backend.missing(self._env):
                continue
            try:
                keychain = self._keychain(backend)
                keychain.read(_PROBE)
            except (StoreLocked, NeedsHuman) as locked:
                # It is there and was not opened: the person hears of it, since the choice is for good.
                if not kind:
                    self._human.say(locked.what)
                reasons.append(locked.what)
            except StoreError as absent:
                reasons.append(absent.what)
            else:
                return keychain
        if kind:
            why = "; ".join(reasons) or "there is none in this session"
            raise StoreError(
                f"{_VARIABLE} asks for a keychain, and none opens: {why}", f"unset {_VARIABLE}, or open it"
            )
        return None

    def named(self, name: str) -> Keychain:
        """Return the keychain that a store recorded. Raises StoreLocked when it cannot be there in this session."""
        found = [backend for backend in backends.BACKENDS if backend.name == name]
        why = found[0].missing(self._env) if found else "this version does not know it"
        if why:
            raise StoreLocked(
                f"the store needs the keychain it was made with, the {name}, which is not in this session: {why}",
                "use it on your desktop; after `vault store add-passphrase` there, all but the keys opens here",
            )
        return self._keychain(found[0])

    def agree(self, kind: str) -> None:
        """Raise StoreError when SHELLINT_BACKEND asks for another kind of store than the one there is."""
        if self._wanted() not in {"", kind}:
            raise StoreError(
                f"{_VARIABLE}={self._env[_VARIABLE]}, but the store was made with another kind: {kind}",
                f"unset {_VARIABLE}; a store keeps its kind (`vault store` shows it)",
            )

    def _wanted(self) -> str:
        value = self._env.get(_VARIABLE) or "auto"
        if value not in _KIND:
            raise StoreError(f"{_VARIABLE} is {value!r}, which is none of {', '.join(sorted(_KIND))}", "set it to one")
        return _KIND[value]

    def _keychain(self, backend: Backend) -> Keychain:
        if backend.name not in self._opened:
            self._opened[backend.name] = Keychain(backend, self._env, self._human, seconds=self._seconds)
        return self._opened[backend.name]


class Keychain:
    """One keychain. Values are bytes; each item has a service name of its own and the same user name.

    Any method raises StoreLocked when the keychain is locked or silent, StoreError when it fails, and NeedsHuman when
    it would have to ask although nobody may be asked.
    """

    def __init__(self, backend: Backend, env: Mapping[str, str], human: Human, *, seconds: float) -> None:
        self.name = backend.name
        self._backend = backend
        self._env = env
        self._human = human
        self._seconds = seconds
        self._keyring: Any = None

    def read(self, service: str) -> bytes | None:
        """Return an item, None when there is none."""
        text = self._bounded(lambda keyring: keyring.get_password(service, _USER))
        if text is None:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            raise StoreError(f"{service} in the {self.name} was changed: it cannot be read", "store it again") from None

    def write(self, service: str, value: bytes) -> None:
        """Add or replace an item; about 900 bytes is the most that each of the keychains takes."""
        text = base64.b64encode(value).decode()
        self._bounded(lambda keyring: keyring.set_password(service, _USER, text))

    def delete(self, service: str) -> None:
        """Forget an item, if there is one."""

        def delete(keyring: Any) -> None:
            from keyring.errors import PasswordDeleteError

            try:
                keyring.delete_password(service, _USER)
            except PasswordDeleteError:
                if keyring.get_password(service, _USER) is not None:
                    raise

        self._bounded(delete)

    def _bounded(self, call: Callable[[Any], Any]) -> Any:
        def loaded() -> Any:
            if self._keyring is None:
                self._keyring = self._backend.load(self._env, may_ask=not isinstance(self._human, NoHuman))
            return call(self._keyring)

        return bounded(loaded, self.name, self._human, seconds=self._seconds)


def bounded(call: Callable[[], _T], name: str, human: Human, *, seconds: float = _SECONDS) -> _T:
    """Return what `call` gets out of the keychain `name`, in a thread that is left behind when it does not come back.

    Nothing can end such a thread. Raises StoreLocked after some seconds, and as the methods of Keychain do.
    """
    outcome: list[_T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001  whatever D-Bus, pywin32 or a framework raises
            failure.append(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(min(_NOTICE, seconds))
    if thread.is_alive() and seconds > _NOTICE:
        human.say(f"waiting for the {name}, which may be asking you to unlock it")
        thread.join(seconds - _NOTICE)
    if thread.is_alive():
        raise StoreLocked(
            f"the {name} did not answer within {seconds:g} s: an unlock question may be open on your desktop",
            "answer it, then try again",
        )
    if failure:
        raise _translated(failure[0], name) from None
    return outcome[0]


def _translated(error: BaseException, name: str) -> ShellintError:
    if isinstance(error, ShellintError):
        return error
    if type(error).__name__ in _LOCKED:
        return StoreLocked(f"the {name} is locked and was not unlocked", "unlock it, then try again")
    reason = " ".join(str(error).split()) or type(error).__name__
    return StoreError(f"the {name} does not work: {reason}", "see that it runs, then try again")
