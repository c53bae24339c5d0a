"""`exec --serve`: a server beside the command, for as long as it runs; the SDK gets the right identity and no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from shellint.served import outside, served_environment
from tests.aws import StrictAws
from tests.command import elsewhere, vault
from tests.desk import BIN, Desk
from tests.rig.environment import environment, fresh_home
from tests.serving import URI, Door, door_in, wait_until

ASK = (
    "import boto3; session = boto3.Session(); credentials = session.get_credentials(); "
    "print(credentials.method, session.client('sts').get_caller_identity()['Arn'])"
)
LEFT = (
    "import boto3, datetime; credentials = boto3.Session().get_credentials(); credentials.get_frozen_credentials(); "
    "print((credentials._expiry_time - datetime.datetime.now(datetime.UTC)).total_seconds())"
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path / "home"))
        desk.role("plain")
        yield desk


def python(desk: Desk, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the project's boto3 as the command of `vault exec --serve`."""
    *options, script = words
    return vault(desk, "exec", "--serve", *options, "plain", "--", sys.executable, "-c", script, **env)


@contextmanager
def running(
    desk: Desk, profile: str, *options: str, handed: int | None = None
) -> Iterator[tuple[psutil.Process, Door]]:
    """Run `sleep` as a served command; `handed` is a descriptor that it inherits."""
    words = [str(BIN / "vault"), "exec", "--serve", *options, profile, "--", "sleep", "600"]
    with subprocess.Popen(
        words,
        env=environment(desk.home, **desk.env),
        stdin=subprocess.DEVNULL,
        pass_fds=() if handed is None else (handed,),
        start_new_session=True,
    ) as started:
        command = psutil.Process(started.pid)
        try:
            # A program is there a moment before its environment.
            wait_until(lambda: command.name() == "sleep" and URI in command.environ(), "the command")
            yield command, door_in(command.environ(), listens_at(command.environ()[URI]))
        finally:
            started.kill()


def listens_at(url: str) -> int:
    """Return the pid of the one process that listens at a port of the loopback."""
    connections = psutil.net_connections("tcp4")
    address = ("127.0.0.1", urlsplit(url).port)
    (pid,) = {each.pid for each in connections if each.status == "LISTEN" and tuple(each.laddr) == address}
    assert pid
    return pid


def is_over(pid: int) -> bool:
    """Whether a process has ended; whoever should ask after it need not have done so yet."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_boto3_is_given_the_profile_and_not_what_a_misleading_default_says(desk: Desk) -> None:
    mallory = desk.aws.add_user("mallory").add_key()
    keys = f"aws_access_key_id = {mallory.access_key_id}\naws_secret_access_key = {mallory.secret_access_key}\n"
    (desk.home / ".aws" / "credentials").write_text(f"[default]\n{keys}")
    desk.config.write_text(desk.config.read_text().replace("[default]\n", f"[default]\n{keys}"))
    misleading = {"AWS_ACCESS_KEY_ID": mallory.access_key_id, "AWS_SECRET_ACCESS_KEY": mallory.secret_access_key}
    env = environment(desk.home, **desk.env)
    alone = subprocess.run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True)
    assert alone.stdout == f"shared-credentials-file {desk.aws.add_user('x').arn.replace('user/x', 'user/mallory')}\n"
    file = desk.home / "wrong-token"
    file.write_text("wrong")
    done = python(desk, ASK, **misleading, AWS_PROFILE="default", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file))
    assert done.stderr == elsewhere(desk)
    assert done.stdout.startswith("container-role arn:aws:sts::123456789012:assumed-role/plain/")


def test_what_is_handed_out_has_more_than_fifteen_minutes_left(desk: Desk) -> None:
    desk.aws.session_seconds = 600
    assert vault(desk, "exec", "plain", "true").returncode == 0, "a session is kept that has ten"
    desk.aws.session_seconds = None
    done = python(desk, LEFT)
    assert float(done.stdout) > 900, done.stderr


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM"])
def test_the_server_ends_with_the_command_however_that_ends(desk: Desk, signal: str) -> None:
    with running(desk, "plain") as (command, door):
        assert door.document()["AccessKeyId"].startswith("ASIA")
        getattr(command, {"SIGKILL": "kill", "SIGTERM": "terminate"}[signal])()
        wait_until(lambda: is_over(door.process), "the end of the server")
    with pytest.raises(ConnectionRefusedError):
        door.ask()


def test_the_server_holds_no_descriptor_of_the_caller_and_is_nobodys_child(desk: Desk) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing), running(desk, "plain", handed=writing) as (command, door):
        server = psutil.Process(door.process)
        assert command.children() == []
        assert os.getsid(server.pid) != os.getsid(command.pid)
        assert server.terminal() is None
        held = {each.readlink() for each in Path(f"/proc/{door.process}/fd").iterdir()}
        assert {str(each).partition(":")[0] for each in held} <= {"/dev/null", "socket", "anon_inode"}
        assert server.rlimit(psutil.RLIMIT_CORE)[0] == 0


def test_no_wait_of_the_command_finds_a_process_it_did_not_start(desk: Desk) -> None:
    script = "import os\ntry:\n os.waitpid(-1, 0)\nexcept ChildProcessError:\n print('none')"
    done = python(desk, script)
    assert (done.stdout, done.stderr) == ("none\n", elsewhere(desk))


def test_a_secret_stands_in_no_command_line_and_no_environment_but_the_commands(desk: Desk) -> None:
    with running(desk, "plain") as (command, door):
        for process in (command, psutil.Process(door.process)):
            assert door.token not in " ".join(process.cmdline())
        server = psutil.Process(door.process).environ()
        assert not [name for name in server if name.startswith(("AWS_", "SHELLINT_"))]
        assert not [name for name in command.environ() if name.startswith("SHELLINT_")]


def test_a_command_that_is_not_there_leaves_no_server_behind(desk: Desk) -> None:
    done = vault(desk, "exec", "--serve", "plain", "--", "./nosuch")
    assert (done.returncode, done.stderr) == (127, f"{elsewhere(desk)}vault: ./nosuch: command not found\n")
    place = environment(desk.home)["HOME"]
    left = [each for each in psutil.process_iter(["environ"]) if (each.info["environ"] or {}).get("HOME") == place]
    wait_until(lambda: all(is_over(each.pid) for each in left), "no server")


def test_who_has_to_come_and_what_to_do_is_what_the_sdk_shows(desk: Desk) -> None:
    desk.role("guarded", mfa=True, require_mfa=True)
    with running(desk, "guarded", "--mfa-token", desk.mfa.fresh_code()) as (command, door):
        assert vault(desk, "clear", "--cached").returncode == 0
        shown = subprocess.run(
            [sys.executable, "-c", ASK], env=command.environ(), capture_output=True, text=True, check=False
        )
        assert shown.returncode == 1
        assert '"code": "NeedsHuman"' in shown.stderr
        assert "guarded has ended: " in shown.stderr
        assert "`vault exec guarded true` in a terminal renews it" in shown.stderr
        assert door.ask()[0] == 403
        assert vault(desk, "exec", "--mfa-token", desk.mfa.fresh_code(), "guarded", "true").returncode == 0
        wait_until(lambda: door.ask()[0] == 200, "a session again")


def test_a_vault_within_a_served_command_finds_the_files_where_they_were() -> None:
    server = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}
    for before in ({"A": "b"}, {"A": "b", "AWS_CONFIG_FILE": "/mine", "AWS_SHARED_CREDENTIALS_FILE": "/other"}):
        seen = served_environment(before, "plain", server, None)
        assert (seen["AWS_CONFIG_FILE"], seen["AWS_SHARED_CREDENTIALS_FILE"]) == (os.devnull, os.devnull)
        assert outside(seen) == before | {"AWS_VAULT": "plain"}
        assert outside(served_environment(outside(seen), "other", server, None)) == before | {"AWS_VAULT": "other"}
        moved = seen | {"AWS_CONFIG_FILE": "/chosen/since"}
        assert outside(moved)["AWS_CONFIG_FILE"] == "/chosen/since"


def test_the_environment_says_where_and_nothing_else(desk: Desk) -> None:
    script = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('AWS')}))"
    done = python(desk, script, AWS_SESSION_TOKEN="old", AWS_EC2_METADATA_DISABLED="true", AWSUME_PROFILE="x")
    seen = json.loads(done.stdout)
    assert seen.pop("AWS_CONTAINER_CREDENTIALS_FULL_URI").startswith("http://127.0.0.1:")
    assert len(seen.pop("AWS_CONTAINER_AUTHORIZATION_TOKEN")) >= 43
    assert seen == {
        "AWS_VAULT": "plain",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": desk.aws.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_VAULT_CONFIG_FILE": "",
        "AWS_VAULT_SHARED_CREDENTIALS_FILE": "",
    }
