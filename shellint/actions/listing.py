"""`list`: the profiles, which have a stored key, and the sessions that are kept; nothing is opened for it.

The store tells without a passphrase which sessions it keeps and when they end, but their names are digests: whose one
is can be told where the plan of a profile leads to it, not where it was made with a stored key, whose id is sealed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from shellint.actions.planning import look_up, plan_from, wish_for
from shellint.config_file import Section
from shellint.errors import ShellintError
from shellint.lease import Wish
from shellint.profiles import profile_names, read_config
from shellint.request import Request
from shellint.sessions import session_names
from shellint.steps import Provided

__all__ = ["Kept", "Row", "list_profiles"]

_PROVIDERS = {
    "sso_session": "sso",
    "sso_start_url": "sso",
    "sso_account_id": "sso",
    "web_identity_token_file": "web_identity",
    "web_identity_token_process": "web_identity",
    "credential_process": "process",
    "credential_source": "machine",
    "login_session": "sign_in",
    "aws_access_key_id": "plain_key",
}
_ID = 8  # digits of a digest: enough to tell a few sessions apart


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that is kept, and how long it still lasts."""

    id: str
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `list`; `profile` is None for the sessions of which nobody can tell whose they are.

    `provider` is where the profile's own section says that its credentials come from, None where a key gives them.
    """

    profile: str | None
    in_config: bool = False
    has_key: bool = False
    role_arn: str | None = None
    source_profile: str | None = None
    provider: str | None = None
    region: str | None = None
    sessions: tuple[Kept, ...] = ()


def list_profiles(request: Request) -> list[Row]:
    """Return the config's profiles in their order, then stored keys without a section, then what else is kept."""
    config = read_config(request.paths.aws_config)
    keys = request.store.names("key")
    names = list(dict.fromkeys((*profile_names(config), *keys)))
    kept = {
        name: Kept(name.rpartition("-")[2][:_ID], int(end - request.now()))
        for name, end in sorted(request.store.ends("session").items(), key=lambda each: each[1])
        if end > request.now()
    }
    of_profile = _sessions(request, names) if kept else {}
    rows = [
        _row(
            name,
            config.profiles.get(name),
            name in keys,
            tuple(kept[each] for each in of_profile.get(name, ()) if each in kept),
        )
        for name in names
    ]
    known = {each for found in of_profile.values() for each in found}
    others = tuple(session for name, session in kept.items() if name not in known)
    return [*rows, Row(None, sessions=others)] if others else rows


def _row(name: str, section: Section | None, has_key: bool, sessions: tuple[Kept, ...]) -> Row:
    values = {key: value for key, (value, _) in section.settings.items() if value} if section else {}
    return Row(
        profile=name,
        in_config=section is not None,
        has_key=has_key,
        role_arn=values.get("role_arn"),
        source_profile=values.get("source_profile"),
        provider=next((provider for key, provider in _PROVIDERS.items() if key in values), None),
        region=values.get("region"),
        sessions=sessions,
    )


def _sessions(request: Request, names: list[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the sessions that the plan of each profile leads to, where they depend on nothing that is sealed."""
    found: dict[str, tuple[str, ...]] = {}
    setup = look_up(request, wish_for(request, Wish("")))
    for name in names:
        # A profile that is wrong has no session, and is no reason not to list the others.
        with contextlib.suppress(ShellintError):
            plan = plan_from(request, Wish(name), setup, setup.profile(name))
            root = plan.steps[0]
            if isinstance(root, Provided) and root.is_kept:
                found[name] = session_names(plan, None)[-1:]
    return found
