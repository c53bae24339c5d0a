"""The settings of one profile, read key by key through its layers and checked.

What AWS would refuse for its shape is refused here, where the file and line, or the variable, can still be named. The
shapes are those of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. A region and an endpoint
also end up in a host name, where `x.evil.example/` must never pass for a region.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shellint.durations import parse_duration
from shellint.layers import Layer
from shellint.origin import Origin, shown

__all__ = ["ProfileSettings"]

_SHAPES: Mapping[str, tuple[str, str]] = {
    "region": (r"(?=.{1,63}$)[a-z]{2,}(-[a-z]+)+-[0-9]+", "a region, such as eu-west-1"),
    "role_arn": (
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]{1,2000}",
        "the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME)",
    ),
    "mfa_serial": (r"[\w+=/:,.@-]{9,256}", "the ARN or the serial number of an MFA device"),
    "role_session_name": (r"[\w+=,.@-]{2,64}", "a session name: 2 to 64 letters, digits or any of _+=,.@-"),
    "source_identity": (r"[\w+=,.@-]{2,64}", "a source identity: 2 to 64 letters, digits or any of _+=,.@-"),
    "external_id": (r"[\w+=,.@:/-]{2,1224}", "an external id: 2 to 1224 letters, digits or any of _+=,.@:/-"),
    "endpoint_url": (
        r"(?=[!-~]{1,2000}$)https?://[^/@?#]+(/[^@?#]*)?",
        "a URL (http or https, without user name and query)",
    ),
    "sts_regional_endpoints": (r"legacy|regional", "`legacy` or `regional`"),
    "ignore_configured_endpoint_urls": (r"(?i:true|false)", "`true` or `false`"),
    "use_dualstack_endpoint": (r"(?i:true|false)", "`true` or `false`"),
    "use_fips_endpoint": (r"(?i:true|false)", "`true` or `false`"),
    "sso_start_url": (r"https?://[!-~]{1,2000}", "a URL, such as https://d-1234567890.awsapps.com/start"),
    "sso_account_id": (r"[0-9]{12}", "an account number of twelve digits"),
    "sso_role_name": (r"[\w+=,.@-]{1,64}", "the name of a permission set"),
    "credential_source": (
        r"Environment|Ec2InstanceMetadata|EcsContainer",
        "`Environment`, `Ec2InstanceMetadata` or `EcsContainer`",
    ),
}
# Settings with the shape of another.
_SAME_SHAPE = {"sso_region": "region"}
# Fifty session tags at their longest, and more than any shell would take for a command.
_ONE_LINE = (r".{0,20000}", "one line, of 20,000 characters at most")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know
_TAG_KEY = re.compile(r"(?!(?i:aws:))[\w .:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")
_MOST_TAGS = 50


class ProfileSettings:
    """The layers of one profile; `origins` grows with each key that is read.

    Every reader raises ConfigError, or UsageError for an option, when the value has not the shape that AWS takes.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.origins: dict[str, Origin] = {}

    def all(self, key: str) -> list[tuple[str, Origin]]:
        """Return every value of `key`, one of SETTINGS, strongest first, unchecked."""
        return [layer[key] for layer in self._layers if key in layer]

    def has(self, key: str) -> bool:
        """Return whether `key` has a value."""
        return any(key in layer for layer in self._layers)

    def text(self, key: str) -> str | None:
        """Return the strongest value of `key`."""
        for value, origin in self.all(key)[:1]:
            return self._checked(key, value, origin)
        return None

    def endpoint_url(self, service: str) -> str | None:
        """Return the URL of `service` (`sts`, `sso_oidc`, …): in each layer its own comes before that of all services.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        for layer in self._layers:
            for key in (f"endpoint_url_{service}", "endpoint_url"):
                if key in layer:
                    return self._checked("endpoint_url", *layer[key], name=f"endpoint_url_{service}")
        return None

    def _checked(self, key: str, value: str, origin: Origin, name: str | None = None) -> str:
        self.origins[name or key] = origin
        pattern, words = _SHAPES.get(_SAME_SHAPE.get(key, key), _ONE_LINE)
        if re.fullmatch(pattern, value, re.ASCII):
            return value
        raise origin.error(f"{key} must be {words}, not {shown(value)}", "correct it there")

    def flag(self, key: str) -> bool:
        """Return whether `key` is `true`."""
        return (self.text(key) or "").lower() == "true"

    def seconds(self, key: str) -> int | None:
        """Return the duration `key` in seconds."""
        text = self.text(key)
        return None if text is None else parse_duration(text, self.origins[key])

    def items(self, key: str) -> tuple[str, ...]:
        """Return the comma-separated items of `key`."""
        return tuple(item.strip() for item in (self.text(key) or "").split(",") if item.strip())

    def tags(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return the session tags of `key`, written `name=value,name2=value2`; a value may hold `=` but no comma."""
        pairs = [item.partition("=") for item in self.items(key)]
        origin = self.origins.get(key, Origin(key))
        for name, equals, value in pairs:
            if not (equals and _TAG_KEY.fullmatch(name) and _TAG_VALUE.fullmatch(value)):
                tag = name + equals + value
                raise origin.error(f"{key}: AWS would refuse the tag {shown(tag)}", "write name=value,name2=value2")
        if len(pairs) > _MOST_TAGS:
            raise origin.error(f"{key} has {len(pairs)} tags, AWS takes {_MOST_TAGS}", "leave some out")
        if len({name.lower() for name, _, _ in pairs}) < len(pairs):
            raise origin.error(f"{key} names a tag twice (in names, AWS ignores upper and lower case)", "leave one out")
        return tuple((name, value) for name, _, value in pairs)
