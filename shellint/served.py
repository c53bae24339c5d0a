"""The environment of a command that asks a server of ours for its credentials, so that nothing else comes first.

An SDK looks at the variables, then at both files of `~/.aws`, where a key in `[default]` is enough, and only then asks
the endpoint of a container, and last that of an instance. So the command gets empty files in their place, and a `vault`
in it is told where they were.
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shellint.environment import Change, inherited
from shellint.variables import REGIONS, REPLACED, SETS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["outside", "served_change", "served_environment"]

_FILES = {
    "AWS_CONFIG_FILE": "AWS_VAULT_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE": "AWS_VAULT_SHARED_CREDENTIALS_FILE",
}
"""Each variable that names a file, with the one that says what it was; empty when it was not set."""

_ENDPOINTS = (
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",  # it comes before the token itself
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_DISABLED",
)


def served_environment(
    env: Mapping[str, str], profile: str, server: Mapping[str, str], region: str | None, *, subshell: bool = False
) -> dict[str, str]:
    """Return the whole environment of a command that asks the server which the variables `server` name."""
    kept = {name: value for name, value in inherited(env, subshell=subshell).items() if name not in _ENDPOINTS}
    return kept | _values(env, profile, server, region)


def served_change(env: Mapping[str, str], profile: str, server: Mapping[str, str], region: str | None) -> Change:
    """Return what another shell has to do to ask that server and nobody else."""
    values = _values(env, profile, server, region)
    return Change(set=values, unset=tuple(name for name in (*SETS, *REPLACED, *_ENDPOINTS[2:]) if name not in values))


def outside(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` as it would be had no server of ours been asked: what a `vault` in a served command works with."""
    before = dict(env)
    for name, kept in _FILES.items():
        former = before.pop(kept, None)
        if former is None or before.get(name) != os.devnull:
            continue
        del before[name]
        before |= {name: former} if former else {}
        before = {name: value for name, value in before.items() if name not in _ENDPOINTS}
    return before


def _values(env: Mapping[str, str], profile: str, server: Mapping[str, str], region: str | None) -> dict[str, str]:
    return {
        "AWS_VAULT": profile,
        **(dict.fromkeys(REGIONS, region) if region else {}),
        **dict.fromkeys(_FILES, os.devnull),
        **{kept: env.get(name, "") for name, kept in _FILES.items()},
        **server,
    }
