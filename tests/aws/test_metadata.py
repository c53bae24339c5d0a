"""Instance metadata and container credentials, as botocore's own fetchers see them, and by hand."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import MetadataRetrievalError
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

from tests.aws import Breakage, Role, StrictAws
from tests.aws.client import sts_client
from tests.aws.metadata import TOKEN_HEADER, TOKEN_PATH, ContainerCredentials, InstanceMetadata

CREDENTIALS = "/latest/meta-data/iam/security-credentials/"
TTL = f"{TOKEN_HEADER}-ttl-seconds"


@pytest.fixture
def machine(aws: StrictAws) -> Role:
    return aws.add_role("path/machine", trusted=[])


@pytest.fixture
def metadata(aws: StrictAws, machine: Role) -> Iterator[InstanceMetadata]:
    with InstanceMetadata(aws, machine) as metadata:
        yield metadata


@pytest.fixture
def container(aws: StrictAws, machine: Role) -> Iterator[ContainerCredentials]:
    with ContainerCredentials(aws, machine) as container:
        yield container


def ask(url: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Send one request: status and text; `_` in a header's name stands for `-`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def token_of(metadata: InstanceMetadata, seconds: str = "60") -> str:
    return ask(metadata.endpoint_url, TOKEN_PATH, "PUT", **{TTL: seconds})[1]


def fetcher(metadata: InstanceMetadata, **options: Any) -> InstanceMetadataFetcher:
    config = {"ec2_metadata_service_endpoint": metadata.endpoint_url}
    return InstanceMetadataFetcher(timeout=1, num_attempts=1, config=config, **options)


def holder(aws: StrictAws, key: str, secret: str, token: str) -> str:
    arn: str = sts_client(
        aws.endpoint_url, {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token}
    ).get_caller_identity()["Arn"]
    return arn


def test_an_instance_gets_a_real_session(aws: StrictAws, metadata: InstanceMetadata) -> None:
    got = fetcher(metadata).retrieve_iam_role_credentials()
    assert got["role_name"] == "machine"
    arn = holder(aws, got["access_key"], got["secret_key"], got["token"])
    assert arn == f"arn:aws:sts::{aws.account}:assumed-role/machine/i-0123456789abcdef0"
    assert [(asked.method, asked.path) for asked in metadata.requests] == [
        ("PUT", TOKEN_PATH),
        ("GET", CREDENTIALS),
        ("GET", f"{CREDENTIALS}machine"),
    ]
    assert fetcher(metadata).retrieve_iam_role_credentials()["access_key"] == got["access_key"]
    metadata.rotate()
    assert fetcher(metadata).retrieve_iam_role_credentials()["access_key"] != got["access_key"]


def test_nothing_is_read_without_a_token(metadata: InstanceMetadata) -> None:
    for headers in ({}, {TOKEN_HEADER: "wrong"}):
        assert ask(metadata.endpoint_url, CREDENTIALS, **headers)[0] == 401
    token = token_of(metadata)
    assert ask(metadata.endpoint_url, CREDENTIALS, **{TOKEN_HEADER: token}) == (200, "machine")
    metadata.expire_tokens()
    assert ask(metadata.endpoint_url, CREDENTIALS, **{TOKEN_HEADER: token})[0] == 401
    metadata.v1 = True
    assert ask(metadata.endpoint_url, CREDENTIALS) == (200, "machine")


@pytest.mark.parametrize(("seconds", "status"), [("", 400), ("0", 400), ("1", 200), ("21600", 200), ("21601", 400)])
def test_a_token_lasts_one_second_to_six_hours(metadata: InstanceMetadata, seconds: str, status: int) -> None:
    headers = {TTL: seconds} if seconds else {}
    assert ask(metadata.endpoint_url, TOKEN_PATH, "PUT", **headers)[0] == status


def test_a_token_ends(aws: StrictAws, metadata: InstanceMetadata) -> None:
    token = token_of(metadata)
    aws.clock_offset += 61
    assert ask(metadata.endpoint_url, CREDENTIALS, **{TOKEN_HEADER: token})[0] == 401


def test_a_proxy_gets_no_token_and_a_token_is_put(metadata: InstanceMetadata) -> None:
    assert ask(metadata.endpoint_url, TOKEN_PATH, "PUT", **{TTL: "60", "X-Forwarded-For": "10.0.0.1"})[0] == 403
    assert ask(metadata.endpoint_url, TOKEN_PATH, **{TTL: "60"})[0] == 405


def test_an_instance_may_have_no_role_or_no_metadata(metadata: InstanceMetadata) -> None:
    token = {TOKEN_HEADER: token_of(metadata)}
    metadata.role = None
    assert fetcher(metadata).retrieve_iam_role_credentials() == {}
    assert ask(metadata.endpoint_url, CREDENTIALS, **token)[0] == 404
    metadata.enabled = False
    assert ask(metadata.endpoint_url, TOKEN_PATH, "PUT", **{TTL: "60"})[0] == 403


def test_an_instance_knows_its_region(metadata: InstanceMetadata) -> None:
    token = {TOKEN_HEADER: token_of(metadata)}
    assert ask(metadata.endpoint_url, "/latest/meta-data/placement/region", **token) == (200, "eu-central-1")
    zone = ask(metadata.endpoint_url, "/latest/meta-data/placement/availability-zone/", **token)
    assert zone == (200, "eu-central-1a")


def test_a_token_that_never_comes_is_what_a_hop_too_many_looks_like(metadata: InstanceMetadata) -> None:
    metadata.break_next(TOKEN_PATH, Breakage.SILENT)
    assert fetcher(metadata).retrieve_iam_role_credentials() == {}  # botocore then tries v1, and is refused
    assert [(asked.method, asked.status) for asked in metadata.requests] == [("PUT", 200), ("GET", 401)]


@pytest.mark.parametrize("how", [Breakage.TRUNCATED, Breakage.MISSHAPEN, Breakage.RESET, Breakage.PORTAL])
def test_spoilt_metadata_is_no_credentials(metadata: InstanceMetadata, how: Breakage) -> None:
    metadata.break_next(f"{CREDENTIALS}machine", how, times=2)
    assert fetcher(metadata).retrieve_iam_role_credentials() == {}


def test_a_container_gets_a_real_session(aws: StrictAws, machine: Role, container: ContainerCredentials) -> None:
    assert container.token
    got = ContainerMetadataFetcher(sleep=lambda _: None).retrieve_full_uri(
        container.full_uri, headers={"Authorization": container.token}
    )
    assert got["RoleArn"] == machine.arn
    assert holder(aws, got["AccessKeyId"], got["SecretAccessKey"], got["Token"]).endswith("/i-0123456789abcdef0")
    assert got["Expiration"].endswith("Z")
    assert container.token not in repr(container.requests)


def test_a_container_proves_itself_by_the_bare_token(container: ContainerCredentials) -> None:
    token = container.token
    for headers in ({}, {"Authorization": "wrong"}, {"Authorization": f"Bearer {token}"}):
        status, text = ask(container.endpoint_url, container.path, **headers)
        assert (status, '"code": "AccessDenied"' in text) == (401, True)
    container.token = None
    assert ask(container.endpoint_url, container.path)[0] == 200
    assert ask(container.endpoint_url, "/other")[0] == 404


def test_a_container_fails_on_request(container: ContainerCredentials) -> None:
    container.token = None
    container.fail_next("*", 500, times=3)
    with pytest.raises(MetadataRetrievalError, match="non 200 response 500"):
        ContainerMetadataFetcher(sleep=lambda _: None).retrieve_full_uri(container.full_uri)
    assert [asked.status for asked in container.requests] == [500, 500, 500]
