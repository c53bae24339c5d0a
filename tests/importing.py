"""A home whose ~/.aws has keys in plain text, and `import` as an action on it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from shellint.actions.import_keys import import_keys
from shellint.credentials import LongTermKey
from shellint.importers.aws_credentials import key_files, read_keys
from shellint.importers.haul import Haul
from shellint.paths import paths_from
from shellint.request import Reply, Request
from shellint.terminal import Human, NoHuman
from tests.rig.environment import environment
from tests.world import open_test_store

__all__ = ["SECRET", "Home", "key_id"]

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def key_id(number: int) -> str:
    """Return the id of a key that nobody has."""
    return f"AKIA{number:016d}"


class Home:
    """A home with the two files of the AWS CLI, and a store that is cheap to open."""

    def __init__(self, directory: Path, *, credentials: str | bytes = "", config: str = "") -> None:
        self.directory = directory
        self.credentials = directory / ".aws" / "credentials"
        self.config = directory / ".aws" / "config"
        self.credentials.parent.mkdir(mode=0o700, parents=True)
        if credentials:
            self.credentials.write_bytes(credentials if isinstance(credentials, bytes) else credentials.encode())
        if config:
            self.config.write_text(config)
        self.env = environment(directory)
        self.store = open_test_store(paths_from(self.env).store)

    def request(self, human: Human | None = None) -> Request:
        request = Request(self.env, human or NoHuman(), time.time)
        request.__dict__["store"] = self.store  # Argon2 with the least work, in place of what opens a real one
        return request

    def import_keys(self, *profiles: str, human: Human | None = None, scrub: bool = False, **options: Any) -> Reply:
        """Import from the two files, as the command does."""
        request = self.request(human)
        files = key_files(request.paths)
        haul = sum(map(read_keys, files), Haul())
        return import_keys(request, haul, profiles, scrubbed=files if scrub else (), **options)

    def stored(self) -> dict[str, str]:
        """Return the id of each key in the store; its secret is SECRET."""
        keys = {name: LongTermKey.from_bytes(self.store.get("key", name) or b"") for name in self.store.names("key")}
        assert {key.secret_access_key for key in keys.values()} <= {SECRET}
        return {name: key.access_key_id for name, key in keys.items()}

    @property
    def backups(self) -> list[Path]:
        return sorted(self.credentials.parent.glob("*before-import*"))
