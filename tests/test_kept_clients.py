"""Clients are kept with their connections for whoever asks next, and nothing of one caller is ever another's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.httpsession import DEFAULT_CA_BUNDLE

from shellint.credentials import LongTermKey
from shellint.endpoint import Endpoint
from shellint.sources import kept_clients
from shellint.sources.client import Client, aws_client
from tests.aws import StrictAws

CALLS = 300


def client(
    aws: StrictAws,
    key: LongTermKey | None,
    env: Mapping[str, str] | None = None,
    *,
    service: str = "sts",
    **endpoint: Any,
) -> Client:
    where = Endpoint(**{"region": "eu-west-1", "url": aws.endpoint_url} | endpoint)
    return aws_client(service, where, key, env or {}, profile="p", owner="p", now=time.time)


def user(aws: StrictAws, name: str) -> tuple[LongTermKey, str]:
    made = aws.add_user(name)
    return LongTermKey(*made.add_key()), made.arn


@pytest.fixture
def connections(aws: StrictAws, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every connection that is made to the double."""
    found: list[object] = []
    accept = aws._server.process_request

    def counted(request: Any, who: Any) -> None:
        found.append(who)
        accept(request, who)

    monkeypatch.setattr(aws._server, "process_request", counted)
    monkeypatch.setattr(kept_clients, "_clients", {})
    return found


def identity(asked: Client) -> str:
    return str(asked.call("get_caller_identity", {})["Arn"])


def test_hundreds_of_calls_of_two_users_each_get_their_own_identity(aws: StrictAws) -> None:
    users = [user(aws, name) for name in ("kate", "leo")]

    def one(number: int) -> bool:
        key, arn = users[number % 2]
        return identity(client(aws, key)) == arn

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(one, range(CALLS)))


def test_another_user_reuses_the_connection(aws: StrictAws, connections: list[object]) -> None:
    for name in ("mia", "noah", "olga"):
        key, arn = user(aws, name)
        assert identity(client(aws, key)) == arn
    assert len(connections) == 1


def test_a_connection_that_was_left_alone_is_not_trusted(
    aws: StrictAws, connections: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = user(aws, "paul")
    identity(client(aws, key))
    monkeypatch.setattr(kept_clients, "LEFT_ALONE", -1.0)
    identity(client(aws, key))
    assert len(connections) == 2


def test_callers_with_another_way_to_aws_have_clients_of_their_own(aws: StrictAws, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(Path(DEFAULT_CA_BUNDLE).read_bytes())
    key, _ = user(aws, "quinn")
    ways: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({}, {}),
        ({"HTTPS_PROXY": "http://127.0.0.1:1"}, {}),
        ({"HTTPS_PROXY": "http://127.0.0.1:2"}, {}),
        ({}, {"region": "eu-west-2"}),
        ({}, {"url": "http://127.0.0.1:3"}),
        ({}, {"ca_bundle": str(bundle)}),
    ]
    once, again = ([client(aws, key, env, **how)._kept for env, how in ways] for _ in range(2))
    assert len(set(once)) == len(ways)
    assert once == again
    bundle.write_bytes(bundle.read_bytes() + b"\n")
    changed = client(aws, key, ca_bundle=str(bundle))._kept
    assert changed not in once
    assert client(aws, None)._kept not in once, "one that signs nothing"


def test_a_proxy_that_is_bypassed_is_no_proxy(aws: StrictAws) -> None:
    key, _ = user(aws, "rosa")
    bypassed = client(aws, key, {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"})
    assert bypassed._kept is client(aws, key)._kept


def test_a_header_goes_along_with_the_requests_of_one_client_alone(aws: StrictAws) -> None:
    sent: list[str] = []
    signing_in = client(aws, None, service="signin")
    signing_in.send_along("DPoP", lambda url: sent.append(url) or "proof")  # type: ignore[func-returns-value]
    key, _ = user(aws, "sam")
    identity(client(aws, key))
    assert client(aws, None, service="signin")._kept is not signing_in._kept
    assert sent == []


def test_no_more_clients_are_kept_than_there_is_use_for(aws: StrictAws, connections: list[object]) -> None:
    key, _ = user(aws, "tom")
    first = client(aws, key)._kept
    for port in range(kept_clients._MOST + 5):
        client(aws, key, url=f"http://127.0.0.1:{port + 1}")
        assert client(aws, key)._kept is first, "what is used stays"
    assert len(kept_clients._clients) == kept_clients._MOST
    assert connections == []
