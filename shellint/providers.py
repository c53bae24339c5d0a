"""Where a profile's credentials come from when no stored key gives them: values, read out of its settings.

A profile may name several ways; the first of `_READERS` that it has counts, as in aws-vault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.layers import nearest
from shellint.origin import shortened

if TYPE_CHECKING:
    from shellint.config_file import ConfigFile
    from shellint.profile_settings import ProfileSettings

__all__ = [
    "Machine",
    "PlainKey",
    "Process",
    "Provider",
    "SignIn",
    "Sso",
    "SsoInstance",
    "WebIdentityToken",
    "provider_of",
    "providing",
    "sso_instance",
]

# What a client asks for when the config names no scopes: the AWS CLI's own choice, and what a refresh token needs.
_DEFAULT_SCOPES = ("sso:account:access",)


@dataclass(frozen=True, slots=True)
class SsoInstance:
    """One IAM Identity Center, as one client signs in to it; `session` is the [sso-session NAME], None without one.

    A sign-in serves every account and role. https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
    """

    start_url: str
    region: str
    session: str | None = None
    scopes: tuple[str, ...] = _DEFAULT_SCOPES

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.session or self.start_url


@dataclass(frozen=True, slots=True)
class Sso:
    """A role in an account, through IAM Identity Center."""

    instance: SsoInstance
    account_id: str
    role_name: str


@dataclass(frozen=True, slots=True)
class WebIdentityToken:
    """A token from a `file`, or printed by a `process`: what AssumeRoleWithWebIdentity is asked with."""

    file: str | None = None
    process: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A program that prints credentials: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html."""

    command: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine holds: `source` is Environment, Ec2InstanceMetadata or EcsContainer."""

    source: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """A console sign-in kept by `aws login`; `session` is the ARN under which it is kept."""

    session: str


@dataclass(frozen=True, slots=True)
class PlainKey:
    """A key in plain text: never used, only named."""


Provider = Sso | WebIdentityToken | Process | Machine | SignIn | PlainKey


def provider_of(settings: ProfileSettings, config: ConfigFile) -> Provider | None:
    """Return where the profile with these settings says its credentials come from, or None.

    Raises ConfigError when what it names is not complete.
    """
    for key in filter(settings.has, _READERS):
        return _READERS[key](settings, config)
    return None


def providing(names: Collection[str]) -> Mapping[str, bool]:
    """Return those of the settings `names` by which a profile says where its credentials come from.

    Each tells whether it belongs to the way that counts, the first one there.
    """
    there = [key for key in _READERS if key in names]
    return {key: _READERS[key] is _READERS[there[0]] for key in there}


def sso_instance(name: str, config: ConfigFile) -> SsoInstance:
    """Return the [sso-session NAME] that the config file has. Raises ConfigError when it is not complete."""
    from shellint.profile_settings import ProfileSettings

    section = config.sso_sessions[name]
    values = {key: (value, config.origin(line)) for key, (value, line) in section.settings.items() if value}
    settings = ProfileSettings([values])
    start_url, region = settings.text("sso_start_url"), settings.text("sso_region")
    if start_url is None or region is None:
        missing = "sso_start_url" if start_url is None else "sso_region"
        raise config.origin(section.line).error(f"[sso-session {name}] has no {missing}", "add it there")
    return SsoInstance(start_url, region, name, settings.items("sso_registration_scopes") or _DEFAULT_SCOPES)


def _sso(settings: ProfileSettings, config: ConfigFile) -> Sso:
    session = settings.text("sso_session")
    # A session's own start URL counts, and an inline one beside it is only said twice.
    if session is None:
        instance = SsoInstance(_needed(settings, "sso_start_url"), _needed(settings, "sso_region"))
    elif session in config.sso_sessions:
        instance = sso_instance(session, config)
    else:
        close = nearest(session, list(config.sso_sessions))
        raise settings.origins["sso_session"].error(
            f"there is no [sso-session {shortened(session)}]",
            f"did you mean {close}?" if close else "`aws configure sso-session` makes one",
        )
    return Sso(instance, _needed(settings, "sso_account_id"), _needed(settings, "sso_role_name"))


def _needed(settings: ProfileSettings, key: str) -> str:
    value = settings.text(key)
    if value is None:
        known = next(each for each in ("sso_session", "sso_start_url", "sso_account_id") if settings.has(each))
        raise settings.all(known)[0][1].error(f"the profile has {known} but no {key}", f"add {key} to it")
    return value


def _web_identity(settings: ProfileSettings, _: ConfigFile) -> WebIdentityToken:
    return WebIdentityToken(settings.text("web_identity_token_file"), settings.text("web_identity_token_process"))


def _plain_key(settings: ProfileSettings, _: ConfigFile) -> PlainKey:
    settings.text("aws_access_key_id")  # for its origin
    return PlainKey()


_READERS: Mapping[str, Callable[[ProfileSettings, ConfigFile], Provider]] = {
    "sso_session": _sso,
    "sso_start_url": _sso,
    "sso_account_id": _sso,
    "web_identity_token_file": _web_identity,
    "web_identity_token_process": _web_identity,
    "credential_process": lambda settings, _: Process(settings.text("credential_process") or ""),
    "credential_source": lambda settings, _: Machine(settings.text("credential_source") or ""),
    "login_session": lambda settings, _: SignIn(settings.text("login_session") or ""),
    "aws_access_key_id": _plain_key,
}
