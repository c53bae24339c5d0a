"""The SSO portal: which accounts and roles a person has, and credentials for one of them.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html and its neighbours.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence

from tests.aws.directory import Directory
from tests.aws.messages import AwsError
from tests.aws.rest import RestCall, RestDoor
from tests.aws.sign_in import SignIn
from tests.aws.sso import Account, IdentityCenter, Instance

__all__ = ["portal_door"]

MOST_ENTRIES = 100
_NAMESPACE = "com.amazonaws.switchboard.portal"


def portal_door(center: IdentityCenter, directory: Directory, expiry: Callable[[str, int], int]) -> RestDoor:
    """Make the door; `expiry` turns an action and the seconds asked for into the unix time of the end."""
    portal = _Portal(center, directory, expiry)
    return RestDoor(
        {
            ("GET", "/assignment/accounts"): ("ListAccounts", portal.list_accounts),
            ("GET", "/assignment/roles"): ("ListAccountRoles", portal.list_account_roles),
            ("GET", "/federation/credentials"): ("GetRoleCredentials", portal.get_role_credentials),
            ("POST", "/logout"): ("Logout", portal.logout),
        },
        _NAMESPACE,
        lambda error: {"message": error.message, "__type": f"{_NAMESPACE}#{error.code}"},
    )


class _Portal:
    def __init__(self, center: IdentityCenter, directory: Directory, expiry: Callable[[str, int], int]) -> None:
        self._center = center
        self._directory = directory
        self._expiry = expiry

    def list_accounts(self, call: RestCall) -> object:
        accounts = [
            {"accountId": account.account_id, "accountName": account.name, "emailAddress": account.email}
            for account in self._instance(call).accounts.values()
            if any(role.assigned for role in account.roles.values())
        ]
        return self._page(call, "accountList", accounts)

    def list_account_roles(self, call: RestCall) -> object:
        account = self._account(call)
        roles = [
            {"roleName": role.name, "accountId": account.account_id} for role in account.roles.values() if role.assigned
        ]
        if not roles:
            raise AwsError(403, "ForbiddenException", "No access")
        return self._page(call, "roleList", roles)

    def get_role_credentials(self, call: RestCall) -> object:
        instance = self._instance(call)
        role = self._account(call).roles.get(_needed(call, "role_name"))
        if role is None or not role.assigned:
            raise AwsError(403, "ForbiddenException", "No access")
        expires = self._expiry("GetRoleCredentials", role.duration)
        session = self._directory.session_of_role(role.role, instance.user, expires=expires)
        return {
            "roleCredentials": {
                "accessKeyId": session.access_key_id,
                "secretAccessKey": session.secret,
                "sessionToken": session.token,
                "expiration": session.expires * 1000,
            }
        }

    def logout(self, call: RestCall) -> None:
        """End the sign-in on the server too: no token of it counts any more."""
        self._sign_in(call).revoked = True

    def _sign_in(self, call: RestCall) -> SignIn:
        sign_in = self._center.signed_in(call.bearer) if call.bearer else None
        if sign_in is None:
            raise AwsError(401, "UnauthorizedException", "Session token not found or invalid")
        return sign_in

    def _instance(self, call: RestCall) -> Instance:
        instance = self._center.find(self._sign_in(call).start_url)
        assert instance is not None
        return instance

    def _account(self, call: RestCall) -> Account:
        instance, account_id = self._instance(call), _needed(call, "account_id")
        if not re.fullmatch(r"\d{12}", account_id, re.ASCII):
            raise AwsError(400, "InvalidRequestException", f"{account_id} is no account id")
        if account_id not in instance.accounts:
            raise AwsError(404, "ResourceNotFoundException", f"Account {account_id} not found")
        return instance.accounts[account_id]

    def _page(self, call: RestCall, name: str, entries: Sequence[object]) -> object:
        """Return what belongs on the page that was asked for; a token counts for the list that it was given for."""
        wanted = call.query.get("max_result", str(MOST_ENTRIES))
        if not re.fullmatch(r"\d{1,3}", wanted, re.ASCII) or not 1 <= int(wanted) <= MOST_ENTRIES:
            raise AwsError(400, "InvalidRequestException", f"max_result is 1 to {MOST_ENTRIES}")
        whose = [name, call.query.get("account_id")]
        start = _start(call.query.get("next_token"), whose)
        end = start + min(int(wanted), self._center.page_size)
        token = _token([*whose, end]) if end < len(entries) else None
        return {name: entries[start:end], "nextToken": token}


def _needed(call: RestCall, name: str) -> str:
    value = call.query.get(name)
    if not value:
        raise AwsError(400, "InvalidRequestException", f"{name} is missing")
    return value


def _token(content: list[object]) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()  # with + and / and = among it: it must be quoted


def _start(token: str | None, whose: list[str | None]) -> int:
    if token is None:
        return 0
    try:
        *for_whom, start = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        for_whom, start = [], 0
    if for_whom != whose:
        raise AwsError(400, "InvalidRequestException", "Invalid pagination token")
    return int(start)
