"""A refresh token is good once: it goes to its own endpoints alone, in bounded time, and the next one is not lost."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from shellint.endpoint import Endpoint
from shellint.errors import NeedsHuman, NetworkError, StoreError
from shellint.sso.sealed import SealedToken
from shellint.sso.token import access_token
from shellint.sso.values import SignInPlace
from shellint.terminal import NoHuman
from shellint.undisturbed import LIMITS, undisturbed
from tests.aws import StrictAws
from tests.planning import plan_of
from tests.sso_cli import Cli
from tests.sts_helpers import refusal

ELSEWHERE = Endpoint("eu-west-1", "http://127.0.0.1:1")


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with StrictAws() as aws:
        yield Cli(aws, tmp_path)


def test_our_token_goes_to_no_other_portal_and_no_other_oidc(cli: Cli) -> None:
    SealedToken(cli.place, cli.caller()).write(cli.sign_in())
    for place in (replace(cli.place, portal=ELSEWHERE), replace(cli.place, oidc=ELSEWHERE)):
        assert isinstance(refusal(partial(access_token, place, cli.caller(NoHuman()))), NeedsHuman)
    assert cli.token(NoHuman())


@pytest.mark.parametrize(
    ("portal", "oidc", "sent"),
    [
        (None, None, True),
        ("http://127.0.0.1:1", "http://localhost:2", True),
        ("http://127.0.0.1:1", None, False),
        (None, "https://oidc.example", False),
        ("https://portal.example", "https://oidc.example", False),
        ("https://portal.example", "http://127.0.0.1:1", False),
    ],
)
def test_the_token_of_the_aws_cli_is_for_aws_or_for_this_machine(
    cli: Cli, portal: str | None, oidc: str | None, *, sent: bool
) -> None:
    content = cli.login()
    place = SignInPlace(cli.instance, Endpoint("eu-west-1", portal), Endpoint("eu-west-1", oidc))
    if sent:
        assert access_token(place, cli.caller(NoHuman())) == content["accessToken"]
    else:
        assert isinstance(refusal(lambda: access_token(place, cli.caller(NoHuman()))), NeedsHuman)


def test_where_a_sign_in_is_sent_because_a_url_was_set_is_told_once_for_each() -> None:
    text = (
        "[profile prod]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_account_id = 111122223333\nsso_role_name = Admin\n"
    )
    assert plan_of(text, keys=()).notes == ()
    assert plan_of(text, env={"AWS_ENDPOINT_URL": "https://a.example"}, keys=()).notes == (
        "IAM Identity Center is asked at https://a.example (AWS_ENDPOINT_URL)",
    )
    both = {"AWS_ENDPOINT_URL_SSO": "https://a.example", "AWS_ENDPOINT_URL_SSO_OIDC": "https://b.example"}
    assert plan_of(text, env=both, keys=()).notes == (
        "IAM Identity Center is asked at https://a.example (AWS_ENDPOINT_URL_SSO)",
        "IAM Identity Center is asked at https://b.example (AWS_ENDPOINT_URL_SSO_OIDC)",
    )


def test_what_a_killed_process_left_beside_the_file_goes_with_the_next_refresh(cli: Cli) -> None:
    cli.login(seconds=60)
    (cli.file.parent / f".{cli.file.name}.abc.tmp").write_text("a live token")
    assert cli.token(NoHuman())
    assert [file.name for file in cli.file.parent.iterdir()] == [cli.file.name]


def test_a_store_that_cannot_be_written_costs_no_refresh_token(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cli.sign_in()
    SealedToken(cli.place, cli.caller()).write(first)
    cli.pass_time(3500)
    calls = cli.calls()

    def full(*_: object, **__: object) -> None:
        raise StoreError("no space", "free some")

    with monkeypatch.context() as patch:
        patch.setattr("shellint.store.store.Store.put", full)
        assert cli.token(NoHuman()) == first.access, "it serves to its end"
        cli.pass_time(101)
        assert isinstance(refusal(lambda: cli.token(NoHuman())), StoreError)
    assert cli.calls() == calls
    assert cli.token(NoHuman()) not in (first.access, "")


def test_an_answer_that_drips_holds_up_a_prompt_for_seconds_only(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time limit of a socket sees it: each byte is in time."""
    monkeypatch.setitem(LIMITS, False, 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        token = replace(cli.sign_in(), expires=int(cli.clock()) - 1)
        cli.endpoint = Endpoint("eu-west-1", f"http://127.0.0.1:{listener.getsockname()[1]}")
        SealedToken(cli.place, cli.caller()).write(token)
        over = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{")
                while not over.wait(0.1):
                    connection.sendall(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        try:
            error = refusal(lambda: cli.token(programs=False))
        finally:
            over.set()
            thread.join(20)
        assert error.what == "the sign-in could not be renewed within 1 seconds"
        assert 1.0 <= time.monotonic() - began < 5.0


def test_a_signal_waits_for_the_end_of_what_is_undisturbed() -> None:
    done: list[str] = []

    def action() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        done.append("kept")

    with pytest.raises(KeyboardInterrupt):
        undisturbed(action, 10)
    assert done == ["kept"]


def test_a_signal_waits_no_longer_than_the_limit() -> None:
    stopped = threading.Event()

    def action() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        stopped.wait(20)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        undisturbed(action, 0.2)
    stopped.set()
    assert time.monotonic() - began < 5


def test_what_the_action_raises_is_raised() -> None:
    def action() -> None:
        raise NetworkError("no network")

    with pytest.raises(NetworkError, match="no network"):
        undisturbed(action, 10)
