"""Programs nobody here wrote get the right identity, whichever way they are given it, beside a misleading default."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.desk import BIN, Desk
from tests.rig.environment import environment, fresh_home
from tests.serving import METADATA, serving

INSTALLED = BIN.parent / "consumers"
"""Where `make test-consumers` puts those that the project does not need itself."""

BOTO3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
JAVASCRIPT = """\
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
console.log((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn);
"""
CONSUMERS: Mapping[str, tuple[str, ...]] = {
    "boto3": (sys.executable, "-c", BOTO3),
    "awscli": (str(INSTALLED / "bin" / "aws"), "sts", "get-caller-identity", "--query", "Arn", "--output", "text"),
    "javascript": ("node", str(INSTALLED / "who.mjs")),
}
MISLED = "arn:aws:iam::123456789012:user/mallory\n"
RIGHT = "arn:aws:sts::123456789012:assumed-role/plain/"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Where `[default]` in both files holds a key that works, and is somebody else's."""
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))
        mallory = aws.add_user("mallory").add_key()
        keys = f"aws_access_key_id = {mallory.access_key_id}\naws_secret_access_key = {mallory.secret_access_key}\n"
        desk.config.write_text(f"[default]\nregion = eu-west-1\n{keys}")
        (desk.home / ".aws" / "credentials").write_text(f"[default]\n{keys}")
        desk.role("plain")
        desk.profile("through", credential_process=f'"{BIN / "vault"}" credential-process plain', region="eu-west-1")
        yield desk


@pytest.fixture(params=list(CONSUMERS))
def consumer(request: pytest.FixtureRequest) -> tuple[str, ...]:
    words = CONSUMERS[request.param]
    if request.param != "boto3" and not (INSTALLED / "node_modules").is_dir():
        pytest.skip(f"`make test-consumers` installs {request.param}")
    if request.param == "javascript":
        Path(words[-1]).write_text(JAVASCRIPT)
    return words


def said(desk: Desk, *words: str, **env: str) -> str:
    """Return what a program prints, started with the desk's environment."""
    done = subprocess.run(
        words,
        env=environment(desk.home, **{**desk.env, "NODE_NO_WARNINGS": "1", **env}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_left_alone_it_is_misled(desk: Desk, consumer: tuple[str, ...]) -> None:
    assert said(desk, *consumer, AWS_EC2_METADATA_DISABLED="true") == MISLED


@pytest.mark.parametrize("options", [(), ("--serve",)], ids=["environment", "container"])
def test_exec_gives_it_the_profile(desk: Desk, consumer: tuple[str, ...], options: tuple[str, ...]) -> None:
    vault = str(BIN / "vault")
    for region in ({}, {"AWS_REGION": "eu-north-1"}):
        assert said(desk, vault, "exec", *options, "plain", "--", *consumer, **region).startswith(RIGHT)


def test_credential_process_gives_it_the_profile(desk: Desk, consumer: tuple[str, ...]) -> None:
    assert said(desk, *consumer, AWS_PROFILE="through").startswith(RIGHT)


def test_an_instances_endpoint_gives_it_the_profile(desk: Desk, consumer: tuple[str, ...]) -> None:
    with serving(desk, "plain", "--ec2") as door:
        env = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_REGION": "eu-west-1"}
        region = {"AWS_DEFAULT_REGION": "eu-west-1", METADATA: door.url}
        assert said(desk, *consumer, **env, **region).startswith(RIGHT)
