"""IAM's answers that are none of the double's: whose key it is not, and what is no key."""

from __future__ import annotations

import pytest

from shellint.credentials import LongTermKey
from shellint.endpoint import Endpoint
from shellint.errors import ConfigError, NetworkError
from shellint.sources.iam import iam_client, user_of
from tests.loopback import raw_server
from tests.sts_helpers import refusal
from tests.world import Clock

KEY = LongTermKey("AKIAEXAMPLE000000000", "hidden-secret-of-the-old-key")
SECRET = "hidden secret of the new key"


def http(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def identity(arn: str) -> bytes:
    return http(
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>"
        "</GetCallerIdentityResponse>"
    )


@pytest.mark.parametrize(
    ("arn", "user"),
    [
        ("arn:aws:iam::123456789012:user/alice", "alice"),
        ("arn:aws-cn:iam::123456789012:user/team/a b/alice+1@example.com", "alice+1@example.com"),
    ],
)
def test_the_user_is_named_in_the_arn_perhaps_behind_a_path(arn: str, user: str) -> None:
    with raw_server(identity(arn)) as url:
        assert user_of(Endpoint("us-east-1", url), KEY, {}, owner="base", now=Clock()) == user


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:assumed-role/x/y"])
def test_the_key_of_the_root_user_is_not_touched(arn: str) -> None:
    with raw_server(identity(arn)) as url, pytest.raises(ConfigError, match="not that of an IAM user"):
        user_of(Endpoint("us-east-1", url), KEY, {}, owner="base", now=Clock())


@pytest.mark.parametrize(
    "key",
    [
        f"<AccessKeyId>AKIAEXAMPLE000000001</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>",
        f"<AccessKeyId>a b</AccessKeyId><SecretAccessKey>{SECRET.replace(' ', '')}</SecretAccessKey>",
        "<AccessKeyId>AKIAEXAMPLE000000001</AccessKeyId>",
    ],
)
def test_what_is_no_key_is_not_taken_for_one_and_not_shown(key: str) -> None:
    answer = (
        f"<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey>{key}</AccessKey></CreateAccessKeyResult>"
        "</CreateAccessKeyResponse>"
    )
    with raw_server(http(answer)) as url:
        iam = iam_client(Endpoint("us-east-1", url), KEY, {}, user="alice", owner="base", now=Clock())
        error = refusal(iam.create, SECRET, SECRET.replace(" ", ""), KEY.secret_access_key)
    assert isinstance(error, NetworkError)
