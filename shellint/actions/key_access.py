"""IAM as the user of a stored key: which key that is, and what signs the calls about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from shellint.actions.grant import caller_of
from shellint.actions.planning import look_up, plan_from, wish_for
from shellint.broker import STALE, Broker
from shellint.credentials import Credentials, LongTermKey
from shellint.endpoint import Endpoint, bearer_endpoint
from shellint.errors import AwsRefused, ConfigError, StoreError
from shellint.lasting import Lasting
from shellint.lease import Wish
from shellint.partitions import STS_REGION, partition_of_region
from shellint.plan import Plan
from shellint.request import Request
from shellint.sessions import session_names
from shellint.sources.iam import Iam, iam_client, user_of
from shellint.sources.stored_key import credentials
from shellint.steps import AssumeRole, SessionToken, StoredKey

__all__ = ["UNKNOWN_KEY", "KeyAccess", "Target", "find_key"]

UNKNOWN_KEY = "InvalidClientTokenId"
"""AWS's code for a key that it does not know (yet), or that is not active."""

# What is left of a session has to outlast the rotation, with a person who thinks about a question meanwhile.
_MIN_TTL = 300
# Seconds that a kept session has to last when there is nothing left but the end of a rotation.
_END_TTL = 60
# Seconds between the tries with a key that AWS has just made: it is known everywhere within a few.
_PAUSES = (1, 1, 2, 3, 5, 8, 10)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Target:
    """The key that is meant: it is stored for `holder`. `plan` makes a session with it; `mfa` tells if with a code.

    `notes` are lines worth telling the person.
    """

    holder: str
    plan: Plan
    iam: Endpoint
    mfa: bool
    notes: tuple[str, ...]


def find_key(request: Request, profile: str) -> Target:
    """Return the key that `profile` starts from: its own, or that of a source however many profiles away.

    MFA is what the profile asks for, else what the holder of the key does. Raises ConfigError, StoreError, UsageError.
    """
    wish = wish_for(request, Wish(profile))
    setup = look_up(request, wish)
    hop = target = setup.profile(profile)
    plan = plan_from(request, wish, setup, target)
    root = plan.steps[0]
    if not isinstance(root, StoredKey):
        raise ConfigError(f"{profile} does not start from a stored key", "`vault list` shows which profiles have one")
    while hop.name != root.profile and hop.source is not None:
        hop = hop.source
    steps = (step for step in plan.steps if isinstance(step, SessionToken | AssumeRole))
    asking = next((each for each in (*steps, hop) if each.mfa_serial), hop)
    # As long as one that serves roles, so that it is the same, and may be there already.
    seconds, _ = Lasting(target, setup.env, None).device()
    session = SessionToken(root.profile, asking.mfa_serial, asking.mfa_process, seconds)
    iam = bearer_endpoint(target, "iam", STS_REGION[partition_of_region(plan.sts.region)], "asked for a new key")
    return Target(
        holder=root.profile,
        plan=replace(plan, profile=root.profile, steps=(root, session)),
        iam=iam,
        mfa=asking.mfa_serial is not None,
        notes=(f"IAM is asked at {iam.url} ({target.origins['endpoint_url_iam']})",) if iam.url else (),
    )


class KeyAccess:
    """Calls to AWS as the user whose key it is.

    All calls to IAM share one session, made with MFA where the profile asks for it, so that one code is enough; without
    MFA, or without `session`, the key itself signs them, for a session without MFA may not call IAM
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html). `pause` waits for some seconds.
    """

    def __init__(
        self,
        request: Request,
        target: Target,
        *,
        session: bool,
        mfa_token: str | None,
        pause: Callable[[float], object],
    ) -> None:
        self._caller = caller_of(request)
        self._target = target
        self._session = session and target.mfa
        self._mfa_token = mfa_token
        self._pause = pause
        self._user = ""
        self._kept: Credentials | None = None
        self._iam: Iam | None = None

    def stored(self) -> LongTermKey:
        """Return the key as it is stored now. Raises ConfigError and StoreError."""
        return credentials(StoredKey(self._target.holder), self._target.plan, self._caller)

    def user(self, key: LongTermKey, *, new: bool = False) -> str:
        """Return the name of the user whose `key` it is, which proves that it works; a `new` one is given some time.

        Raises as `user_of`.
        """
        self._user = self._patiently(lambda: self._user_of(key)) if new else self._user_of(key)
        return self._user

    def ask(self, question: Callable[[Iam], _T]) -> _T:
        """Return what IAM answers to `question`; raises as `Client.call`.

        A session that AWS does not take, because the key it was made with is no longer active, is made anew with the
        key that is stored by now; and what a new key signs is tried again, since IAM may not know it when STS does
        (https://github.com/rhyeal/aws-rotate-iam-keys/issues/81).
        """
        try:
            return question(self._iam or self._connect())
        except AwsRefused as refused:
            if refused.code not in STALE:
                raise
        iam = self._connect(again=True)
        return self._patiently(lambda: question(iam))

    def key_replaced(self) -> None:
        """Sign with the key that is stored now, where the one before signed itself; a session goes on to serve."""
        if not self._session:
            self._iam = None

    def session_of(self, access_key_id: str) -> None:
        """Let a session that was made with another key serve, if one is kept: it has cost a code already."""
        if not self._session:
            return
        try:
            kept = self._caller.store.get("session", session_names(self._target.plan, access_key_id)[-1])
            session = Credentials.from_bytes(kept or b"")
        except (StoreError, ValueError, TypeError, KeyError):
            return
        if session.left(self._caller.now()) >= _END_TTL:
            self._kept = session

    def _connect(self, *, again: bool = False) -> Iam:
        key = self.stored()
        user = self._user or self.user(key)
        signer: LongTermKey | Credentials = key
        if self._session:
            signer = self._kept if self._kept and not again else self._obtain(force=again)
        self._iam = iam_client(
            self._target.iam, signer, self._caller.env, user=user, owner=self._target.holder, now=self._caller.now
        )
        return self._iam

    def _obtain(self, *, force: bool) -> Credentials:
        token, self._mfa_token = self._mfa_token, None
        return Broker(self._caller).obtain(self._target.plan, min_ttl=_MIN_TTL, force=force, mfa_token=token)

    def _user_of(self, key: LongTermKey) -> str:
        sts = self._target.plan.sts
        return user_of(sts, key, self._caller.env, owner=self._target.holder, now=self._caller.now)

    def _patiently(self, call: Callable[[], _T]) -> _T:
        for number, seconds in enumerate(_PAUSES):
            try:
                return call()
            except AwsRefused as refused:
                if refused.code != UNKNOWN_KEY:
                    raise
            if not number:
                self._caller.human.say("waiting until AWS knows the new key everywhere")
            self._pause(seconds)
        return call()
