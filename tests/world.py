"""A user with a key and a device at the strict AWS, the key in a real store, and a broker over both."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shellint.broker import Broker
from shellint.credentials import LongTermKey
from shellint.plan import AssumeRole, Endpoint, Plan, SessionToken, Step, StoredKey
from shellint.sources.roots import Caller
from shellint.store import PassphraseSource, Store
from shellint.store.sealing import Argon2
from shellint.terminal import Human, NoHuman
from tests.aws import KeyPair, Mfa, Role, StrictAws, User

__all__ = ["HOUR", "Clock", "Script", "World", "assume", "open_test_store"]

HOUR = 3600
_PASSPHRASE = {"SHELLINT_FILE_PASSPHRASE": "correct horse battery staple"}


def open_test_store(directory: Path, now: Callable[[], float] = time.time) -> Store:
    """Open the store with the least Argon2 there is: what a passphrase costs is tested elsewhere."""
    return Store(directory, PassphraseSource(NoHuman(), _PASSPHRASE), now=now, cost=Argon2(1, 1, 64))


@dataclass
class Clock:
    """This machine's clock, which can be put `ahead` by some seconds, or stopped `at` a time."""

    ahead: float = 0.0
    at: float | None = None

    def __call__(self) -> float:
        return time.time() + self.ahead if self.at is None else self.at


@dataclass
class Script:
    """A person who gives prepared answers, and remembers what was asked and said; out of answers, the test fails."""

    answers: list[str | Callable[[], str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0)
        return answer if isinstance(answer, str) else answer()

    def ask_secret(self, question: str) -> str:
        return self.ask(question)

    def confirm(self, question: str, *, default: bool = False) -> bool:
        raise AssertionError(question, default)

    def say(self, line: str) -> None:
        self.said.append(line)


class World:
    """User alice, her key stored for profile `base`, her device, and whatever roles a test adds."""

    def __init__(self, aws: StrictAws, directory: Path) -> None:
        self.aws = aws
        self.home = directory
        self.clock = Clock()
        self.human = Script()
        self.store = open_test_store(directory, self.clock)
        self.alice: User = aws.add_user("alice")
        self.mfa: Mfa = self.alice.add_mfa()
        self.key: KeyPair = self.alice.add_key()
        self.keep_key(self.key)

    def keep_key(self, key: KeyPair, profile: str = "base") -> None:
        """Store a key, as `vault add` does."""
        self.store.put("key", profile, LongTermKey(*key).to_bytes())

    def broker(
        self, human: Human | None = None, env: Mapping[str, str] | None = None, *, programs: bool = True
    ) -> Broker:
        """Return a new broker, as the next command would make."""
        return Broker(Caller(self.store, human or self.human, self.clock, env or {}, self.home / ".aws", programs))

    def plan(self, *steps: Step, **endpoint: str) -> Plan:
        """Return a plan that starts from the stored key."""
        fields = {"region": "eu-west-1", "url": self.aws.endpoint_url} | endpoint
        return Plan(steps[-1].profile, None, Endpoint(**fields), (StoredKey("base"), *steps))  # type: ignore[arg-type]

    def device(self, duration: int = 8 * HOUR, *, explicit: bool = False, process: str | None = None) -> SessionToken:
        """Return the step that asks for an MFA code."""
        return SessionToken("base", self.mfa.serial, process, duration, explicit)

    def role(self, name: str, trusted: str | None = None, **options: int | bool | str) -> Role:
        """Make a role that alice, or another principal, may assume."""
        return self.aws.add_role(name, trusted=[trusted or self.alice.arn], **options)  # type: ignore[arg-type]

    def calls(self) -> list[str]:
        """Return the actions asked for so far; a refused one has a `!` after it."""
        return [record.action + ("!" if record.error else "") for record in self.aws.requests]


def assume(role: Role, duration: int = HOUR, **fields: object) -> AssumeRole:
    """Return the step that assumes a role, under its name as profile."""
    return AssumeRole(role.name, role.arn, "alice@laptop", fields.pop("external_id", None), duration, **fields)  # type: ignore[arg-type]
