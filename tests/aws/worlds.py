"""The same small world in two emulators: the strict stand-in, and ministack (an independent one, MIT).

ministack pins its own botocore, so it runs in an environment of its own, which uv makes and keeps in its cache.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.aws.client import outcome, send, sign, sts_client
from tests.aws.double import StrictAws

__all__ = ["IDENTITY", "World", "ministack_world", "strict_world"]

MINISTACK = "ministack==1.5.33"
IDENTITY = {"Action": "GetCallerIdentity"}


@dataclass(frozen=True, slots=True)
class World:
    """The same people and roles in either emulator; `lapsed` gives a session that has ended."""

    url: str
    alice: tuple[str, str]
    inactive: tuple[str, str]
    deleted: tuple[str, str]
    mfa_serial: str
    mfa_code: Callable[[], str]
    roles: Mapping[str, str]
    lapsed: Callable[[], Mapping[str, Any]]

    def sts(self, key: Any = None) -> Any:
        """A client, alice's unless another key is given."""
        return sts_client(self.url, key or self.alice)

    def assume(self, role: str, client: Any = None, **parameters: Any) -> tuple[int, str]:
        """The outcome of AssumeRole."""
        named = {"RoleArn": self.roles.get(role, role), "RoleSessionName": "me"}
        return outcome((client or self.sts()).assume_role, **named | parameters)

    def session(self) -> Mapping[str, Any]:
        """Temporary credentials of alice's."""
        credentials: Mapping[str, Any] = self.sts().get_session_token()["Credentials"]
        return credentials

    def as_role(self, role: str) -> Any:
        """A client with the credentials of a role."""
        answer = self.sts().assume_role(RoleArn=self.roles[role], RoleSessionName="me")
        return self.sts(answer["Credentials"])

    def raw(self, key: tuple[str, str] | None = None, **options: Any) -> tuple[int, str]:
        """The outcome of GetCallerIdentity signed by hand."""
        return send(self.url, sign(self.url, IDENTITY, key or self.alice, **options)).outcome


@contextmanager
def strict_world() -> Iterator[World]:
    """The stand-in, inhabited."""
    with StrictAws() as aws:
        alice, bob = aws.add_user("alice"), aws.add_user("bob")
        key, inactive, deleted = alice.add_key(), alice.add_key(), bob.add_key()
        alice.deactivate(inactive.access_key_id)
        bob.delete_key(deleted.access_key_id)
        mfa = alice.add_mfa()
        opened = aws.add_role("open", trusted=[alice.arn], actions=["sts:AssumeRole"])
        roles = [
            opened,
            aws.add_role("closed", trusted=[bob.arn]),
            aws.add_role("account", trusted=[f"arn:aws:iam::{aws.account}:root"]),
            aws.add_role("behind", trusted=[opened.arn]),
            aws.add_role("mfa", trusted=[alice.arn], require_mfa=True),
            aws.add_role("vendor", trusted=[alice.arn], external_id="known"),
            aws.add_role("tags", trusted=[alice.arn]),
        ]

        def lapsed() -> Mapping[str, Any]:
            aws.session_seconds = -1
            answer = sts_client(aws.endpoint_url, key).get_session_token()
            aws.session_seconds = None
            credentials: Mapping[str, Any] = answer["Credentials"]
            return credentials

        yield World(
            url=aws.endpoint_url,
            alice=key,
            inactive=inactive,
            deleted=deleted,
            mfa_serial=mfa.serial,
            mfa_code=mfa.fresh_code,
            roles={role.name: role.arn for role in roles},
            lapsed=lapsed,
        )


@contextmanager
def ministack_world(home: Path) -> Iterator[World]:
    """Ministack with AUTH=true on the loopback, inhabited by the same people; raises RuntimeError without it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",  # it listens to the world unless told
        "GATEWAY_PORT": str(port),
        "SERVICES": "iam,sts",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "CRITICAL",
    }
    with subprocess.Popen([_ministack_python(), "-m", "ministack"], env=env, cwd=home) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_up(url, process)
            yield _inhabit(url)
        finally:
            process.terminate()


def _ministack_python() -> str:
    from uv import find_uv_bin

    where = ["python", "-c", "import sys; print(sys.executable)"]
    command = [find_uv_bin(), "tool", "run", "--python", sys.executable, "--from", MINISTACK, *where]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)
    if made.returncode != 0:
        raise RuntimeError(f"uv cannot make an environment with {MINISTACK}: {made.stderr.strip()}")
    return made.stdout.strip()


def _wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise RuntimeError("ministack did not start")


def _inhabit(url: str) -> World:
    iam = sts_client(url, ("test", "test"), service="iam")
    arns = {name: iam.create_user(UserName=name)["User"]["Arn"] for name in ("alice", "bob")}

    def new_key(user: str) -> tuple[str, str]:
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def new_role(name: str, principal: str, *actions: str, **conditions: object) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": ["sts:AssumeRole", *actions],
            "Condition": conditions,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        return arn

    allow_all = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="alice", PolicyName="all", PolicyDocument=json.dumps(allow_all))
    alice, inactive, deleted = new_key("alice"), new_key("alice"), new_key("bob")
    iam.update_access_key(UserName="alice", AccessKeyId=inactive[0], Status="Inactive")
    iam.delete_access_key(UserName="bob", AccessKeyId=deleted[0])
    root = arns["alice"].replace("user/alice", "root")
    opened = new_role("open", arns["alice"])
    roles = {
        "open": opened,
        "closed": new_role("closed", arns["bob"]),
        "account": new_role("account", root),
        "behind": new_role("behind", opened),
        "mfa": new_role("mfa", arns["alice"], Bool={"aws:MultiFactorAuthPresent": "true"}),
        "vendor": new_role("vendor", arns["alice"], StringEquals={"sts:ExternalId": "known"}),
        "tags": new_role("tags", arns["alice"], "sts:TagSession"),
    }
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=json.dumps(allow_all))

    def lapsed() -> Mapping[str, Any]:
        answer = sts_client(url, alice).get_session_token(DurationSeconds=-1)  # ministack takes it as it is
        credentials: Mapping[str, Any] = answer["Credentials"]
        return credentials

    return World(
        url=url,
        alice=alice,
        inactive=inactive,
        deleted=deleted,
        mfa_serial=arns["alice"].replace("user/", "mfa/"),
        mfa_code=lambda: "123456",
        roles=roles,
        lapsed=lapsed,
    )
