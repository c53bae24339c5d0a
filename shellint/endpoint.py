"""Where STS is asked for a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.partitions import LEGACY_STS_REGIONS, STS_REGION, partition_of_arn, partition_of_region

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shellint.profiles import Profile

__all__ = ["Endpoint", "sts_endpoint"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The region STS is asked in and the settings of the connection; without `url`, botocore finds it by region."""

    region: str
    url: str | None = None
    ca_bundle: str | None = None
    use_fips: bool = False
    use_dualstack: bool = False


def sts_endpoint(profile: Profile, arns: Iterable[str | None]) -> tuple[Endpoint, tuple[str, ...]]:
    """Return the endpoint for `profile`, and notes on it; `arns` are those of the roles and the MFA device in play.

    The region is the profile's own. Where it has none, or one that the partition of the ARNs does not have, STS is
    asked in the default region of that partition: anywhere else it could only refuse.
    """
    partition = next(filter(None, (partition_of_arn(arn) for arn in arns if arn)), None)
    region = profile.region or STS_REGION.get(partition or "aws", STS_REGION["aws"])
    notes: list[str] = []
    if profile.endpoint_url:
        notes.append(f"STS is asked at {profile.endpoint_url} ({profile.origins['endpoint_url']})")
    elif partition in STS_REGION and partition != partition_of_region(region):
        notes.append(f"{region} is not a region of {partition}: STS is asked in {STS_REGION[partition]}")
        region = STS_REGION[partition]
    elif (
        profile.sts_regional_endpoints == "legacy"
        and region in LEGACY_STS_REGIONS
        and not (profile.use_fips_endpoint or profile.use_dualstack_endpoint)
    ):
        region = "aws-global"
    endpoint = Endpoint(
        region=region,
        url=profile.endpoint_url,
        ca_bundle=profile.ca_bundle,
        use_fips=profile.use_fips_endpoint,
        use_dualstack=profile.use_dualstack_endpoint,
    )
    return endpoint, tuple(notes)
