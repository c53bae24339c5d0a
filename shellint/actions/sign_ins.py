"""Which IAM Identity Center a person means, and where it is asked: what `sso login`, `logout` and `sync` begin with."""

from __future__ import annotations

from collections.abc import Mapping

from shellint.config_file import ConfigFile, read_config
from shellint.endpoint import bearer_endpoint
from shellint.environment import original
from shellint.errors import ConfigError, NeedsHuman, ShellintError, UsageError
from shellint.layers import Overrides, layers
from shellint.origin import shown
from shellint.profile_settings import ProfileSettings
from shellint.profiles import Profile, nearest, resolve
from shellint.providers import Sso, SsoInstance, sso_instance
from shellint.request import Request
from shellint.sso.values import SignInPlace

__all__ = ["SignInPlace", "choose", "every"]


def choose(request: Request, name: str | None) -> SignInPlace:
    """Return what `name` means: an [sso-session], a profile (or what it starts from), or a start URL in the config.

    Without a name it is the only one there is, else the person is asked. Raises ConfigError when there is none, or none
    of that name, NeedsHuman when nobody can be asked, UsageError for an answer that is none of them.
    """
    config, env = read_config(request.paths.aws_config), original(request.env)
    found, broken = _instances(config)
    if name is None:
        return _place(_one_of(found, broken, request, config), config, env)
    if name in config.sso_sessions:
        return _place(sso_instance(name, config), config, env)
    if name in found:
        return _place(found[name], config, env)
    if name in config.profiles:
        return _of_profile(resolve(name, config, env))
    for instance in found.values():
        if _plain(instance.start_url) == _plain(name):
            return _place(instance, config, env)
    close = nearest(name, [*found, *config.profiles])
    raise ConfigError(
        f"no sign-in {shown(name)}: neither an [sso-session], a profile nor a start URL of {config.path}",
        f"did you mean {close}?" if close else f"name one: {', '.join(found)}" if found else _how_to_begin(config),
    )


def every(request: Request) -> list[SignInPlace]:
    """Return all that the config file names; what is not complete there is left out. Raises ConfigError."""
    config, env = read_config(request.paths.aws_config), original(request.env)
    found, _ = _instances(config)
    return [_place(instance, config, env) for instance in found.values()]


def _instances(config: ConfigFile) -> tuple[dict[str, SsoInstance], list[ShellintError]]:
    """Return what the config file names, by name, and what is wrong with the others."""
    found: dict[str, SsoInstance] = {}
    broken: list[ShellintError] = []
    for session in config.sso_sessions:
        try:
            found[session] = sso_instance(session, config)
        except ShellintError as error:
            broken.append(error)
    for name, section in config.profiles.items():
        if "sso_start_url" in section.settings and "sso_session" not in section.settings:
            try:
                instance = _inline(name, config)
            except ShellintError as error:
                broken.append(error)
            else:
                found.setdefault(instance.name, instance)
    return found, broken


def _inline(profile: str, config: ConfigFile) -> SsoInstance:
    settings = ProfileSettings(layers(profile, config, {}, Overrides(), target=False))
    start_url, region = settings.text("sso_start_url"), settings.text("sso_region")
    if start_url is None or region is None:
        raise ConfigError(f"profile {profile} has no complete sign-in", "add sso_start_url and sso_region to it")
    return SsoInstance(start_url, region)


def _one_of(
    found: Mapping[str, SsoInstance], broken: list[ShellintError], request: Request, config: ConfigFile
) -> SsoInstance:
    if not found:
        raise broken[0] if broken else ConfigError(f"{config.path} names no Identity Center", _how_to_begin(config))
    if len(found) == 1:
        return next(iter(found.values()))
    names = ", ".join(found)
    try:
        answer = request.human.ask(f"Which sign-in ({names})").strip()
    except NeedsHuman as error:
        raise NeedsHuman(error.what, f"name one: {names}") from None
    if answer not in found:
        raise UsageError(f"{shown(answer)} is none of them", f"name one: {names}")
    return found[answer]


def _of_profile(profile: Profile) -> SignInPlace:
    hop: Profile | None = profile
    while hop is not None:
        if isinstance(hop.provider, Sso):
            return _asked_for(hop.provider.instance, profile)
        hop = hop.source
    raise ConfigError(f"{profile.name} does not begin with a sign-in", f"`vault explain {profile.name}` shows how")


def _place(instance: SsoInstance, config: ConfigFile, env: Mapping[str, str]) -> SignInPlace:
    # No section has this name: what is left is what the environment says and [default] lends.
    return _asked_for(instance, resolve("", config, env, known=("",)))


def _asked_for(instance: SsoInstance, profile: Profile) -> SignInPlace:
    return SignInPlace(
        instance,
        portal=bearer_endpoint(profile, "sso", instance.region),
        oidc=bearer_endpoint(profile, "sso_oidc", instance.region),
    )


def _plain(url: str) -> str:
    return url.rstrip("/#")


def _how_to_begin(config: ConfigFile) -> str:
    return f"put an [sso-session NAME] with sso_start_url and sso_region into {config.path}"
