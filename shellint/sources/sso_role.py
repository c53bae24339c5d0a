"""A role in an account, through IAM Identity Center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shellint.providers import Sso
from shellint.sso.portal import role_session
from shellint.sso.token import with_access
from shellint.sso.values import SignInPlace

if TYPE_CHECKING:
    from shellint.credentials import Credentials
    from shellint.plan import Plan
    from shellint.sources.roots import Caller
    from shellint.steps import Provided

__all__ = ["credentials"]


def credentials(step: Provided, plan: Plan, caller: Caller) -> Credentials:
    """Return a session of the role; signs in where nobody is signed in. Raises as `with_access` and `role_session`."""
    sso, portal, oidc = step.provider, plan.sso, plan.oidc
    if not isinstance(sso, Sso) or portal is None or oidc is None:
        raise TypeError("a plan that begins with a sign-in has the endpoints of it")
    return with_access(
        SignInPlace(sso.instance, portal, oidc),
        caller,
        lambda token: role_session(sso, portal, token, caller, step.profile),
        profile=step.profile,
    )
