"""IAM Identity Center: its instances with accounts and roles, and what a test may do to them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.aws.directory import Directory
from tests.aws.identity import Role
from tests.aws.sign_in import DeviceGrant, SignIns

__all__ = ["Account", "IdentityCenter", "Instance", "PermissionSet"]


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A role that an instance gives in one account; `duration` is what its sessions last, in seconds."""

    name: str
    duration: int
    role: Role
    assigned: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account of an instance."""

    account_id: str
    name: str
    email: str
    directory: Directory = field(repr=False)
    roles: dict[str, PermissionSet] = field(default_factory=dict)

    def add_role(self, name: str, duration: int = 3600, *, assigned: bool = True) -> PermissionSet:
        """Assign a permission set to the instance's person, or make it without assigning it."""
        digest = hashlib.sha256(f"{self.account_id}{name}".encode()).hexdigest()[:16]
        path = f"aws-reserved/sso.amazonaws.com/AWSReservedSSO_{name}_{digest}"
        role = self.directory.add_role(Role(path, self.account_id, (), max_duration=duration))
        self.roles[name] = made = PermissionSet(name, duration, role, assigned)
        return made


@dataclass(frozen=True, slots=True)
class Instance:
    """One Identity Center with one person, `user`."""

    start_url: str
    user: str
    directory: Directory = field(repr=False)
    accounts: dict[str, Account] = field(default_factory=dict)

    def add_account(self, account_id: str, name: str, email: str = "") -> Account:
        """Put an account in."""
        address = email or f"{name.lower()}@example.com"
        self.accounts[account_id] = made = Account(account_id, name, address, self.directory)
        return made


class IdentityCenter(SignIns):
    """Every instance, who is signed in to it, and what a test may do about it; `page_size` is another switch."""

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.page_size = 20  # the most entries of a list in one answer
        self.instances: dict[str, Instance] = {}
        self._directory = directory

    def add_instance(self, name: str = "d-1234567890", *, user: str = "alice@example.com") -> Instance:
        """Make an instance; `name` is the first word of its start URL, or the whole of it."""
        start_url = name if "://" in name else f"https://{name}.awsapps.com/start"
        self.instances[_plain(start_url)] = made = Instance(start_url, user, self._directory)
        return made

    def find(self, start_url: str) -> Instance | None:
        """Return the instance with this start URL; people also write it with `/` or `#/` at the end."""
        return self.instances.get(_plain(start_url))

    @property
    def waiting(self) -> list[str]:
        """The user codes that are neither approved nor denied, the oldest first."""
        return [grant.user_code for grant in self._devices() if grant.answer is None]

    def approve(self, user_code: str | None = None) -> None:
        """Allow what waits under this code (as it was shown, or the only one there is)."""
        self._device(user_code).answer = True

    def deny(self, user_code: str | None = None) -> None:
        """Deny it."""
        self._device(user_code).answer = False

    def slow_down(self, times: int = 1) -> None:
        """Tell the next devices that ask for a token to slow down, whatever their interval."""
        self.slow_downs += times

    def expire_device_codes(self) -> None:
        """Let every device wait too long."""
        for grant in self._devices():
            grant.expires = 0

    def expire_tokens(self) -> None:
        """Let every access token end; what can be refreshed still can."""
        for token in tuple(self.access_tokens.values()):
            token.expires = 0

    def expire_clients(self) -> None:
        """Let every registration end."""
        for client in tuple(self.clients.values()):
            client.expires = 0

    def revoke(self, instance: Instance | None = None) -> None:
        """End every sign-in (to one instance), as an administrator would: no token of it counts any more."""
        for token in tuple(self.access_tokens.values()):
            if instance is None or self.find(token.sign_in.start_url) is instance:
                token.sign_in.revoked = True

    def _devices(self) -> list[DeviceGrant]:
        return list(self.devices.values())

    def _device(self, user_code: str | None) -> DeviceGrant:
        waiting = [grant for grant in self._devices() if grant.answer is None]
        found = [grant for grant in waiting if user_code in (None, grant.user_code)]
        if len(found) != 1:
            raise LookupError(f"{user_code or 'one code'} is wanted, {[grant.user_code for grant in waiting]} wait")
        return found[0]


def _plain(start_url: str) -> str:
    return start_url.rstrip("/#")
