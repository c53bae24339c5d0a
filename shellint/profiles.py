"""A profile with everything that shapes its session, out of the config file, the environment and the command line.

Pure: no network, no store, no process environment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from shellint.config_file import ConfigFile, profile_names, read_config
from shellint.errors import ConfigError, ShellintError
from shellint.layers import DEEPEST, SERVICES, Overrides, layers, loop, nearest, too_deep
from shellint.origin import Origin, shortened, shown
from shellint.profile_settings import ProfileSettings
from shellint.providers import Provider, provider_of

__all__ = [
    "ConfigFile",
    "Origin",
    "Overrides",
    "Profile",
    "links",
    "nearest",
    "profile_names",
    "read_config",
    "resolve",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile, resolved; `source` is the profile whose credentials it starts from, None when it has its own.

    `duration_seconds` is in seconds; `endpoint_urls` are by service (layers.SERVICES); `provider` is where it says that
    its credentials come from; `origins` says where each setting came from, under its name in the config file; `notes`
    are lines worth telling the person.
    """

    name: str
    region: str | None = None
    role_arn: str | None = None
    source: Profile | None = None
    mfa_serial: str | None = None
    mfa_process: str | None = None
    role_session_name: str | None = None
    external_id: str | None = None
    duration_seconds: int | None = None
    session_tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    endpoint_urls: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None
    use_fips_endpoint: bool = False
    use_dualstack_endpoint: bool = False
    sts_regional_endpoints: str | None = None
    provider: Provider | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    notes: tuple[str, ...] = ()


def resolve(
    name: str,
    config: ConfigFile,
    env: Mapping[str, str],
    overrides: Overrides | None = None,
    *,
    known: Collection[str] = (),
) -> Profile:
    """Return profile `name` with the chain of its sources.

    `env` is the caller's environment as it was before any `vault use`. `known` are the names that need no section:
    those with a stored key, and those of the shared credentials file, so that the plan can say where their key is.

    A role from `--role-arn` or AWS_ROLE_ARN takes the place of the profile's own; the source stays. A profile that
    names itself as its source holds its own key, as in the AWS CLI.

    Raises ConfigError, or UsageError where an option is to blame: unknown profile, loop, bad value.
    """
    chain = list(links(name, config, env, overrides, known=known))
    base = None
    for hop, settings in reversed(chain[1:]):
        base = _profile(hop, settings, config, base)
    _, target = chain[0]
    _, notes = _without_pod_identity(env)
    return _profile(name, target, config, base, (*notes, *_region_notes(name, target)))


def links(
    name: str,
    config: ConfigFile,
    env: Mapping[str, str],
    overrides: Overrides | None = None,
    *,
    known: Collection[str] = (),
) -> Iterator[tuple[str, ProfileSettings]]:
    """Yield profile `name` and then each source that the one before it names, with their settings not yet checked.

    Arguments as for `resolve`. Raises ConfigError or UsageError where the chain breaks, after what could be yielded.
    """
    overrides = overrides or Overrides()
    env, _ = _without_pod_identity(env)
    known = dict.fromkeys(known)
    if name not in config.profiles and name not in known:
        raise _unknown(name, config, known)
    passed: dict[str, Origin] = {}
    hop = name
    while True:
        settings = ProfileSettings(layers(hop, config, env, overrides, target=hop == name))
        yield hop, settings
        source = settings.text("source_profile")
        if source is None or source == hop:
            return
        passed[hop] = origin = settings.origins["source_profile"]
        if source in passed:
            raise loop("source_profile", list(passed.items())[list(passed).index(source) :])
        if source not in config.profiles and source not in known:
            if source in config.others:
                raise _without_kind(source, config)
            raise origin.error(
                f"source_profile of {hop} names {shown(source)}, which has neither a section nor a stored key",
                _did_you_mean(source, config, known) or "add a section of that name, or `vault add` a key for it",
            )
        if len(passed) > DEEPEST:
            raise too_deep("source_profile", origin)
        hop = source


def _profile(
    name: str, settings: ProfileSettings, config: ConfigFile, source: Profile | None, notes: tuple[str, ...] = ()
) -> Profile:
    services = () if settings.flag("ignore_configured_endpoint_urls") else SERVICES
    urls = {service: settings.endpoint_url(service) for service in services}
    return Profile(
        name=name,
        region=settings.text("region"),
        role_arn=settings.text("role_arn"),
        source=source,
        mfa_serial=settings.text("mfa_serial"),
        mfa_process=settings.text("mfa_process"),
        role_session_name=settings.text("role_session_name"),
        external_id=settings.text("external_id"),
        duration_seconds=settings.seconds("duration_seconds"),
        session_tags=settings.tags("session_tags"),
        transitive_tag_keys=settings.items("transitive_session_tags"),
        source_identity=settings.text("source_identity"),
        endpoint_urls={service: url for service, url in urls.items() if url},
        ca_bundle=settings.text("ca_bundle"),
        use_fips_endpoint=settings.flag("use_fips_endpoint"),
        use_dualstack_endpoint=settings.flag("use_dualstack_endpoint"),
        sts_regional_endpoints=settings.text("sts_regional_endpoints"),
        provider=provider_of(settings, config),
        origins=settings.origins,
        notes=notes,
    )


def _without_pod_identity(env: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    # Kubernetes puts both variables into every pod: together they say who the pod is, nothing about the profile.
    if not (env.get("AWS_ROLE_ARN") and env.get("AWS_WEB_IDENTITY_TOKEN_FILE")):
        return env, ()
    kept = {variable: value for variable, value in env.items() if variable != "AWS_ROLE_ARN"}
    return kept, ("AWS_ROLE_ARN is ignored, because AWS_WEB_IDENTITY_TOKEN_FILE is set too",)


def _region_notes(name: str, settings: ProfileSettings) -> tuple[str, ...]:
    regions = settings.all("region")
    used, origin = regions[0] if regions else ("", Origin(""))
    others = [(region, place) for region, place in regions if place.line is not None]
    if origin.line is not None or origin.is_option or not others or others[0][0] == used:
        return ()
    return (f"region {used} ({origin}), not {others[0][0]} as {name} has it ({others[0][1]})",)


def _unknown(name: str, config: ConfigFile, known: Iterable[str]) -> ShellintError:
    if name in config.others:
        return _without_kind(name, config)
    hint = _did_you_mean(name, config, known)
    if not config.is_there:
        why = f"there is no file {config.path}, and no stored key has that name"
        return ConfigError(f"no profile {shown(name)}: {why}", hint or "is AWS_CONFIG_FILE right? `vault add` makes it")
    why = f"neither a section in {config.path} nor a stored key has that name"
    return ConfigError(f"no profile {shown(name)}: {why}", hint or "`vault list` shows the profiles there are")


def _without_kind(name: str, config: ConfigFile) -> ShellintError:
    return config.origin(config.others[name]).error(
        f"[{shortened(name)}] is no profile", f"write [profile {shortened(name)}]"
    )


def _did_you_mean(name: str, config: ConfigFile, known: Iterable[str]) -> str:
    close = nearest(name, [*config.profiles, *known])
    return f"did you mean {close}?" if close else ""
