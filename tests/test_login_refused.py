"""`login` that does not open the console: each failure is two lines, and no secret of a session is in any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.credentials import Credentials
from shellint.endpoint import Endpoint
from shellint.errors import AwsRefused, NetworkError, ShellintError
from shellint.sources.federation import sign_in_token
from tests.aws import Breakage, StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.logging_in import exported
from tests.loopback import closed_port
from tests.sts_helpers import refusal
from tests.world import World, assume


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as strict:
        yield strict


@pytest.fixture
def session(aws: StrictAws, tmp_path: Path) -> Credentials:
    world = World(aws, tmp_path / "world")
    return world.broker().obtain(world.plan(assume(world.role("prod"))), min_ttl=60)


def failed(aws: StrictAws, session: Credentials, env: dict[str, str] | None = None, url: str = "") -> ShellintError:
    """Return how asking for a token fails."""
    endpoint = Endpoint("eu-west-1", url or aws.endpoint_url)

    def ask() -> str:
        return sign_in_token(endpoint, "signin.example", session, env or {}, owner="prod", read_timeout=0.5)

    return refusal(ask, session.secret_access_key, session.session_token)


def test_a_session_that_aws_does_not_take_is_refused(aws: StrictAws, session: Credentials) -> None:
    aws.clock_offset += 3601
    error = failed(aws, session)
    assert isinstance(error, AwsRefused)
    assert error.what.startswith("AWS opens no console for the session ASIA…")
    assert error.what.endswith(" of prod (HTTP 400)")
    assert "vault whoami" in error.todo


def test_a_refused_length_says_so(aws: StrictAws, session: Credentials) -> None:
    def ask() -> str:
        return sign_in_token(Endpoint("eu-west-1", aws.endpoint_url), "", session, {}, owner="prod", seconds=899)

    assert "--duration" in refusal(ask, session.secret_access_key, session.session_token).todo


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (Breakage.TRUNCATED, "is not AWS"),
        (Breakage.MALFORMED, "is not AWS"),
        (Breakage.MISSHAPEN, "is not AWS"),
        (Breakage.PORTAL, "is not AWS"),
        (Breakage.RESET, "broke off the connection"),
        (Breakage.SILENT, "took the request and stayed silent"),
    ],
)
def test_an_answer_that_is_spoilt_names_the_host(
    aws: StrictAws, session: Credentials, how: Breakage, says: str
) -> None:
    aws.break_next("getSigninToken", how)
    error = failed(aws, session)
    assert isinstance(error, NetworkError)
    assert says in error.what
    assert "127.0.0.1" in error.what


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ServiceUnavailable", NetworkError),
        ("TooManyRequestsException", NetworkError),
        ("ForbiddenException", AwsRefused),
    ],
)
def test_what_is_aws_own_trouble_is_told_from_a_refusal(
    aws: StrictAws, session: Credentials, code: str, kind: type[ShellintError]
) -> None:
    aws.fail_next("getSigninToken", code)
    assert type(failed(aws, session)) is kind


def test_nobody_there_is_one_line(aws: StrictAws, session: Credentials) -> None:
    error = failed(aws, session, url=f"http://127.0.0.1:{closed_port()}")
    assert isinstance(error, NetworkError)
    assert "cannot be reached" in error.what


def test_the_proxy_of_the_caller_is_used_and_no_proxy_is_heeded(aws: StrictAws, session: Credentials) -> None:
    env = {"http_proxy": f"http://127.0.0.1:{closed_port()}"}
    assert "proxy" in failed(aws, session, env).what
    endpoint = Endpoint("eu-west-1", aws.endpoint_url)
    assert sign_in_token(endpoint, "", session, env | {"no_proxy": "127.0.0.1"}, owner="prod")


def test_a_session_is_not_sent_in_the_clear_to_another_machine(desk: Desk) -> None:
    result = vault(desk, "login", "base", "--print", AWS_ENDPOINT_URL_SIGNIN="http://signin.example")
    assert (result.returncode, result.stdout) == (1, "")
    assert "http://signin.example would be sent a session unencrypted" in result.stderr
    assert not desk.aws.requests


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("base", "--region", "us-iso-east-1"), 1, "console of partition aws-iso "),
        (("base", "--region", "x.evil.example/"), 2, "region"),
        (("base", "--path", "https://evil.example"), 2, "--path is the part behind"),
        (("base", "--duration", "37h"), 2, "out of range"),
        (("nosuch",), 1, "no profile 'nosuch'"),
    ],
)
def test_what_cannot_be_is_said_before_aws_is_asked(desk: Desk, words: tuple[str, ...], code: int, says: str) -> None:
    result = vault(desk, "login", *words, "--print")
    assert (result.returncode, result.stdout) == (code, ""), result
    assert says in result.stderr
    assert len(result.stderr.splitlines()) <= 4
    assert not desk.aws.requests


def test_a_bad_ttl_of_aws_vault_is_named(desk: Desk) -> None:
    result = vault(desk, "login", "base", "--print", AWS_FEDERATION_TOKEN_TTL="long")
    assert result.returncode == 1
    assert "AWS_FEDERATION_TOKEN_TTL" in result.stderr


def test_a_user_that_may_not_is_told_the_permission(desk: Desk) -> None:
    message = "User: x is not authorized to perform: sts:GetFederationToken on resource: y"
    desk.aws.fail_next("GetFederationToken", "AccessDenied", status=403, message=message)
    result = vault(desk, "login", "base", "--print")
    assert (result.returncode, result.stdout) == (3, "")
    assert "must allow sts:GetFederationToken" in result.stderr


def test_an_ended_session_in_this_shell_says_how_to_get_another(desk: Desk) -> None:
    desk.role("prod")
    desk.aws.session_seconds = 320
    env = exported(desk, "prod")
    desk.aws.clock_offset += 321
    result = vault(desk, "login", "--print", **env)
    assert (result.returncode, result.stdout) == (3, "")
    assert "has expired" in result.stderr
    assert "vault use PROFILE" in result.stderr


def test_what_is_no_key_in_the_environment_is_not_shown(desk: Desk) -> None:
    env = {"AWS_ACCESS_KEY_ID": "AKIAAAAAAAAAAAAAAAAA", "AWS_SECRET_ACCESS_KEY": "two words"}
    result = vault(desk, "login", "--print", **env)
    assert result.returncode == 2
    assert "malformed SecretAccessKey" in result.stderr
    assert "two words" not in result.stderr
