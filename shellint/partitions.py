"""AWS partitions: closed worlds with their own regions, endpoints and credentials.

The table repeats what botocore's `partitions.json` says, because importing botocore costs thirty times this file.
The region of a partition is the one whose STS endpoint stands in when nobody named a region.
"""

from __future__ import annotations

__all__ = ["LEGACY_STS_REGIONS", "STS_REGION", "partition_of_arn", "partition_of_region"]

STS_REGION = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
}

_REGION_PREFIX = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}


LEGACY_STS_REGIONS = frozenset(
    {
        "ap-northeast-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""Where `sts_regional_endpoints = legacy` means the global endpoint, the region `aws-global` of botocore.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
"""


def partition_of_region(region: str) -> str:
    """Return the partition that `region` lies in; `aws` when its name does not tell."""
    return next((partition for prefix, partition in _REGION_PREFIX.items() if region.startswith(prefix)), "aws")


def partition_of_arn(arn: str) -> str | None:
    """Return the partition that `arn` (`arn:PARTITION:…`) names, None for a serial number that is no ARN."""
    scheme, _, rest = arn.partition(":")
    return rest.partition(":")[0] if scheme == "arn" else None
