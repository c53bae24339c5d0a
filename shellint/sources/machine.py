"""What the machine holds (`credential_source`): the environment, an instance's metadata, a container's endpoint.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shellint.errors import ConfigError
from shellint.sources.answers import StrangeAnswer, credentials_in
from shellint.sources.container import container
from shellint.sources.instance import instance

if TYPE_CHECKING:
    from shellint.credentials import Credentials, LongTermKey
    from shellint.plan import Plan
    from shellint.sources.roots import Caller
    from shellint.steps import Provided

__all__ = ["credentials"]

_VARIABLES = {
    "AccessKeyId": "AWS_ACCESS_KEY_ID",
    "SecretAccessKey": "AWS_SECRET_ACCESS_KEY",
    "SessionToken": "AWS_SESSION_TOKEN",
}


def credentials(step: Provided, _: Plan, caller: Caller) -> LongTermKey | Credentials:
    """Return what the machine has for the step; a key without a token is a long-term key, whatever it comes from.

    Raises ConfigError when it has nothing of the kind, NetworkError when nobody answers or not as AWS does, StoreError
    and NeedsHuman when the environment's own values rest in a store that cannot be opened.
    """
    place, given = _SOURCES[step.provider.source](step.profile, caller)  # type: ignore[union-attr]
    try:
        return credentials_in(given, caller.now())
    except StrangeAnswer as strange:
        raise ConfigError(
            f"{place} has no usable credentials for {step.profile}: {strange}", "see what is there"
        ) from None


def environment(profile: str, caller: Caller) -> tuple[str, Mapping[str, Any]]:
    """Return the values that the variables had before any `vault use`."""
    before = caller.former()
    needed = (_VARIABLES["AccessKeyId"], _VARIABLES["SecretAccessKey"])
    if missing := [name for name in needed if not before.get(name)]:
        raise ConfigError(
            f"{profile} takes its credentials from the environment, which has no {' and no '.join(missing)} of its own",
            "export them, or take credential_source out of the profile",
        )
    return "the environment", {name: before.get(variable) for name, variable in _VARIABLES.items()}


_SOURCES: Mapping[str, Callable[[str, Caller], tuple[str, Mapping[str, Any]]]] = {
    "Environment": environment,
    "Ec2InstanceMetadata": instance,
    "EcsContainer": container,
}
