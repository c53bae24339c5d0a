"""Someone at a desk whose credentials come from an Identity Center: `corp`, in a config file with a life of its own."""

from __future__ import annotations

from pathlib import Path

from shellint.config_file import Section, read_config
from shellint.endpoint import Endpoint
from shellint.paths import paths_from
from shellint.providers import SsoInstance
from shellint.sources.roots import Caller
from shellint.sso.cache import CliToken
from shellint.sso.login import sign_in
from shellint.sso.sealed import SealedToken
from shellint.sso.values import SignInPlace, Token
from shellint.store import PassphraseSource, Store
from shellint.store.sealing import Argon2
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.desk import BIN, Desk
from tests.rig.environment import environment
from tests.rig.terminal import Terminal
from tests.world import Clock, Script

__all__ = ["MAIN", "SsoDesk"]

MAIN = "111122223333"


class SsoDesk(Desk):
    """Account Main with the roles Admin and ReadOnly; nobody is signed in until `sign_in`."""

    def __init__(self, aws: StrictAws, home: Path) -> None:
        super().__init__(aws, home)
        self.center = aws.sso.add_instance()
        self.main = self.center.add_account(MAIN, "Main", "main@example.com")
        self.main.add_role("Admin")
        self.main.add_role("ReadOnly")
        self.instance = SsoInstance(self.center.start_url, "eu-central-1", "corp")
        self.oidc = Endpoint("eu-central-1", aws.endpoint_url)
        with self.config.open("a") as file:
            file.write(f"\n[sso-session corp]\nsso_start_url = {self.center.start_url}\nsso_region = eu-central-1\n")

    @property
    def caller(self) -> Caller:
        """Who asks at this desk, with a store that is opened anew."""
        env = environment(self.home, **self.env)
        store = Store(paths_from(env).store, PassphraseSource(NoHuman(), env), cost=Argon2(1, 1, 64))
        return Caller(store, Script(), Clock(), env, self.home / ".aws")

    def sign_in(self, instance: SsoInstance | None = None) -> Token:
        """Sign in by a code and keep the token, as `vault sso login --no-browser` does."""
        which = instance or self.instance
        token = sign_in(which, self.oidc, self.caller, browser=False, sleep=lambda _: self.aws.sso.approve())
        self.keep(token, which)
        return token

    def keep(self, token: Token, instance: SsoInstance | None = None) -> None:
        """Put a token into the sealed store."""
        SealedToken(SignInPlace(instance or self.instance, self.oidc, self.oidc), self.caller).write(token)

    def kept(self) -> Token | None:
        """Return the token in the sealed store."""
        return SealedToken(SignInPlace(self.instance, self.oidc, self.oidc), self.caller).read()

    def cli(self) -> CliToken:
        """Return the AWS CLI's own."""
        return CliToken(self.instance, self.caller)

    def at_terminal(self, *words: str, **env: str) -> Terminal:
        """Run `vault WORDS` in a terminal of its own."""
        variables = environment(self.home, **{**self.env, **env})
        return Terminal([str(BIN / "vault"), *words], variables, cwd=self.home, columns=160, lines=60)

    def profiles(self) -> dict[str, dict[str, str]]:
        """Return what sync has written, by name."""
        sections = read_config(self.config).profiles
        return {name: _values(section) for name, section in sections.items() if "managed_by" in section.settings}

    def calls(self) -> list[str]:
        """Return the actions asked for so far; a refused one has a `!` after it."""
        return [record.action + ("!" if record.error else "") for record in self.aws.requests]


def _values(section: Section) -> dict[str, str]:
    return {key: value for key, (value, _) in section.settings.items()}
