"""Everything that a sign-in to IAM Identity Center gives: every role in every account, page after page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from shellint.errors import AwsRefused
from shellint.sso.portal import accounts, roles
from shellint.sso.profiles import SsoRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shellint.endpoint import Endpoint
    from shellint.sources.roots import Caller

__all__ = ["Listing", "list_roles"]

# Seconds before the portal is asked again when it has too much to do, beyond the tries that botocore makes by itself.
_PAUSES = (1.0, 2.0, 4.0, 8.0)
_THROTTLED = {"TooManyRequestsException", "ThrottlingException"}
_NO_ACCESS = {"ForbiddenException", "ResourceNotFoundException"}

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Listing:
    """The `roles` there are; `unread` are the ids of accounts that AWS names and then does not let us look into."""

    roles: tuple[SsoRole, ...]
    unread: tuple[str, ...]


def list_roles(
    portal: Endpoint,
    token: str,
    caller: Caller,
    progress: Callable[[int, int], object],
    *,
    name: str = "sso",
    sleep: Callable[[float], object] = time.sleep,
) -> Listing:
    """Return all roles that the token is good for.

    `progress` is told how many accounts of how many were looked into; `name` is what errors call the sign-in. Raises as
    `portal.accounts`.
    """
    found: list[SsoRole] = []
    unread: list[str] = []
    there = _patiently(partial(accounts, portal, token, caller, name), sleep)
    for done, account in enumerate(there):
        progress(done, len(there))
        try:
            names = _patiently(partial(roles, account, portal, token, caller, name), sleep)
        except AwsRefused as refused:
            if refused.code not in _NO_ACCESS:
                raise
            unread.append(account.id)
        else:
            found += (SsoRole(account.id, name, account.name, account.email) for name in names)
    progress(len(there), len(there))
    return Listing(tuple(found), tuple(unread))


def _patiently(entries: Callable[[], Iterator[_Entry]], sleep: Callable[[float], object]) -> list[_Entry]:
    """Return all entries once AWS has time for them. Raises as `entries`."""
    for pause in _PAUSES:
        try:
            return list(entries())
        except AwsRefused as refused:
            if refused.code not in _THROTTLED:
                raise
        sleep(pause)
    return list(entries())
