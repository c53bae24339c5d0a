"""The person of the Identity Center at a desk with the AWS CLI, whose files are where it keeps them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from tests.aws.sso_client import device_client, device_token
from tests.sso_world import ACCOUNT, SsoWorld

__all__ = ["Cli", "moment"]


class Cli(SsoWorld):
    """The same person, who signs in with the AWS CLI."""

    @property
    def file(self) -> Path:
        digest = hashlib.sha1(self.instance.name.encode()).hexdigest()
        return self.home / ".aws" / "sso" / "cache" / f"{digest}.json"

    def login(self, seconds: float = 3600, **fields: Any) -> dict[str, Any]:
        """Sign in as `aws sso login` does, and keep what it keeps; its token ends in some seconds."""
        client = device_client(self.aws, scopes=["sso:account:access"])
        got = device_token(self.aws, self.center, client)
        content = {
            "startUrl": self.center.start_url,
            "region": "eu-west-1",
            "accessToken": got["accessToken"],
            "expiresAt": moment(self.clock() + seconds),
            **client,
            "registrationExpiresAt": moment(self.clock() + 90 * 86400),
            "refreshToken": got["refreshToken"],
        } | fields
        self.file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.file.write_text(json.dumps(content))
        self.file.chmod(0o600)
        return content

    def kept(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.file.read_text())
        return content

    def write_config(self) -> Path:
        """Write the config file of this desk, where `prod` is the role Admin."""
        config = self.home / ".aws" / "config"
        config.parent.mkdir(exist_ok=True)
        config.write_text(
            f"[sso-session corp]\nsso_start_url = {self.center.start_url}\nsso_region = eu-west-1\n"
            "sso_registration_scopes = sso:account:access\n"
            "[profile prod]\nregion = eu-west-1\nsso_session = corp\n"
            f"sso_account_id = {ACCOUNT}\nsso_role_name = Admin\n"
        )
        return config

    def botocore_session(self, monkeypatch: pytest.MonkeyPatch) -> botocore.session.Session:
        """Return botocore as it would be at this desk."""
        monkeypatch.setenv("AWS_CONFIG_FILE", str(self.write_config()))
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.aws.endpoint_url)
        return botocore.session.Session(profile="prod")


def moment(seconds: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)
