"""Why a profile has nothing to start from, and what to do about it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from shellint.config_file import credentials_sections
from shellint.errors import ConfigError
from shellint.providers import PlainKey

if TYPE_CHECKING:
    from pathlib import Path

    from shellint.profiles import Profile

__all__ = ["keyless"]


def keyless(profile: Profile, holder: Profile, credentials_file: Path | None) -> ConfigError:
    """Return the error that says why `holder`, from which `profile` starts, has no credentials to start from."""
    needs = "" if holder is profile else f"{profile.name} needs the credentials of {holder.name}: "
    name = shlex.quote(holder.name)
    place: object = None
    if isinstance(holder.provider, PlainKey):
        place = holder.origins.get("aws_access_key_id", "the config file")
    elif credentials_file and holder.name in credentials_sections(credentials_file):
        place = credentials_file
    if place is None and holder.role_arn:
        return ConfigError(
            f"{needs}{holder.name} has a role ({holder.origins['role_arn']}), but nothing to assume it with",
            f"name what it starts from, by source_profile or credential_source; or `vault add {name}` stores a key",
        )
    if place is None:
        return ConfigError(f"{needs}{holder.name} has no key and no source", f"`vault add {name}` stores a key for it")
    return ConfigError(
        f"{needs}the key of {holder.name} is only in {place}, unencrypted",
        f"`vault import {name}` stores it",
    )
