"""Every place a setting of a profile can come from, strongest first.

option > variable > the profile's section > the sections it includes > what `[default]` lends.

`include_profile` is aws-vault's own: all of the included section counts, its role and source too. `[default]` lends
only what LENT names. Lending all of it, as aws-vault does, makes a role of `[default]` the role of every profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shellint.config_file import ConfigFile, Section
from shellint.errors import ConfigError, ShellintError
from shellint.origin import Origin, shortened, shown

__all__ = [
    "DEEPEST",
    "LENT",
    "SERVICES",
    "SETTINGS",
    "Layer",
    "Overrides",
    "included",
    "layers",
    "loop",
    "nearest",
    "too_deep",
]

SERVICES = ("iam", "signin", "sso", "sso_oidc", "sts")
"""What is asked, by the names that AWS_ENDPOINT_URL_… and a `services` section have for them."""

SETTINGS = (
    "role_arn",
    "source_profile",
    "include_profile",
    "mfa_serial",
    "mfa_process",
    "duration_seconds",
    "role_session_name",
    "external_id",
    "source_identity",
    "session_tags",
    "transitive_session_tags",
    "sso_session",
    "sso_start_url",
    "sso_region",
    "sso_account_id",
    "sso_role_name",
    "sso_registration_scopes",
    "web_identity_token_file",
    "web_identity_token_process",
    "credential_process",
    "credential_source",
    "login_session",
    "aws_access_key_id",
    "region",
    "services",
    "endpoint_url",
    *(f"endpoint_url_{service}" for service in SERVICES),
    "ignore_configured_endpoint_urls",
    "sts_regional_endpoints",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "ca_bundle",
)
"""What is read of a section, in the order in which a person wants to see it; nothing else gets into a layer."""

DEEPEST = 100
"""How many profiles may lead from one to the next, by source_profile or by include_profile."""

Layer = Mapping[str, tuple[str, Origin]]
"""Settings by the name they have in the config file; none is empty."""

LENT = frozenset(
    {
        "ca_bundle",
        "duration_seconds",
        "endpoint_url",
        *(f"endpoint_url_{service}" for service in SERVICES),
        "ignore_configured_endpoint_urls",
        "mfa_process",
        "mfa_serial",
        "region",
        "sts_regional_endpoints",
        "use_dualstack_endpoint",
        "use_fips_endpoint",
    }
)

_DRAWN = 6
# What a suggestion may cost: comparing is slow, and worth it only for what a person would type.
_MOST_GUESSES, _LONGEST_GUESS = 10_000, 64

# For every profile of a chain; where several variables are named, the first that is set counts.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "ca_bundle": ("AWS_CA_BUNDLE",),
    "endpoint_url": ("AWS_ENDPOINT_URL",),
    **{f"endpoint_url_{service}": (f"AWS_ENDPOINT_URL_{service.upper()}",) for service in SERVICES},
    "ignore_configured_endpoint_urls": ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",),
    "mfa_serial": ("AWS_MFA_SERIAL",),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "sts_regional_endpoints": ("AWS_STS_REGIONAL_ENDPOINTS",),
    "use_dualstack_endpoint": ("AWS_USE_DUALSTACK_ENDPOINT",),
    "use_fips_endpoint": ("AWS_USE_FIPS_ENDPOINT",),
}

# For the profile that was named alone, not for its sources.
_TARGET_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "duration_seconds": ("AWS_VAULT_DURATION",),
    "role_arn": ("AWS_ROLE_ARN",),
    "role_session_name": ("AWS_ROLE_SESSION_NAME",),
    "session_tags": ("AWS_SESSION_TAGS",),
    "source_identity": ("AWS_SOURCE_IDENTITY",),
    "transitive_session_tags": ("AWS_TRANSITIVE_TAGS",),
}


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line asked for: `region` for the whole chain, the rest (`duration` in seconds) for its end."""

    region: str | None = None
    role_arn: str | None = None
    source_profile: str | None = None
    duration: int | None = None


def layers(name: str, config: ConfigFile, env: Mapping[str, str], overrides: Overrides, *, target: bool) -> list[Layer]:
    """Return the layers of profile `name`; `target` is false for a profile that is only the source of another.

    Raises ConfigError for an `include_profile` loop, or a profile or services section that does not exist.
    """
    return [
        _options(overrides, target=target),
        _variables(_VARIABLES, env),
        *([_variables(_TARGET_VARIABLES, env)] if target else []),
        *(_settings(section, config) for section in included(name, config)),
        *(_lent(_settings(section, config)) for section in included("default", config)),
    ]


def loop(key: str, steps: Sequence[tuple[str, Origin]]) -> ConfigError:
    """Return the error for a circle of `key` settings: each profile of it, and where it points to the next."""
    links = [f"{shortened(name)} ({origin})" for name, origin in steps]
    if len(links) > _DRAWN:
        links[_DRAWN - 1 : -1] = [f"… ({len(links) - _DRAWN} more)"]
    path = " -> ".join(links)
    return ConfigError(
        f"{key} goes round in a circle: {path} -> {shortened(steps[0][0])}", f"remove one {key} of these"
    )


def too_deep(key: str, origin: Origin) -> ShellintError:
    """Return the error for a chain of `key` settings that is longer than any that was meant."""
    return origin.error(f"{key} leads on through more than {DEEPEST} profiles", "make the chain shorter")


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the one of `names` that `name` was most likely meant to be, if any comes close."""
    import difflib

    if len(name) > _LONGEST_GUESS:
        return None
    candidates = [candidate for candidate in names[:_MOST_GUESSES] if len(candidate) <= _LONGEST_GUESS]
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[matches[0]] if matches else None


def _options(overrides: Overrides, *, target: bool) -> Layer:
    options = {
        "region": ("--region", overrides.region),
        "role_arn": ("--role-arn", overrides.role_arn if target else None),
        "source_profile": ("--source-profile", overrides.source_profile if target else None),
        "duration_seconds": ("--duration", overrides.duration if target else None),
    }
    return {key: (str(value), Origin(option)) for key, (option, value) in options.items() if value is not None}


def _variables(table: Mapping[str, tuple[str, ...]], env: Mapping[str, str]) -> Layer:
    return {
        key: (env[variable], Origin(variable))
        for key, variables in table.items()
        for variable in reversed(variables)
        if env.get(variable)
    }


def included(name: str, config: ConfigFile) -> list[Section]:
    """Return the sections that are read for profile `name`: its own and what it includes. Raises ConfigError."""
    sections: list[Section] = []
    steps: dict[str, Origin] = {}
    while (section := config.profiles.get(name)) is not None:
        sections.append(section)
        following, line = section.settings.get("include_profile", ("", 0))
        if not following:
            break
        steps[name] = origin = config.origin(line)
        if following in steps:
            raise loop("include_profile", list(steps.items())[list(steps).index(following) :])
        if following not in config.profiles:
            raise origin.error(
                f"include_profile names {shown(following)}, which is not there", _hint(following, config)
            )
        if len(steps) > DEEPEST:
            raise too_deep("include_profile", origin)
        name = following
    return sections


def _hint(name: str, config: ConfigFile) -> str:
    close = nearest(name, list(config.profiles))
    return f"did you mean {close}?" if close else ""


def _settings(section: Section, config: ConfigFile) -> Layer:
    there = ((key, *section.settings.get(key, ("", 0))) for key in SETTINGS)
    settings: dict[str, tuple[str, Origin]] = {key: (value, config.origin(line)) for key, value, line in there if value}
    services = settings.get("services")
    if services is None:
        return settings
    name, origin = services
    if name not in config.services:
        raise origin.error(
            f"services names {shown(name)}, but no [services …] has that name", "add it or remove this line"
        )
    for service in SERVICES:
        url, line = config.services[name].nested.get(service, {}).get("endpoint_url", ("", 0))
        if url:
            settings[f"endpoint_url_{service}"] = (url, config.origin(line))
    return settings


def _lent(layer: Layer) -> Layer:
    return {key: setting for key, setting in layer.items() if key in LENT}
