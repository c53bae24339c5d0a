"""The portal of IAM Identity Center: which accounts and roles a token is good for, and sessions of these roles.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Operations.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from shellint.errors import AwsRefused
from shellint.sources.answers import StrangeAnswer, role_session_in
from shellint.sources.client import aws_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shellint.credentials import Credentials
    from shellint.endpoint import Endpoint
    from shellint.providers import Sso
    from shellint.sources.client import Client
    from shellint.sources.roots import Caller

__all__ = ["Account", "accounts", "logout", "role_session", "roles"]

# Entries of a page, the most there can be, and pages: no server is to keep us turning them for ever.
_PAGE, _PAGES = 100, 1000
_LONGEST = 4096

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the person may use; `name` and `email` are as somebody typed them."""

    id: str
    name: str
    email: str


def role_session(sso: Sso, portal: Endpoint, token: str, caller: Caller, profile: str) -> Credentials:
    """Return a session of the role, for `profile`.

    Raises AwsRefused: with the code UnauthorizedException when the token is not taken, with others when there is no
    such role. Raises as `Client.call`.
    """
    client = _client(portal, caller, profile)
    asked = {"accountId": sso.account_id, "roleName": sso.role_name, "accessToken": token}
    try:
        return client.read("get_role_credentials", asked, lambda answer: role_session_in(answer, client.now()))
    except AwsRefused as error:
        if error.code not in {"ForbiddenException", "ResourceNotFoundException"}:
            raise
        code = error.code
    raise AwsRefused(
        f"the sign-in to {sso.instance.name} has no role {sso.role_name} in account {sso.account_id} ({code})",
        "`vault sso sync` shows the roles there are; else ask whoever runs Identity Center",
        code=code,
    )


def accounts(portal: Endpoint, token: str, caller: Caller, profile: str = "sso") -> Iterator[Account]:
    """Yield the accounts that the token is good for. Raises as `Client.call`."""

    def read(answer: Mapping[str, Any]) -> list[Account]:
        return [
            Account(_account_id(entry), _text(entry, "accountName"), _text(entry, "emailAddress"))
            for entry in answer["accountList"]
        ]

    return _entries(_client(portal, caller, profile), "list_accounts", {"accessToken": token}, read)


def roles(account: Account, portal: Endpoint, token: str, caller: Caller, profile: str = "sso") -> Iterator[str]:
    """Yield the names of the roles in an account. Raises as `Client.call`."""

    def read(answer: Mapping[str, Any]) -> list[str]:
        return [_text(entry, "roleName") for entry in answer["roleList"]]

    asked = {"accessToken": token, "accountId": account.id}
    return _entries(_client(portal, caller, profile), "list_account_roles", asked, read)


def logout(portal: Endpoint, token: str, caller: Caller, profile: str = "sso") -> None:
    """End the sign-in of the token at AWS, whoever uses it; one that has ended already is no error.

    Raises as `Client.call`.
    """
    try:
        _client(portal, caller, profile).call("logout", {"accessToken": token})
    except AwsRefused as error:
        if error.code != "UnauthorizedException":
            raise


def _client(portal: Endpoint, caller: Caller, profile: str) -> Client:
    return aws_client(
        "sso", portal, None, caller.env, profile=profile, owner=profile, now=caller.now, notice=caller.human.say
    )


def _entries(
    client: Client, operation: str, asked: Mapping[str, str], read: Callable[[Mapping[str, Any]], list[_Entry]]
) -> Iterator[_Entry]:
    """Yield the entries of a list, page after page; a page is checked as a whole before the first of it is given."""
    following: str | None = None
    for number in range(_PAGES + 1):

        def page(answer: Mapping[str, Any], number: int = number) -> tuple[list[_Entry], str | None]:
            if number == _PAGES:
                raise StrangeAnswer("its list has no end")
            return read(answer), _text(answer, "nextToken") if answer.get("nextToken") else None

        token = {"nextToken": following} if following else {}
        entries, following = client.read(operation, {**asked, **token, "maxResults": _PAGE}, page)
        yield from entries
        if following is None:
            return


def _account_id(entry: Mapping[str, Any]) -> str:
    value = _text(entry, "accountId")
    if not re.fullmatch("[0-9]{12}", value):
        raise StrangeAnswer("it gave a malformed accountId")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    """Return what somebody may have typed, whatever is in it: names of accounts have spaces, and worse."""
    value = entry.get(name) or ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise StrangeAnswer(f"it gave a malformed {name}")
    return value
