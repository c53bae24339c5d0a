"""Someone at a shell: a home, a key in the sealed store, a strict AWS to talk to, and the hook in the rc file."""

from __future__ import annotations

import sys
from pathlib import Path

from shellint.credentials import LongTermKey
from shellint.hook import LINES
from shellint.paths import paths_from
from shellint.store import PassphraseSource, Store
from shellint.store.sealing import Argon2
from shellint.terminal import NoHuman
from tests.aws import KeyPair, Mfa, Role, StrictAws, User
from tests.rig.environment import environment

__all__ = ["BIN", "PASSPHRASE", "Desk"]

BIN = Path(sys.executable).parent
PASSPHRASE = "correct horse battery staple"


class Desk:
    """User alice at the strict AWS, with a device; her key is stored as `base`; profiles are added as tests need them.

    `env` is laid over the plain environment of a shell; with `HOOK[kind]` in its rc file the shell has the product.
    """

    def __init__(self, aws: StrictAws, home: Path) -> None:
        self.aws = aws
        self.home = home
        self.alice: User = aws.add_user("alice")
        self.mfa: Mfa = self.alice.add_mfa()
        self.key: KeyPair = self.alice.add_key()
        self.env = {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
            "AWS_ENDPOINT_URL": aws.endpoint_url,
            "SHELLINT_FILE_PASSPHRASE": PASSPHRASE,
        }
        self.config = home / ".aws" / "config"
        self.config.parent.mkdir(mode=0o700)
        self.config.write_text("[default]\nregion = eu-west-1\n")
        self.store_key("base", self.key)

    def store_key(self, profile: str, key: KeyPair) -> None:
        """Store a key, as `vault add --no-config` does, but with the least Argon2: each command pays for it."""
        env = environment(self.home, **self.env)
        store = Store(paths_from(env).store, PassphraseSource(NoHuman(), env), cost=Argon2(1, 1, 64))
        store.put("key", profile, LongTermKey(*key).to_bytes())

    def profile(self, name: str, **values: str) -> None:
        """Add a profile to the config file."""
        lines = "".join(f"{key} = {value}\n" for key, value in values.items())
        with self.config.open("a") as file:
            file.write(f"[profile {name}]\n{lines}")

    def role(self, name: str, *, mfa: bool = False, **options: int | bool | str) -> Role:
        """Make a role that alice may assume, and a profile of that name for it."""
        role = self.aws.add_role(name, trusted=[self.alice.arn], **options)  # type: ignore[arg-type]
        self.profile(
            name,
            role_arn=role.arn,
            source_profile="base",
            **({"mfa_serial": self.mfa.serial} if mfa else {}),
        )
        return role

    @staticmethod
    def hook(kind: str, options: str = "") -> str:
        """Return the line for the rc file."""
        return LINES[kind][1].replace(f"hook {kind}", f"hook {kind} {options}".rstrip()) + "\n"
