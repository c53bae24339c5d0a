"""`python -m tests.aws`: the double for a person, or for a script in another process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.aws.browser import answer
from tests.aws.client import outcome, sts_client
from tests.aws.sign_in import DEVICE
from tests.aws.totp import code_at

ROOT = Path(__file__).parents[2]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.aws", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("ending", ["end of stdin", signal.SIGTERM, signal.SIGINT])
def test_it_tells_where_it_is_and_ends_when_told(ending: str | signal.Signals, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running("--session-seconds", "8", "--log", str(log)) as (process, told):
        sts = sts_client(told["endpoint_url"], (told["access_key_id"], told["secret_access_key"]))
        assert sts.get_caller_identity()["Arn"] == told["user"]
        code = code_at(told["mfa_seed"], int(time.time()) // 30)
        admin = {"RoleArn": told["roles"]["admin"], "RoleSessionName": "me"}
        assert outcome(sts.assume_role, **admin) == (403, "AccessDenied")
        answer = sts.assume_role(SerialNumber=told["mfa_serial"], TokenCode=code, **admin)
        assert answer["Credentials"]["Expiration"].timestamp() - time.time() <= 8
        statuses = [json.loads(line)["status"] for line in log.read_text().splitlines()]
        assert statuses == [200, 403, 200]
        if isinstance(ending, signal.Signals):
            process.send_signal(ending)
        else:
            assert process.stdin
            process.stdin.close()
        assert process.wait(10) == 0
        with pytest.raises(EndpointConnectionError):
            sts_client(told["endpoint_url"], ("a", "b")).get_caller_identity()


def test_it_tells_how_to_sign_in() -> None:
    with running() as (_, told):
        oidc = sts_client(told["endpoint_url"], ("a", "b"), service="sso-oidc")
        portal = sts_client(told["endpoint_url"], ("a", "b"), service="sso")
        registered = oidc.register_client(clientName="me", clientType="public")
        client = {name: registered[name] for name in ("clientId", "clientSecret")}
        started = oidc.start_device_authorization(**client, startUrl=told["sso_start_url"])
        answer(started["verificationUriComplete"])
        token = oidc.create_token(**client, grantType=DEVICE, deviceCode=started["deviceCode"])["accessToken"]
        role = {"accountId": told["sso_account_id"], "roleName": told["sso_role_name"]}
        assert outcome(portal.get_role_credentials, accessToken=token, **role) == (200, "")
