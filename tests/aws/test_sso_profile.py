"""The double is good enough for botocore's own sign-in: a profile with an sso_session, its cached token refreshed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.aws import Instance, StrictAws
from tests.aws.sso_client import browser_client, code_token

PROGRAM = "import boto3; print(boto3.Session(profile_name='prod').client('sts').get_caller_identity()['Arn'])"


def test_botocore_refreshes_a_token_and_gets_a_role(aws: StrictAws, instance: Instance, home: Path) -> None:
    client = browser_client(aws, instance)
    tokens = code_token(aws, instance, client)
    aws.sso.expire_tokens()
    directory = home / ".aws" / "sso" / "cache"
    directory.mkdir(parents=True)
    now = datetime.now(UTC)
    kept = {
        "startUrl": instance.start_url,
        "region": "us-east-1",
        "accessToken": tokens["accessToken"],
        "refreshToken": tokens["refreshToken"],
        "expiresAt": (now + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "registrationExpiresAt": (now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **client,
    }
    cache = directory / f"{hashlib.sha1(b'corp').hexdigest()}.json"
    cache.write_text(json.dumps(kept))
    config = home / ".aws" / "config"
    config.write_text(
        f"[sso-session corp]\nsso_start_url = {instance.start_url}\nsso_region = us-east-1\n"
        "sso_registration_scopes = sso:account:access\n[profile prod]\nsso_session = corp\n"
        "sso_account_id = 111111111111\nsso_role_name = Admin\nregion = us-east-1\n"
    )
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": aws.endpoint_url}

    arn = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, check=True, capture_output=True, text=True, timeout=60
    )

    assert arn.stdout.startswith("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_")
    assert json.loads(cache.read_text())["refreshToken"] != tokens["refreshToken"]
    assert [record.action for record in aws.requests][-3:] == ["CreateToken", "GetRoleCredentials", "GetCallerIdentity"]
