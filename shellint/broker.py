"""Credentials for a plan: the one place where a grant is decided and recorded.

A chain is walked from its end: a session that the store has and that lasts long enough is taken as it is, else the
step is made with what the step before it gives, and kept.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from shellint.credentials import Credentials, LongTermKey
from shellint.durations import format_duration
from shellint.errors import AwsRefused, ConfigError, NeedsHuman, StoreError, UsageError
from shellint.paths import private_directory
from shellint.sessions import session_names
from shellint.sources.assume_role import assume_role
from shellint.sources.mfa import MfaCodes
from shellint.sources.session_token import get_session_token
from shellint.sources.sts import sts_client
from shellint.steps import AssumeRole, SessionToken, StoredKey
from shellint.store.lock import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shellint.plan import Plan
    from shellint.store import Store
    from shellint.terminal import Human

__all__ = ["Broker", "Grant"]

# A session that only serves to ask for the next one has to outlive the question, no more.
PARENT_TTL = 60
# After the first of these, in seconds, a person is told what is waited for; after the second it is given up.
LOCK_NOTICE, LOCK_LIMIT = 2.0, 120.0
# By these AWS says that a session which the store had is no longer one: its key was rotated, or sessions revoked.
STALE = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"}


@dataclass(frozen=True, slots=True)
class Grant:
    """What was decided: `credentials` for `profile`, by the step named `source`, out of the store or new."""

    profile: str
    source: str
    from_cache: bool
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class _Chain:
    """The steps of a plan after its stored key, each with the name of its session."""

    plan: Plan
    key: LongTermKey
    steps: tuple[SessionToken | AssumeRole, ...]
    names: tuple[str, ...]
    codes: MfaCodes


class Broker:
    """Gets sessions from the store or from AWS; `now` gives unix seconds, `env` is the caller's environment.

    Without `programs` no command that is named in config runs: NeedsHuman in its place, as for a renewal that a prompt
    begins by itself. `grants` is what it has granted so far, in order.
    """

    def __init__(
        self,
        store: Store,
        human: Human,
        now: Callable[[], float],
        env: Mapping[str, str],
        *,
        programs: bool = True,
    ) -> None:
        self._store = store
        self._human = human
        self._now = now
        self._env = env
        self._programs = programs
        self.grants: list[Grant] = []

    def obtain(self, plan: Plan, *, min_ttl: int, force: bool = False, mfa_token: str | None = None) -> Credentials:
        """Return credentials for the plan that last at least `min_ttl` seconds, if AWS gives as much as was asked.

        `force` makes the last session anew even when the store has it; those before it, which may have cost an MFA
        code, still serve. Raises ConfigError when the plan's key is not stored, UsageError when no session of this
        plan can last `min_ttl`, NeedsHuman and Interrupted from the MFA question, StoreError, and as `Sts.call`.
        """
        chain = self._chain(plan, mfa_token)
        last = len(chain.steps) - 1
        credentials, from_cache = self._session(chain, last, min_ttl=min_ttl, force=force)
        return self._record(Grant(plan.profile, type(chain.steps[last]).__name__, from_cache, credentials))

    def _record(self, grant: Grant) -> Credentials:
        """Every grant passes here, and credentials leave nowhere else."""
        self.grants.append(grant)
        return grant.credentials

    def _chain(self, plan: Plan, mfa_token: str | None) -> _Chain:
        root, *steps = plan.steps
        stored = self._store.get("key", root.profile)
        if stored is None:
            raise ConfigError(f"no key is stored for {root.profile}", f"`vault add {root.profile}` stores one")
        try:
            key = LongTermKey.from_bytes(stored)
        except (ValueError, TypeError):
            raise StoreError(
                f"the key stored for {root.profile} cannot be read", f"`vault add {root.profile}` stores it anew"
            ) from None
        return _Chain(
            plan=plan,
            key=key,
            steps=tuple(step for step in steps if not isinstance(step, StoredKey)),
            names=session_names(plan, key.access_key_id),
            codes=MfaCodes(self._human, self._env, mfa_token, programs=self._programs),
        )

    def _session(self, chain: _Chain, index: int, *, min_ttl: int, force: bool = False) -> tuple[Credentials, bool]:
        """Return the session of step `index`, and whether it came out of the store."""
        name = chain.names[index]
        if not force and (kept := self._kept(name, min_ttl)):
            return kept, True
        _check_possible(chain.steps[index], min_ttl)
        with self._alone(name):
            # Someone else may have made it while this process waited: that is how ten shells ask for one code.
            if not force and (kept := self._kept(name, min_ttl)):
                return kept, True
            made = self._make(chain, index)
            self._keep(name, made)
            self._share(chain, index, made)
            return made, False

    def _make(self, chain: _Chain, index: int) -> Credentials:
        if index == 0:
            return self._ask(chain, 0, chain.key)
        parent, from_cache = self._session(chain, index - 1, min_ttl=PARENT_TTL)
        try:
            return self._ask(chain, index, parent)
        except AwsRefused as refused:
            if not from_cache or refused.code not in STALE:
                raise
        self._drop(chain.names[index - 1], parent)
        parent, _ = self._session(chain, index - 1, min_ttl=PARENT_TTL)
        return self._ask(chain, index, parent)

    def _ask(self, chain: _Chain, index: int, credentials: LongTermKey | Credentials) -> Credentials:
        """Ask STS for the session of step `index`."""
        step, owner = chain.steps[index], chain.plan.steps[index].profile
        sts = sts_client(
            chain.plan.sts,
            credentials,
            self._env,
            profile=step.profile,
            owner=owner,
            now=self._now,
            once=step.mfa_serial is not None,
        )
        if isinstance(step, SessionToken):
            return chain.codes.use(step, lambda code: get_session_token(sts, step, code))
        return chain.codes.use(step, lambda code: assume_role(sts, step, code))

    def _kept(self, name: str, min_ttl: int) -> Credentials | None:
        """Return the stored session when at least `min_ttl` seconds of it are left; an unreadable one is a miss."""
        try:
            data = self._store.get("session", name)
            kept = Credentials.from_bytes(data) if data else None
        except StoreError as damaged:
            # The key came out of the same file just now, so it is this one item; a new session takes its place.
            self._human.say(damaged.what)
            return None
        except (ValueError, TypeError, KeyError):
            return None
        if kept is None:
            return None
        return kept if kept.expires - self._now() >= max(min_ttl, 1) else None

    def _keep(self, name: str, credentials: Credentials) -> None:
        self._store.put("session", name, credentials.to_bytes(), expires=credentials.expires)

    def _share(self, chain: _Chain, index: int, credentials: Credentials) -> None:
        """Let a session made with an MFA code for an explicit duration serve the device's roles too."""
        step = chain.steps[index]
        if not isinstance(step, SessionToken) or not step.explicit or step.mfa_serial is None:
            return
        steps = (*chain.plan.steps[: index + 1], replace(step, explicit=False))
        name = session_names(replace(chain.plan, steps=steps), chain.key.access_key_id)[index]
        if not self._kept(name, credentials.expires - int(self._now())):
            self._keep(name, credentials)

    def _drop(self, name: str, credentials: Credentials) -> None:
        # Only the one that was refused: another process may have put a new one there.
        if self._store.get("session", name) == credentials.to_bytes():
            self._store.delete("session", name)

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Hold the lock of one session, among all processes that share the store."""
        path = private_directory(self._store.path.parent / "locks") / f"{name}.lock"
        waiting = partial(self._human.say, "waiting for another vault, which is getting the same session")
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(hold(path, LOCK_LIMIT, notice=waiting, after=LOCK_NOTICE))
            except TimeoutError:
                raise NeedsHuman(
                    "another vault is still waiting, perhaps for an MFA code, to get the same session",
                    "answer it or end it, then try again",
                ) from None
            yield


def _check_possible(step: SessionToken | AssumeRole, min_ttl: int) -> None:
    if min_ttl > step.duration:
        given, wanted = format_duration(step.duration), format_duration(min_ttl)
        raise UsageError(
            f"a session of {step.profile} lasts {given} as it is set up, so {wanted} can never be left of it",
            "ask for a longer session (--duration, duration_seconds) or for less to be left (--min, AWS_MIN_TTL)",
        )
