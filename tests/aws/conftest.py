"""What the tests of the stand-in share: one AWS, one user, one role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws import Instance, KeyPair, Mfa, Role, StrictAws, User
from tests.aws.client import sts_client


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as aws:
        yield aws


@pytest.fixture
def alice(aws: StrictAws) -> User:
    return aws.add_user("alice")


@pytest.fixture
def key(alice: User) -> KeyPair:
    return alice.add_key()


@pytest.fixture
def mfa(alice: User) -> Mfa:
    return alice.add_mfa()


@pytest.fixture
def sts(aws: StrictAws, key: KeyPair) -> Any:
    return sts_client(aws.endpoint_url, key)


@pytest.fixture
def role(aws: StrictAws, alice: User) -> Role:
    return aws.add_role("reader", trusted=[alice.arn], max_duration=7200)


@pytest.fixture
def instance(aws: StrictAws) -> Instance:
    """An Identity Center with one account and one role in it."""
    instance = aws.sso.add_instance()
    instance.add_account("111111111111", "Prod").add_role("Admin")
    return instance
