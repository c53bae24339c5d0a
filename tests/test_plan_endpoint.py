"""Where STS is asked for a plan."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shellint.plan import Endpoint
from tests.planning import BASE, arn, plan_of

CN_ROLE = "arn:aws-cn:iam::123456789012:role/R"


@pytest.mark.parametrize(
    ("region", "role_arn", "serial", "sts", "notes"),
    [
        ("eu-west-1", arn("r"), None, "eu-west-1", 0),
        (None, arn("r"), None, "us-east-1", 0),
        (None, CN_ROLE, None, "cn-north-1", 0),
        (None, "arn:aws-us-gov:iam::123456789012:role/R", None, "us-gov-west-1", 0),
        (None, "arn:aws-eusc:iam::123456789012:role/R", None, "eusc-de-east-1", 0),
        (None, None, "arn:aws-cn:iam::123456789012:mfa/me", "cn-north-1", 0),
        (None, None, "GAHT12345678", "us-east-1", 0),
        (None, None, None, "us-east-1", 0),
        ("cn-northwest-1", CN_ROLE, None, "cn-northwest-1", 0),
        ("eu-west-1", CN_ROLE, None, "cn-north-1", 1),
        ("us-newland-1", "arn:aws-newland:iam::123456789012:role/R", None, "us-newland-1", 0),
    ],
)
def test_sts_is_asked_in_the_profiles_region_or_the_default_of_its_partition(
    region: str | None, role_arn: str | None, serial: str | None, sts: str, notes: int
) -> None:
    lines = {"region": region, "role_arn": role_arn, "mfa_serial": serial}
    text = "[profile base]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value)
    plan = plan_of(text, "base")
    assert plan.sts == Endpoint(sts)
    assert plan.region == region
    assert len(plan.notes) == notes


def test_endpoint_and_tls_settings_reach_sts_and_the_endpoint_is_told() -> None:
    env = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_CA_BUNDLE": "/ca", "AWS_USE_FIPS_ENDPOINT": "TRUE"}
    plan = plan_of(f"{BASE}use_dualstack_endpoint = true\n", "base", env=env)
    assert plan.sts == Endpoint("eu-west-1", "http://127.0.0.1:1", "/ca", use_fips=True, use_dualstack=True)
    assert plan.notes == ()
    assert plan.elsewhere == ("STS is asked at http://127.0.0.1:1 (AWS_ENDPOINT_URL_STS)",)
    assert plan_of(BASE, "base").elsewhere == ()


@pytest.mark.parametrize(
    ("env", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "aws-global"),
        ({"AWS_REGION": "eu-south-1"}, "eu-south-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_USE_FIPS_ENDPOINT": "true"}, "eu-west-1"),
    ],
)
def test_legacy_sts_endpoints_are_the_global_one_where_aws_has_it(env: Mapping[str, str], region: str) -> None:
    plan = plan_of("", "base", env={**env, "AWS_STS_REGIONAL_ENDPOINTS": "legacy"})
    assert plan.sts.region == region


def test_notes_of_the_profile_come_first() -> None:
    notes = plan_of(f"{BASE}role_arn = {CN_ROLE}\n", "base", env={"AWS_REGION": "us-east-1"}).notes
    assert [note.split()[0] for note in notes] == ["region", "us-east-1"]
