"""`vault serve`: a container's endpoint, or an instance's, in a window of its own; who else asks gets nothing."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from shellint.peer import tells_users_apart
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, Desk
from tests.loopback import closed_port
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal
from tests.serving import Door, raw, serving

TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
CREDENTIALS = "/latest/meta-data/iam/security-credentials/"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))
        desk.role("plain")
        yield desk


@pytest.fixture(scope="module")
def container(desk: Desk) -> Iterator[Door]:
    with serving(desk, "plain") as door:
        yield door


@pytest.fixture(scope="module")
def instance(desk: Desk) -> Iterator[Door]:
    with serving(desk, "plain", "--ec2") as door:
        yield door


def identity(desk: Desk, document: dict[str, str]) -> str:
    """Return who AWS says has these credentials."""
    env = {
        "AWS_ACCESS_KEY_ID": document["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": document["SecretAccessKey"],
        "AWS_SESSION_TOKEN": document["Token"],
    }
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = subprocess.run(
        [BIN / "python", "-c", script],
        env=environment(desk.home, **desk.env, **env),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.rstrip().rpartition("/")[0]


def test_the_owner_of_the_token_is_given_the_session(desk: Desk, container: Door) -> None:
    document = container.document()
    assert document.keys() == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert identity(desk, document) == f"arn:aws:sts::{desk.aws.account}:assumed-role/plain"


def test_a_role_on_top_is_assumed_with_the_session_and_kept(desk: Desk, container: Door) -> None:
    role = desk.aws.add_role("on/top", trusted=[f"arn:aws:iam::{desk.aws.account}:role/plain"])
    before = len(desk.aws.requests)
    first, second = (container.document(f"/role-arn/{arn}") for arn in (role.arn, role.arn.replace(":", "%3A")))
    assert first == second
    assert identity(desk, first) == f"arn:aws:sts::{desk.aws.account}:assumed-role/top"
    assert [record.action for record in desk.aws.requests[before:]] == ["AssumeRole", "GetCallerIdentity"]


def test_a_role_that_may_not_be_assumed_is_told_in_awss_words(desk: Desk, container: Door) -> None:
    status, _, body = container.ask(f"/role-arn/arn:aws:iam::{desk.aws.account}:role/nosuch")
    assert (status, json.loads(body)["code"]) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/", "GET", {}, 403),
        ("/", "GET", {"Authorization": ""}, 403),
        ("/", "GET", {"Authorization": "Bearer {token}"}, 403),
        ("/", "GET", {"Authorization": "{token}x"}, 403),
        ("/", "GET", {"Authorization": "\xff\xfe"}, 403),
        ("/", "GET", {"Authorization": "{token}", "Host": "evil.example"}, 403),
        ("/", "GET", {"Authorization": "{token}", "Host": "localhost:{port}"}, 403),
        ("/", "GET", {"Authorization": "{token}", "Host": "127.0.0.1"}, 403),
        ("/nosuch", "GET", {}, 403),
        ("/nosuch", "GET", {"Authorization": "{token}"}, 404),
        ("/role-arn/", "GET", {"Authorization": "{token}"}, 404),
        ("/role-arn/arn:aws:iam::1:role/x", "GET", {"Authorization": "{token}"}, 404),
        ("/role-arn/arn:aws:iam::123456789012:user/x", "GET", {"Authorization": "{token}"}, 404),
        ("/stop", "GET", {"Authorization": "{token}"}, 404),
        ("/", "PUT", {"Authorization": "{token}"}, 405),
        ("/", "POST", {"Authorization": "{token}"}, 501),
        ("/", "OPTIONS", {"Origin": "https://evil.example"}, 501),
        ("/", "DELETE", {"Authorization": "{token}"}, 501),
    ],
)
def test_nobody_else_is_given_anything(
    container: Door, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    given = {name: value.format(token=container.token, port=container.host[-5:]) for name, value in headers.items()}
    answered, answer, body = container.ask(path, method, given)
    assert (answered, answer["content-type"], answer["cache-control"]) == (status, "application/json", "no-store")
    assert json.loads(body).keys() == {"code", "message"}
    assert "access-control-allow-origin" not in answer


@pytest.mark.parametrize(
    "request_",
    [
        "GET / HTTP/1.1\r\nAuthorization: {token}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {host}\r\nAuthorization: {token}\r\n\r\n",
        "GET http://{host}/ HTTP/1.1\r\nHost: evil.example\r\nAuthorization: {token}\r\n\r\n",
        "GET /\r\n\r\n",
        "rubbish\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n",
    ],
)
def test_a_request_that_means_another_host_or_none_is_given_nothing(container: Door, request_: str) -> None:
    answer = raw(container, request_.format(host=container.host, token=container.token).encode())
    assert b"AccessKeyId" not in answer
    assert b'"code"' in answer


def test_an_instance_gives_a_token_for_a_put_and_all_else_for_a_token(desk: Desk, instance: Door) -> None:
    status, headers, token = instance.ask("/latest/api/token", "PUT", {TTL: "60"})
    assert (status, headers[TTL.lower()]) == (200, "60")
    known = {TOKEN: token.decode()}
    assert instance.ask(CREDENTIALS, headers=known)[2] == b"local-credentials"
    assert instance.ask("/latest/meta-data/placement/region", headers=known)[2] == b"eu-west-1"
    document = json.loads(instance.ask(f"{CREDENTIALS}local-credentials", headers=known)[2])
    assert (document["Code"], document["Type"]) == ("Success", "AWS-HMAC")
    assert identity(desk, document) == f"arn:aws:sts::{desk.aws.account}:assumed-role/plain"


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        (f"{CREDENTIALS}local-credentials", "GET", {}, 401),  # IMDSv1
        (CREDENTIALS, "GET", {TOKEN: ""}, 401),
        (CREDENTIALS, "GET", {TOKEN: "9999999999." + "0" * 64}, 401),
        (CREDENTIALS, "GET", {TOKEN: "\xff.\xff"}, 401),
        ("/latest/api/token", "GET", {TTL: "60"}, 405),
        ("/latest/api/token", "PUT", {}, 400),
        ("/latest/api/token", "PUT", {TTL: "0"}, 400),
        ("/latest/api/token", "PUT", {TTL: "21601"}, 400),
        ("/latest/api/token", "PUT", {TTL: "\xb2"}, 400),
        ("/latest/api/token", "PUT", {TTL: "60", "X-Forwarded-For": "10.0.0.1"}, 403),
        ("/latest/api/token", "PUT", {TTL: "60", "Host": "169.254.169.254"}, 403),
        ("/stop", "GET", {}, 401),
    ],
)
def test_an_instance_gives_nothing_to_a_request_that_anybody_could_be_made_to_send(
    instance: Door, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    answered, _, body = instance.ask(path, method, headers)
    assert (answered, b"AccessKeyId" in body) == (status, False)


def test_d12_d13_an_instances_endpoint_needs_no_root_and_no_helper(desk: Desk, instance: Door) -> None:
    """There a helper runs as root for it, and any process may stop it."""
    assert instance.host.startswith("127.0.0.1:")
    assert int(instance.host.rpartition(":")[2]) >= 1024
    assert (
        subprocess.run(["ps", "-o", "pid=", "--ppid", str(instance.process)], capture_output=True, check=False).stdout
        == b""
    )


def test_it_says_who_can_read_an_instances_and_ends_with_ctrl_c(desk: Desk) -> None:
    port = closed_port()
    words = [str(BIN / "vault"), "serve", "plain", "--ec2", "--port", str(port), "--shell", "fish"]
    with Terminal(words, environment(desk.home, **desk.env), cwd=desk.home, columns=160) as terminal:
        terminal.see(f"plain is served at http://127.0.0.1:{port} until Ctrl-C")
        whose = "every program of yours" if tells_users_apart() else "every user of this machine"
        terminal.see(f"{whose} can read these credentials")
        terminal.see(f"set -g -x AWS_EC2_METADATA_SERVICE_ENDPOINT 'http://127.0.0.1:{port}'")
        terminal.ctrl("c")
        assert terminal.wait_exit() == 128 + signal.SIGINT


def test_a_port_that_is_taken_is_one_line_before_anybody_is_asked(desk: Desk, container: Door) -> None:
    desk.role("guarded", mfa=True)
    port = container.host.rpartition(":")[2]
    done = vault(desk, "serve", "guarded", "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == f"vault: cannot listen at port {port}: Address already in use"


def test_the_lines_make_another_shell_ask_it(desk: Desk) -> None:
    script = (
        f"'{BIN / 'vault'}' serve plain --shell bash > vars 2> said & server=$!\n"
        "until grep -q AUTHORIZATION_TOKEN vars; do sleep 0.1; done; . ./vars\n"
        f"'{BIN / 'python'}' -c 'import boto3; s = boto3.Session(); print(s.get_credentials().method)'\n"
        "kill $server; wait $server"
    )
    env = environment(desk.home, **desk.env, AWS_ACCESS_KEY_ID="stale", AWS_SECRET_ACCESS_KEY="x")
    done = subprocess.run(
        ["bash", "-c", script], env=env, cwd=desk.home, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("container-role\n", 128 + signal.SIGTERM), done.stderr
