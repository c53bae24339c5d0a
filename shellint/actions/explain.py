"""`explain`: what a `use` would do, and where every setting of it came from; nothing is opened, asked or run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shellint.actions.planning import Setup, look_up, plan_from, wish_for
from shellint.endpoint import Endpoint
from shellint.errors import ShellintError
from shellint.lasting import Lasting
from shellint.layers import SETTINGS, included, nearest
from shellint.lease import Wish
from shellint.origin import Origin, program_of
from shellint.other_settings import is_read_elsewhere
from shellint.plan import Plan
from shellint.profile_settings import ProfileSettings
from shellint.profiles import ConfigFile, Profile, links
from shellint.providers import Process, WebIdentityToken, providing
from shellint.request import Request
from shellint.step_words import Described, described
from shellint.steps import AssumeRole, Provided, SessionToken, Step, StoredKey, WebIdentity

__all__ = ["Explanation", "Setting", "Unread", "explain"]

# Each section that is included is read; none of them takes the place of another.
_FOLLOWED = {"include_profile"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of one profile of the chain as it stands there, unchecked, and what it took the place of.

    `unused` says why it does not count, where it would be a source of credentials.
    """

    profile: str
    name: str
    value: str
    origin: Origin
    overridden: tuple[tuple[str, Origin], ...] = ()
    unused: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A setting that nobody is known to read; `meant` is the one that it may have been meant to be."""

    name: str
    origin: Origin
    meant: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that can be said of a wish; `error` is why it would fail, and then there may be no plan and no steps.

    `commands` are the settings whose commands would run, with the commands; `endpoints` are services with the origin
    of their URL, None where botocore finds it by the region.
    """

    profile: str
    config: Path
    settings: tuple[Setting, ...] = ()
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()
    plan: Plan | None = None
    steps: tuple[Described, ...] = ()
    region: Origin | None = None
    commands: tuple[tuple[str, str], ...] = ()
    endpoints: tuple[tuple[str, Endpoint, Origin | None], ...] = ()
    error: ShellintError | None = None

    def place(self, origin: Origin) -> str:
        """Return an origin as it is shown beside the name of the config file."""
        return _place(origin, self.config)


def explain(request: Request, wish: Wish, *, force: bool = False, mfa_token: bool = False) -> Explanation:
    """Return what `use` would do for `wish`, as far as that can be told.

    `mfa_token` tells whether a code was given. Raises ConfigError and StoreError where nothing at all can be told.
    """
    wish = wish_for(request, wish)
    setup = look_up(request, wish)
    config = setup.config.path
    settings: list[Setting] = []
    unread: list[Unread] = []
    notes: list[str] = []
    try:
        for name, each in links(wish.profile, setup.config, setup.env, setup.overrides, known=setup.known):
            settings += _settings(name, each, setup)
            unread += _unread(name, each, setup.config)
            notes += _merged(name, setup.config)
        profile = setup.profile(wish.profile)
        plan = plan_from(request, wish, setup, profile)
        steps = described(
            plan,
            profile,
            Lasting(profile, setup.env, wish.duration),
            lambda origin: _place(origin, config),
            sessions=frozenset(request.store.names("session")),
            force=force,
            mfa_token=mfa_token,
        )
    except ShellintError as error:
        if not settings:
            raise
        told = tuple(map(_without_words, settings))
        return Explanation(wish.profile, config, told, tuple(unread), tuple(notes), error=error)
    return Explanation(
        profile=wish.profile,
        config=config,
        settings=tuple(map(_without_words, _with_use(settings, plan.steps[0]))),
        unread=tuple(unread),
        notes=(*plan.notes, *notes),
        plan=plan,
        steps=steps,
        region=profile.origins.get("region"),
        commands=tuple(dict.fromkeys(each for step in plan.steps for each in _commands(step, code_given=mfa_token))),
        endpoints=tuple(_endpoints(plan, profile)),
    )


def _settings(name: str, settings: ProfileSettings, setup: Setup) -> Iterator[Setting]:
    session = _sso_session(settings, setup.config)
    for key in SETTINGS:
        found = list(dict.fromkeys((*session.get(key, ()), *settings.all(key))))
        if key == "duration_seconds":
            found = _durations(found, settings, setup)
        if key in _FOLLOWED:
            yield from (Setting(name, key, value, origin) for value, origin in found)
        elif found:
            (value, origin), *others = found
            yield Setting(name, key, value, origin, tuple(other for other in others if other[0] != value))


def _sso_session(settings: ProfileSettings, config: ConfigFile) -> Mapping[str, list[tuple[str, Origin]]]:
    """Return what the [sso-session NAME] says that the profile names: it counts before what the profile says itself."""
    named = [config.sso_sessions[name] for name, _ in settings.all("sso_session")[:1] if name in config.sso_sessions]
    return {
        key: [(value, config.origin(line))]
        for section in named
        for key, (value, line) in section.settings.items()
        if value
    }


def _unread(name: str, settings: ProfileSettings, config: ConfigFile) -> Iterator[Unread]:
    sections = included(name, config)
    sections += [
        config.sso_sessions[each] for each, _ in settings.all("sso_session")[:1] if each in config.sso_sessions
    ]
    for section in sections:
        for key, (_, line) in section.settings.items():
            if key not in SETTINGS and not is_read_elsewhere(key):
                yield Unread(key, config.origin(line), nearest(key, SETTINGS))


def _merged(name: str, config: ConfigFile) -> Iterator[str]:
    """Yield a line when a profile has more than one section: no other program reads all of them as one."""
    section = config.profiles.get(name)
    if section and section.again:
        lines = " and ".join(f"line {line}" for line in (section.line, *section.again))
        yield f"{name} has more than one section ({lines}): they are read as one, in which the last value counts"


def _without_words(setting: Setting) -> Setting:
    if not setting.name.endswith("_process"):
        return setting
    overridden = tuple((program_of(value), origin) for value, origin in setting.overridden)
    return replace(setting, value=program_of(setting.value), overridden=overridden)


def _with_use(settings: list[Setting], root: Step) -> Iterator[Setting]:
    """Yield the settings; those that would be a source of credentials with why they are not, should it be so."""
    for each in settings:
        ways = providing([other.name for other in settings if other.profile == each.profile])
        if each.name not in ways:
            yield each
        elif each.profile != root.profile:
            yield replace(each, unused=f"it all starts from {root.profile}")
        elif isinstance(root, StoredKey):
            yield replace(each, unused="the stored key comes first")
        else:
            yield each if ways[each.name] else replace(each, unused=f"{next(iter(ways))} comes first")


def _durations(found: list[tuple[str, Origin]], settings: ProfileSettings, setup: Setup) -> list[tuple[str, Origin]]:
    """Return what is asked of a role's duration, strongest first: the variable counts, though it is no setting."""
    if not settings.has("role_arn"):
        return [each for each in found if each[1].line is None]
    variable = "AWS_ASSUME_ROLE_TTL"
    said = [(setup.env[variable], Origin(variable))] if setup.env.get(variable) else []
    return sorted([*found, *said], key=lambda each: (not each[1].is_option, each[1].line is not None))


def _commands(step: Step, *, code_given: bool) -> Iterator[tuple[str, str]]:
    match step:
        case Provided(provider=Process(command)):
            yield "credential_process", program_of(command)
        case WebIdentity(token=WebIdentityToken(process=str(command))):
            yield "web_identity_token_process", program_of(command)
    asking = step.exchange if isinstance(step, Provided) else step
    if isinstance(asking, SessionToken | AssumeRole) and asking.mfa_serial and asking.mfa_process and not code_given:
        yield "mfa_process", program_of(asking.mfa_process)


def _endpoints(plan: Plan, profile: Profile) -> Iterator[tuple[str, Endpoint, Origin | None]]:
    asked: tuple[tuple[str, Endpoint | None], ...] = (
        ("sso_oidc", plan.oidc),
        ("sso", plan.sso),
        ("sts", plan.sts if not isinstance(plan.steps[-1], Provided) else None),
    )
    for service, endpoint in asked:
        if endpoint is not None:
            yield service, endpoint, profile.origins.get(f"endpoint_url_{service}") if endpoint.url else None


def _place(origin: Origin, config: Path) -> str:
    return f"line {origin.line}" if origin.place == str(config) else str(origin)
