"""A throw-away home with an AWS of its own: a user with a key and an MFA device, and a role."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.aws import KeyPair, Mfa, Role, StrictAws
from tests.rig.environment import environment, fresh_home

__all__ = ["House", "open_house"]


class House:
    """User `demo` at `aws`, not yet known in `home`; profile `demo-admin` leads to the role that user may assume.

    `env` is what a shell in this home starts with; programs put into `bin` come first on its PATH.
    """

    def __init__(self, aws: StrictAws, home: Path) -> None:
        user = aws.add_user("demo")
        self.aws = aws
        self.home = home
        self.user_arn = user.arn
        self.key: KeyPair = user.add_key()
        self.mfa: Mfa = user.add_mfa()
        self.admin: Role = aws.add_role("admin", trusted=[user.arn], require_mfa=True)
        self.bin = home / "bin"
        self.bin.mkdir()
        passphrase = home / ".passphrase"
        passphrase.write_text("correct horse battery staple\n")
        passphrase.chmod(0o600)
        config = home / ".aws" / "config"
        config.parent.mkdir(mode=0o700)
        config.write_text(
            "[default]\nregion = eu-west-1\n\n"
            f"[profile demo-admin]\nrole_arn = {self.admin.arn}\nsource_profile = demo\n"
            f"mfa_serial = {self.mfa.serial}\n"
        )
        path = (str(self.bin), str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin")
        self.env = environment(
            home,
            PATH=os.pathsep.join(path),
            AWS_ENDPOINT_URL=aws.endpoint_url,
            # The embedded store, also on a machine with a keychain: a keychain is not thrown away afterwards.
            SHELLINT_BACKEND="file",
            SHELLINT_FILE_PASSPHRASE_FILE=str(passphrase),
        )

    def add_program(self, name: str, line: str) -> None:
        """Put a command of one line of `sh` on the PATH."""
        program = self.bin / name
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o700)


@contextlib.contextmanager
def open_house() -> Iterator[House]:
    """Make a house; when it is left, its AWS stops and its home is removed."""
    with tempfile.TemporaryDirectory(prefix="shellint-") as directory, StrictAws() as aws:
        yield House(aws, fresh_home(Path(directory) / "home"))
