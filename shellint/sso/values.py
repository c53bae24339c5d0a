"""What a client of IAM Identity Center holds: where it is, its registration, a device code, a token."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from shellint.endpoint import is_loopback

if TYPE_CHECKING:
    from shellint.endpoint import Endpoint
    from shellint.providers import SsoInstance

__all__ = ["DeviceCode", "Registration", "SignInPlace", "Token", "is_token"]

_OPAQUE = re.compile(r"[!-~]{1,32768}")


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """An Identity Center, the endpoint of its portal and the one that gives its tokens."""

    instance: SsoInstance
    portal: Endpoint
    oidc: Endpoint

    @property
    def is_of_aws(self) -> bool:
        """Whether both are AWS's own, or both on this machine: a token that was made for AWS is sent nowhere else."""
        urls = [self.portal.url, self.oidc.url]
        return urls == [None, None] or all(url and is_loopback(url) for url in urls)


@dataclass(frozen=True, slots=True)
class Registration:
    """A client as Identity Center knows it; `expires` in unix seconds."""

    client_id: str
    secret: str = field(repr=False)
    expires: int

    def to_bytes(self) -> bytes:
        """Return the form in which the store keeps it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Registration:
        """Undo `to_bytes`."""
        return cls(**json.loads(data))


@dataclass(frozen=True, slots=True)
class Token:
    """What the portal takes until `expires` (unix seconds on this machine's clock).

    `refresh` gets the next one, once, for the client of `registration`; None when there is none.
    """

    access: str = field(repr=False)
    expires: int
    refresh: str | None = field(repr=False)
    registration: Registration | None

    @property
    def kept_until(self) -> int:
        """When nothing of it is of use any more, in unix seconds."""
        return max(self.expires, self.registration.expires if self.refresh and self.registration else 0)

    def to_bytes(self) -> bytes:
        """Return the form in which the store keeps it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Token:
        """Undo `to_bytes`."""
        fields = json.loads(data)
        registration = fields.pop("registration")
        return cls(**fields, registration=Registration(**registration) if registration else None)


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a device asks with, and what its person types at `page`; `direct` is that page with the code filled in.

    `interval`, between two questions, and `lasts` are in seconds.
    """

    code: str = field(repr=False)
    user_code: str
    page: str
    direct: str
    interval: int
    lasts: int


def is_token(value: object) -> bool:
    """Tell whether this can be a token, a code, an id or a secret of AWS's."""
    return isinstance(value, str) and _OPAQUE.fullmatch(value) is not None
