"""From a wish to a plan: what a profile comes to for the caller, without a look at any secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shellint.config_file import ConfigFile, credentials_sections, read_config
from shellint.environment import original
from shellint.lease import Saved, Wish
from shellint.paths import paths_from
from shellint.plan import Plan, make_plan
from shellint.profiles import Overrides, Profile, resolve
from shellint.request import Request
from shellint.variables import SHAPING

__all__ = ["Setup", "as_wished", "look_up", "plan_for", "plan_from", "wish_for"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a plan is made of: the config, the environment before any `use`, the command line, what is stored.

    `keys` are the names that have a stored key, `known` all names that need no section.
    """

    config: ConfigFile
    env: Mapping[str, str] = field(repr=False)
    overrides: Overrides
    keys: frozenset[str]
    known: tuple[str, ...]

    def profile(self, name: str) -> Profile:
        """Return the profile of that name, resolved. Raises ConfigError and UsageError."""
        return resolve(name, self.config, self.env, self.overrides, known=self.known)


def wish_for(request: Request, wish: Wish) -> Wish:
    """Write into a new wish what the caller's environment says about the session."""
    before = original(request.env)
    return replace(wish, environment={name: before[name] for name in SHAPING if before.get(name)})


def look_up(request: Request, wish: Wish) -> Setup:
    """Return what the plan for a wish is made of. Raises ConfigError and StoreError."""
    env = _environment(request.env, wish)
    keys = request.store.names("key")
    return Setup(
        config=read_config(paths_from(env).aws_config),
        env=env,
        overrides=Overrides(wish.region, wish.role_arn, wish.source_profile, wish.duration),
        keys=frozenset(keys),
        known=(*keys, *credentials_sections(request.paths.aws_credentials)),
    )


def plan_for(request: Request, wish: Wish) -> Plan:
    """Return the plan for what a wish names. Raises ConfigError, StoreError and UsageError."""
    setup = look_up(request, wish)
    return plan_from(request, wish, setup, setup.profile(wish.profile))


def plan_from(request: Request, wish: Wish, setup: Setup, profile: Profile) -> Plan:
    """Return the plan for a profile that was looked up. Raises ConfigError and UsageError."""
    return make_plan(
        profile,
        setup.env,
        has_key=setup.keys.__contains__,
        user=request.user,
        host=request.host,
        duration=wish.duration,
        session=not wish.no_session,
        credentials_file=request.paths.aws_credentials,
    )


def as_wished(env: Mapping[str, str], wish: Wish) -> dict[str, str]:
    """Return `env` as it was before any `use`, with what shapes a session as the wish has it."""
    return {name: value for name, value in original(env).items() if name not in SHAPING} | dict(wish.environment)


def _environment(env: Mapping[str, str], wish: Wish) -> dict[str, str]:
    saved = Saved.decode(env.get("SHELLINT_SAVED", ""))
    # Of a former secret, which rests in the store, a plan has to know no more than that it is there.
    return dict.fromkeys(saved.sealed if saved else (), "sealed") | as_wished(env, wish)
