"""The metadata service of an EC2 instance, by IMDSv2 where it is there.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shellint.errors import ConfigError, NetworkError
from shellint.sources.failures import NOT_AN_ANSWER
from shellint.sources.refusals import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shellint.sources.roots import Caller

__all__ = ["instance"]

_FIELDS = {
    "AccessKeyId": "access_key",
    "SecretAccessKey": "secret_key",
    "SessionToken": "token",
    "Expiration": "expiry_time",
}


def instance(profile: str, caller: Caller) -> tuple[str, Mapping[str, Any]]:
    """Return where the credentials come from and what they are, under AWS's names, unchecked.

    Asked once, for a second, unless AWS_METADATA_SERVICE_TIMEOUT and AWS_METADATA_SERVICE_NUM_ATTEMPTS say otherwise.
    Raises ConfigError when a variable is wrong or rules it out, NetworkError when nobody answers or there is no role.
    """
    from botocore.exceptions import BotoCoreError

    env = caller.env
    if _is_true(env, "AWS_EC2_METADATA_DISABLED"):
        raise ConfigError(
            f"{profile} takes its credentials from the instance metadata, which AWS_EC2_METADATA_DISABLED rules out",
            "unset it, or use another profile",
        )
    try:
        fetcher = _fetcher(env)
    except BotoCoreError:
        raise ConfigError("AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL", "correct it, or unset it") from None
    place = f"the instance metadata at {one_line(fetcher.get_base_url())}"
    try:
        found = fetcher.retrieve_iam_role_credentials()
    except (BotoCoreError, *NOT_AN_ANSWER):
        found = {}
    if not found:
        raise NetworkError(
            f"{place} gave {profile} no credentials: nobody answers there, or the instance has no role",
            "attach a role to the instance; for a container on it, raise its metadata hop limit to 2",
        )
    return place, {name: found[key] for name, key in _FIELDS.items()}


def _fetcher(env: Mapping[str, str]) -> Any:
    """Return botocore's, set up by `env`. Raises its InvalidIMDSEndpointError."""
    from botocore.httpsession import URLLib3Session
    from botocore.utils import InstanceMetadataFetcher

    timeout = _number(env, "AWS_METADATA_SERVICE_TIMEOUT")

    class Fetcher(InstanceMetadataFetcher):  # type: ignore[misc]  # botocore is untyped
        """Without a proxy, and with the end that AWS gave."""

        def __init__(self) -> None:
            super().__init__(
                timeout=timeout,
                num_attempts=int(_number(env, "AWS_METADATA_SERVICE_NUM_ATTEMPTS")),
                env=env,
                config={
                    "ec2_metadata_service_endpoint": env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
                    "ec2_metadata_service_endpoint_mode": env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "").lower(),
                    "ec2_metadata_v1_disabled": _is_true(env, "AWS_EC2_METADATA_V1_DISABLED"),
                },
            )
            # The address stands for the machine itself; botocore would go through this process's own HTTP_PROXY.
            self._session = URLLib3Session(timeout=timeout)

        def _evaluate_expiration(self, credentials: dict[str, Any]) -> None:
            """Leave the end alone: botocore moves one that is near or past, should the service have an outage."""

    return Fetcher()


def _is_true(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").lower() == "true"


def _number(env: Mapping[str, str], name: str) -> float:
    """Return the value of a variable for seconds or attempts; botocore's default is 1."""
    text = env.get(name) or "1"
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text, re.ASCII) or not float(text):
        raise ConfigError(f"{name} is no number from 1 to 999", "correct it, or unset it")
    return float(text)
