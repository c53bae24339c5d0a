"""A web identity token, from a file or printed by a program, becomes a session of a role without any credentials."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.credentials import Credentials
from shellint.errors import AwsRefused, ConfigError, NeedsHuman, NetworkError
from shellint.providers import WebIdentityToken
from shellint.sources import client as client_module
from shellint.sources import web_identity
from shellint.steps import WebIdentity
from tests.aws import Breakage, Role, StrictAws
from tests.aws.identity_provider import IdentityProvider
from tests.roots import SECRET, caller, clean_failure, plan_from
from tests.sts_helpers import refusal
from tests.world import HOUR, World, assume

ISSUER = "https://id.example"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


@pytest.fixture
def issuer(world: World) -> IdentityProvider:
    return world.aws.add_identity_provider(ISSUER)


@pytest.fixture
def role(world: World, issuer: IdentityProvider) -> Role:
    return world.aws.add_role("pod", trusted=[issuer.arn], max_duration=7200)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "token"


def step_of(role: Role, file: Path | str | None = None, process: str | None = None) -> WebIdentity:
    token = WebIdentityToken(str(file) if file is not None else None, process)
    return WebIdentity("pod", token, role.arn, "me@laptop", 2 * HOUR)


def obtain(world: World, step: WebIdentity) -> Credentials:
    return world.broker().obtain(plan_from(world, step), min_ttl=300)


@pytest.mark.parametrize("around", ["{}", "{}\n", "  \n{}\r\n\n"])
def test_the_token_of_a_file_is_sent_trimmed_and_unsigned(
    world: World, role: Role, issuer: IdentityProvider, file: Path, around: str
) -> None:
    token = issuer.token("pod-1")
    file.write_text(around.format(token))
    made = obtain(world, step_of(role, file))
    (record,) = world.aws.requests
    assert (record.action, record.access_key_id, record.error) == ("AssumeRoleWithWebIdentity", None, None)
    assert (record.parameters["RoleSessionName"], record.parameters["DurationSeconds"]) == ("me@laptop", "7200")
    assert made.left(world.clock()) == pytest.approx(2 * HOUR, abs=5)
    assert obtain(world, step_of(role, file)) != made, "the token may be another's by now"
    assert world.store.names("session") == []


def test_the_token_of_a_program_is_taken_from_its_output(
    world: World, role: Role, issuer: IdentityProvider, file: Path
) -> None:
    """It is a line for the shell, as in aws-vault, whose setting it is."""
    file.write_text(issuer.token("pod-1"))
    obtain(world, step_of(role, process=f"cat < {file} | cat; echo"))
    assert world.calls() == ["AssumeRoleWithWebIdentity"]


def test_a_role_on_top_is_assumed_with_the_session(
    world: World, role: Role, issuer: IdentityProvider, file: Path
) -> None:
    file.write_text(issuer.token("pod-1"))
    top = world.role("top", trusted=role.arn)
    world.broker().obtain(plan_from(world, step_of(role, file), assume(top)), min_ttl=300)
    assert world.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole"]


def test_a_path_from_the_home_directory_is_found(
    world: World, role: Role, issuer: IdentityProvider, file: Path
) -> None:
    """`~` is not the shell's here; the caller's home is where his ~/.aws is."""
    file.write_text(issuer.token("pod-1"))
    asking = caller(world, {}, aws=file.parent / ".aws")
    step = step_of(role, "~/token")
    assert web_identity.credentials(step, plan_from(world, step), asking).session_token


WRONG_TOKENS = [
    b"",
    b" \n",
    b"abc",
    SECRET.encode() + b" two",
    b"\xff" * 20,
    b"x" * 20_001,
    b"a\0bcdef",
    b"x" * 200_000,
]


@pytest.mark.parametrize("content", WRONG_TOKENS, ids=range(len(WRONG_TOKENS)))
def test_what_is_no_token_is_not_sent(world: World, role: Role, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for step, what in (
        (step_of(role, file), f"{file} holds no web identity token for pod"),
        (step_of(role, process=f"cat {file}"), "web_identity_token_process of pod printed no web identity token"),
    ):
        error = clean_failure(world, lambda step=step: obtain(world, step))  # type: ignore[misc]
        assert isinstance(error, ConfigError)
        assert error.what == what
    assert world.calls() == []


def test_a_file_that_is_missing_or_cannot_be_read_is_named_with_the_reason(
    world: World, role: Role, file: Path
) -> None:
    error = clean_failure(world, lambda: obtain(world, step_of(role, file)))
    assert error.what == f"the web identity token of pod cannot be read: {file}: No such file or directory"
    assert "web_identity_token_file" in error.todo
    assert "Not a directory" in clean_failure(world, lambda: obtain(world, step_of(role, "/dev/null/x"))).what
    assert "cannot be read" in clean_failure(world, lambda: obtain(world, step_of(role, "a\0b"))).what


@pytest.mark.parametrize("kind", ["fifo", "device", "directory"])
def test_what_is_no_ordinary_file_is_not_waited_for(world: World, role: Role, file: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(file)
    place = {"fifo": file, "device": Path("/dev/zero"), "directory": file.parent}[kind]
    error = clean_failure(world, lambda: obtain(world, step_of(role, place)))
    assert isinstance(error, ConfigError)
    assert str(place) in error.what


@pytest.mark.parametrize(
    ("process", "what"),
    [
        ("exit 3", "web_identity_token_process of pod failed with exit code 3"),
        ("no-such-program-anywhere 2>/dev/null", "web_identity_token_process of pod failed with exit code 127"),
        ("head -c 3000000 /dev/zero", "web_identity_token_process of pod printed more than"),
    ],
)
def test_a_program_that_fails_is_one_line(world: World, role: Role, process: str, what: str) -> None:
    error = clean_failure(world, lambda: obtain(world, step_of(role, process=process)))
    assert isinstance(error, ConfigError)
    assert what in error.what


def test_a_program_that_hangs_is_ended(world: World, role: Role) -> None:
    step = step_of(role, process="sleep 987")
    asking, plan = caller(world, {}), plan_from(world, step)
    error = clean_failure(world, lambda: web_identity.credentials(step, plan, asking, limit=0.4, notice=0.1))
    assert error.what == "web_identity_token_process of pod gave no answer in 0.4 s"
    assert world.human.said == ["waiting for web_identity_token_process of pod"]


def test_without_leave_for_programs_only_a_file_serves(
    world: World, role: Role, issuer: IdentityProvider, file: Path
) -> None:
    plan = plan_from(world, step_of(role, process=f"touch {file}"))
    with pytest.raises(NeedsHuman, match="the web identity token of pod comes from web_identity_token_process"):
        world.broker(programs=False).obtain(plan, min_ttl=300)
    assert not file.exists()
    file.write_text(issuer.token("pod-1"))
    assert world.broker(programs=False).obtain(plan_from(world, step_of(role, file)), min_ttl=300)


def test_an_expired_token_is_told_as_such(world: World, role: Role, issuer: IdentityProvider, file: Path) -> None:
    file.write_text(issuer.token("pod-1", exp=time.time() - 60))
    error = clean_failure(world, lambda: obtain(world, step_of(role, file)))
    assert isinstance(error, AwsRefused)
    assert error.what.startswith("the web identity token of pod has expired (ExpiredTokenException: ")
    assert error.exit_code == 3


def test_a_token_that_aws_does_not_trust_is_told_with_awss_reason(
    world: World, role: Role, issuer: IdentityProvider, file: Path
) -> None:
    forger = IdentityProvider(ISSUER, issuer.audience, issuer.account)
    for token in ("not.a.token", forger.token("pod-1"), issuer.token("pod-1", aud="other")):
        file.write_text(token)
        error = clean_failure(world, lambda: obtain(world, step_of(role, file)))
        assert isinstance(error, AwsRefused)
        assert error.what.startswith("AWS does not accept the web identity token of pod (InvalidIdentityToken: ")
        assert token not in error.what


def test_a_role_that_does_not_trust_the_provider_is_named(world: World, issuer: IdentityProvider, file: Path) -> None:
    other = world.aws.add_role("other", trusted=[world.alice.arn])
    file.write_text(issuer.token("pod-1"))
    error = clean_failure(world, lambda: obtain(world, step_of(other, file)))
    assert error.what.startswith(f"{other.arn} does not trust the web identity token of pod (AccessDenied: ")
    assert "trust policy" in error.todo


@pytest.mark.parametrize(
    ("code", "what", "exit_code"),
    [
        ("IDPCommunicationError", "AWS cannot reach the identity provider of pod", 3),
        ("IDPRejectedClaim", "the identity provider does not stand by the token of pod", 3),
        ("Throttling", "AWS asks to slow down", 3),
        ("InternalFailure", "AWS refused", 3),
    ],
)
def test_each_refusal_is_one_line(
    world: World, role: Role, issuer: IdentityProvider, file: Path, code: str, what: str, exit_code: int
) -> None:
    token = issuer.token("pod-1")
    file.write_text(token)
    world.aws.fail_next("AssumeRoleWithWebIdentity", code)
    error = refusal(lambda: obtain(world, step_of(role, file)), token)
    assert error.what.startswith(what)
    assert error.exit_code == exit_code
    assert world.store.names("session") == []


@pytest.mark.parametrize(
    "how",
    [Breakage.RESET, Breakage.TRUNCATED, Breakage.MALFORMED, Breakage.MISSHAPEN, Breakage.PORTAL, Breakage.SILENT],
)
def test_each_broken_answer_is_one_line_and_leaves_nothing(
    world: World, role: Role, issuer: IdentityProvider, file: Path, how: Breakage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client_module.aws_client.__kwdefaults__, "read_timeout", 0.3)  # type: ignore[arg-type]
    token = issuer.token("pod-1")
    file.write_text(token)
    world.aws.break_next("AssumeRoleWithWebIdentity", how)
    error = refusal(lambda: obtain(world, step_of(role, file)), token)
    assert isinstance(error, NetworkError)
    assert error.exit_code == 1
    assert world.store.names("session") == []
