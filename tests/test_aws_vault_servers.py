"""What is wrong with aws-vault's servers and its helper that runs as root, and what there is here in their place."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.aws import StrictAws
from tests.command import elsewhere, vault
from tests.desk import Desk
from tests.rig.environment import fresh_home
from tests.serving import Door, serving

HELPERS = ("sudo", "doas", "pkexec", "ip", "ifconfig", "netsh")
"""What it takes to bind 169.254.169.254:80."""

# Asks its server with the token and with another, and prints what it was told.
ASK = """\
import os, urllib.error, urllib.request

for token in (os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"], "another"):
    asked = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": token})
    try:
        print(urllib.request.urlopen(asked, timeout=30).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path / "home"))
        desk.role("prod")
        desk.role("dev")
        yield desk


def metadata(door: Door, *, host: str = "") -> tuple[int, str]:
    """Read the session as an SDK reads it from an instance; `host` stands in the place of the server's own."""
    named = {"Host": host} if host else {}
    status, _, token = door.ask("/latest/api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": "60", **named})
    if status != 200:
        return status, ""
    path = "/latest/meta-data/iam/security-credentials/local-credentials"
    status, _, body = door.ask(path, headers={"X-aws-ec2-metadata-token": token.decode(), **named})
    return status, body.decode()


@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_d9_no_request_is_logged_let_alone_a_token(desk: Desk, options: tuple[str, ...]) -> None:
    """There the proxy for Docker writes each Authorization header down, or would, if it compiled."""
    done = vault(desk, "exec", "--serve", *options, "prod", "--", sys.executable, "-c", ASK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n403\n", elsewhere(desk))


@pytest.mark.parametrize("words", [("serve", "--ec2"), ("serve", "--ecs"), ("exec", "--ec2-server")])
def test_d12_no_other_program_is_run_to_serve_and_nobody_has_to_be_root(
    desk: Desk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """There `sudo` is given the wrong path of a helper that adds an address to the loopback interface."""
    stand_ins, called = tmp_path / "bin", tmp_path / "called"
    stand_ins.mkdir()
    for name in HELPERS:
        (stand_ins / name).write_text(f'#!/bin/sh\necho "$0 $*" >>{called}\n')
        (stand_ins / name).chmod(0o755)
    path = {"PATH": f"{stand_ins}:{desk.env['PATH']}"}
    if words[0] == "exec":
        assert vault(desk, *words, "prod", "--", "true", **path).returncode == 0
    else:
        with serving(desk, "prod", *words[1:], **path) as door:
            server = psutil.Process(door.process)
            (listening,) = (each for each in server.net_connections() if each.status == psutil.CONN_LISTEN)
            assert listening.laddr.ip == "127.0.0.1"
            assert listening.laddr.port >= 1024
            assert server.children() == []
    assert not called.exists()


@pytest.mark.parametrize("kind", ["--ec2", "--ecs"])
def test_d13_no_request_ends_a_server_and_no_page_of_a_browser_is_answered(desk: Desk, kind: str) -> None:
    """There `/stop` ends it for everybody, and what checks where a request comes from sees the proxy alone."""
    with serving(desk, "prod", kind) as door:
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert door.ask("/stop", method)[0] >= 400
            assert door.ask("/stop", method, {})[0] >= 400
        if kind == "--ec2":
            assert metadata(door, host="attacker.example") == (403, "")
            status, _ = metadata(door)
        else:
            assert door.ask(headers={"Authorization": door.token, "Host": "attacker.example"})[0] == 403
            status, _, _ = door.ask()
        assert status == 200
        for address in {each.address for found in psutil.net_if_addrs().values() for each in found if each.family == 2}:
            if not address.startswith("127."):
                connection = http.client.HTTPConnection(address, int(door.host.rpartition(":")[2]), timeout=5)
                with pytest.raises(OSError, match="refused"):
                    connection.request("GET", "/")


def test_w4_as_many_profiles_as_one_likes_are_served_at_once(desk: Desk) -> None:
    """There it is one for the whole machine."""
    with serving(desk, "prod", "--ec2") as prod, serving(desk, "dev", "--ec2") as dev, serving(desk, "prod") as third:
        keys = {key_of(metadata(prod)), key_of(metadata(dev))}
        assert len(keys) == 2
        assert third.document()["AccessKeyId"] == key_of(metadata(prod))


def key_of(answer: tuple[int, str]) -> str:
    """Return the key id of a session."""
    status, body = answer
    assert status == 200
    return str(json.loads(body)["AccessKeyId"])
