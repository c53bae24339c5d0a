"""Credentials for a plan: the one place where a grant is decided and recorded.

A chain is walked from its end: a session that the store has and that lasts long enough is taken as it is, else the
step is made with what the step before it gives, and kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from shellint.credentials import Credentials, LongTermKey
from shellint.durations import format_duration
from shellint.errors import AwsRefused, StoreError, UsageError
from shellint.flight import alone
from shellint.sessions import session_names
from shellint.sources.assume_role import assume_role
from shellint.sources.federation_token import get_federation_token
from shellint.sources.mfa import MfaCodes
from shellint.sources.programs import refuse_circle
from shellint.sources.roots import root_credentials
from shellint.sources.session_token import get_session_token
from shellint.sources.sts import sts_client
from shellint.steps import AssumeRole, FederationToken, Provided, SessionToken, Step, WebIdentity

if TYPE_CHECKING:
    from shellint.plan import Plan
    from shellint.sources.roots import Caller

__all__ = ["Broker", "Grant"]

_Given = TypeVar("_Given", Credentials, LongTermKey)

# A session that only serves to ask for the next one has to outlive the question, no more.
PARENT_TTL = 60
# By these AWS says that a session which the store had is no longer one: its key was rotated, or sessions revoked.
STALE = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"}


@dataclass(frozen=True, slots=True)
class Grant:
    """What was decided: `credentials` for `profile`, by the step named `source`, out of the store or new."""

    profile: str
    source: str
    from_cache: bool
    credentials: Credentials | LongTermKey


@dataclass(frozen=True, slots=True)
class _Chain:
    """The steps of a plan, each with the name of its session.

    `given` is what the first step gave where that is not kept as a session: a key, or what the machine has.
    """

    plan: Plan
    names: tuple[str, ...]
    codes: MfaCodes
    given: LongTermKey | Credentials | None = field(repr=False)


class Broker:
    """Gets sessions from the store or from AWS, for `caller`; `grants` is what it has granted so far, in order.

    `asked_sts` tells whether STS was asked for anything yet.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._store = caller.store
        self._human = caller.human
        self._now = caller.now
        self.grants: list[Grant] = []
        self.asked_sts = False

    def obtain(self, plan: Plan, *, min_ttl: int, force: bool = False, mfa_token: str | None = None) -> Credentials:
        """Return credentials for the plan that last at least `min_ttl` seconds, if AWS gives as much as was asked.

        `force` makes the last session anew even when the store has it; those before it, which may have cost an MFA
        code, still serve. Raises UsageError when no session of this plan can last `min_ttl`, NeedsHuman and Interrupted
        from a question, StoreError, and as `root_credentials` and `Sts.call`.
        """
        refuse_circle(plan, self._caller.env)
        chain = self._chain(plan, mfa_token)
        last = len(chain.plan.steps) - 1
        credentials, from_cache = self._session(chain, last, min_ttl=min_ttl, force=force)
        if isinstance(credentials, LongTermKey):
            raise TypeError("a plan ends with a session")
        return self._record(plan.profile, chain.plan.steps[last], from_cache, credentials)

    def lend(self, plan: Plan) -> LongTermKey:
        """Return the long-term key itself, of a plan that is nothing more. Raises as `root_credentials`."""
        key = root_credentials(plan, self._caller)
        if len(plan.steps) > 1 or not isinstance(key, LongTermKey):
            raise TypeError("only a plan that asks for no session lends its key")
        return self._record(plan.profile, plan.steps[0], False, key)

    def _record(self, profile: str, step: Step, from_cache: bool, credentials: _Given) -> _Given:
        """Every grant passes here, and credentials leave nowhere else."""
        source = type(step.provider if isinstance(step, Provided) else step).__name__
        self.grants.append(Grant(profile, source, from_cache, credentials))
        return credentials

    def _chain(self, plan: Plan, mfa_token: str | None) -> _Chain:
        codes = MfaCodes(self._human, self._caller.env, mfa_token, programs=self._caller.programs)
        root = plan.steps[0]
        given = None if isinstance(root, Provided) and root.is_kept else root_credentials(plan, self._caller)
        self.asked_sts |= isinstance(root, WebIdentity)
        if isinstance(given, LongTermKey) and isinstance(root, Provided) and root.exchange is not None:
            # A key after all: from here on it is treated like one that is stored.
            plan = replace(plan, steps=(replace(root, exchange=None), root.exchange, *plan.steps[1:]))
        return _Chain(
            plan=plan,
            names=session_names(plan, given.access_key_id if given else None),
            codes=codes,
            given=given,
        )

    def _session(
        self, chain: _Chain, index: int, *, min_ttl: int, force: bool = False
    ) -> tuple[LongTermKey | Credentials, bool]:
        """Return what step `index` gives, and whether it came out of the store."""
        if index == 0 and chain.given is not None:
            return chain.given, False
        name = chain.names[index]
        if not force and (kept := self._kept(name, min_ttl)):
            return kept, True
        _check_possible(chain.plan.steps[index], min_ttl)
        with alone(self._store, name, self._human):
            # Someone else may have made it while this process waited: that is how ten shells ask for one code.
            if not force and (kept := self._kept(name, min_ttl)):
                return kept, True
            made = self._make(chain, index)
            self._keep(name, made)
            self._share(chain, index, made)
            return made, False

    def _make(self, chain: _Chain, index: int) -> Credentials:
        if index == 0:
            return self._provided(chain)
        parent, from_cache = self._session(chain, index - 1, min_ttl=PARENT_TTL)
        try:
            return self._ask(chain, chain.plan.steps[index], parent)
        except AwsRefused as refused:
            if not from_cache or refused.code not in STALE:
                raise
        self._drop(chain.names[index - 1], parent)
        parent, _ = self._session(chain, index - 1, min_ttl=PARENT_TTL)
        return self._ask(chain, chain.plan.steps[index], parent)

    def _provided(self, chain: _Chain) -> Credentials:
        made = root_credentials(chain.plan, self._caller)
        if isinstance(made, LongTermKey):
            raise TypeError("what is kept is a session")
        return made

    def _ask(self, chain: _Chain, step: Step, credentials: LongTermKey | Credentials) -> Credentials:
        """Ask STS for the session of `step`."""
        if not isinstance(step, SessionToken | FederationToken | AssumeRole):
            raise TypeError("a root is not made with credentials")
        self.asked_sts = True
        owner = step.profile
        if step in chain.plan.steps[1:]:
            owner = chain.plan.steps[chain.plan.steps.index(step) - 1].profile
        sts = sts_client(
            chain.plan.sts,
            credentials,
            self._caller.env,
            profile=step.profile,
            owner=owner,
            now=self._now,
            once=getattr(step, "mfa_serial", None) is not None,
            notice=self._human.say,
        )
        if isinstance(step, FederationToken):
            return get_federation_token(sts, step)
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
        return kept if kept.left(self._now()) >= max(min_ttl, 1) else None

    def _keep(self, name: str, credentials: Credentials) -> None:
        # Nobody could tell when one without an end is no longer good.
        if credentials.expires is not None:
            self._store.put("session", name, credentials.to_bytes(), expires=credentials.expires)

    def _share(self, chain: _Chain, index: int, credentials: Credentials) -> None:
        """Let a session made with an MFA code for an explicit duration serve the device's roles too."""
        step = chain.plan.steps[index]
        if not isinstance(step, SessionToken) or not step.explicit or step.mfa_serial is None or chain.given is None:
            return
        steps = (*chain.plan.steps[:index], replace(step, explicit=False))
        name = session_names(replace(chain.plan, steps=steps), chain.given.access_key_id)[index]
        if not self._kept(name, int(credentials.left(self._now()))):
            self._keep(name, credentials)

    def _drop(self, name: str, credentials: LongTermKey | Credentials) -> None:
        # Only the one that was refused: another process may have put a new one there.
        if self._store.get("session", name) == credentials.to_bytes():
            self._store.delete("session", name)


def _check_possible(step: Step, min_ttl: int) -> None:
    duration = getattr(step, "duration", None)
    if duration is not None and min_ttl > duration:
        given, wanted = format_duration(duration), format_duration(min_ttl)
        raise UsageError(
            f"a session of {step.profile} lasts {given} as it is set up, so {wanted} can never be left of it",
            "ask for a longer session (--duration, duration_seconds) or for less to be left (--min, AWS_MIN_TTL)",
        )
