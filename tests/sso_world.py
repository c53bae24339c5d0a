"""A person with an IAM Identity Center at the strict AWS, a real store, and time that passes without a wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shellint.broker import Broker
from shellint.plan import Endpoint, Plan
from shellint.providers import Sso, SsoInstance
from shellint.sources.roots import Caller
from shellint.sso.login import sign_in
from shellint.sso.token import access_token
from shellint.sso.values import SignInPlace, Token
from shellint.steps import Provided, SessionToken
from shellint.terminal import Human
from tests.aws import StrictAws
from tests.world import HOUR, Clock, Script, open_test_store

__all__ = ["ACCOUNT", "Naps", "SsoWorld", "browser_script"]

ACCOUNT = "111122223333"
_ROOT = Path(__file__).parents[1]


@dataclass
class Naps:
    """A sleep that moves the clocks instead, here and at AWS; `then` is what a person does after each one."""

    world: SsoWorld
    then: list[Callable[[], object]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.pass_time(seconds)
        if self.then:
            self.then.pop(0)()


class SsoWorld:
    """Alice's Identity Center, `corp`, with the role Admin in one account; nobody is signed in."""

    def __init__(self, aws: StrictAws, directory: Path) -> None:
        self.aws = aws
        self.home = directory
        self.clock = Clock()
        self.human = Script()
        self.center = aws.sso.add_instance()
        self.account = self.center.add_account(ACCOUNT, "Main")
        self.account.add_role("Admin")
        self.instance = SsoInstance(self.center.start_url, "eu-west-1", "corp")
        self.endpoint = Endpoint("eu-west-1", aws.endpoint_url)
        self.env: dict[str, str] = {"PATH": "/usr/bin:/bin"}

    @property
    def place(self) -> SignInPlace:
        """Where it is asked."""
        return SignInPlace(self.instance, self.endpoint, self.endpoint)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, here and at AWS."""
        self.clock.ahead += seconds
        self.aws.clock_offset += seconds

    def caller(self, human: Human | None = None, *, programs: bool = True) -> Caller:
        """Return a caller as the next command would make it, with a store that is opened anew."""
        store = open_test_store(self.home / "data", self.clock)
        return Caller(store, human or self.human, self.clock, self.env, self.home / ".aws", programs)

    def sign_in(self, naps: Naps | None = None, **options: bool) -> Token:
        """Sign in with a code, which the person allows after the first nap unless `naps` says otherwise."""
        sleep = naps or Naps(self, [self.aws.sso.approve])
        return sign_in(self.instance, self.endpoint, self.caller(), browser=options.get("browser", False), sleep=sleep)

    def token(self, human: Human | None = None, *, programs: bool = True, **options: bool | str) -> str:
        """Return a token for the portal."""
        return access_token(self.place, self.caller(human, programs=programs), **options)  # type: ignore[arg-type]

    def plan(self, role: str = "Admin", account: str = ACCOUNT) -> Plan:
        """Return the plan for a role."""
        step = Provided("prod", Sso(self.instance, account, role), SessionToken("prod", None, None, HOUR))
        return Plan("prod", None, self.endpoint, (step,), sso=self.endpoint, oidc=self.endpoint)

    def broker(self, human: Human | None = None, *, programs: bool = True) -> Broker:
        """Return a new broker."""
        return Broker(self.caller(human, programs=programs))

    def calls(self) -> list[str]:
        """Return the actions asked for so far; a refused one has a `!` after it."""
        return [record.action + ("!" if record.error else "") for record in self.aws.requests]


def browser_script(directory: Path, *options: str, log: str = "opened") -> Mapping[str, str]:
    """Return the variables of a desktop whose browser is a person that allows what is asked, in the background.

    Each address is noted in the file `log` of the directory; `--deny` denies.
    """
    script = directory / "browser"
    person = f"cd {_ROOT} && exec {sys.executable} -m tests.sso_browser {' '.join(options)}"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$1" >>{directory / log}\n'
        f'sh -c \'{person} "$1"\' sh "$1" >>{directory / "browser.log"} 2>&1 &\n'
    )
    script.chmod(0o755)
    return {"BROWSER": str(script), "PATH": "/usr/bin:/bin"}
