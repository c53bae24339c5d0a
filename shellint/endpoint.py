"""Where the services of AWS are asked for a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shellint.partitions import LEGACY_STS_REGIONS, STS_REGION, partition_of_arn, partition_of_region
from shellint.providers import SignIn, Sso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shellint.profiles import Profile

__all__ = ["Endpoint", "bearer_endpoint", "is_loopback", "service_endpoint", "sts_endpoint", "url_notes"]

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# What is sent a sign-in, by who gives the credentials, in the words for a person.
_SIGN_INS: Mapping[type, Mapping[str, str]] = {
    Sso: {"sso": "IAM Identity Center", "sso_oidc": "IAM Identity Center"},
    SignIn: {"signin": "the sign-in of the console"},
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The region a service is asked in, and the connection; without `url`, botocore finds it by the region."""

    region: str
    url: str | None = None
    ca_bundle: str | None = None
    use_fips: bool = False
    use_dualstack: bool = False

    @property
    def place(self) -> str:
        """What a session depends on: the URL that was set, else the partition."""
        return self.url or partition_of_region(self.region)


def service_endpoint(profile: Profile, service: str, region: str) -> Endpoint:
    """Return the endpoint of `service` (one of layers.SERVICES) in `region`, as `profile` has it."""
    return Endpoint(
        region=region,
        url=profile.endpoint_urls.get(service),
        ca_bundle=profile.ca_bundle,
        use_fips=profile.use_fips_endpoint,
        use_dualstack=profile.use_dualstack_endpoint,
    )


def bearer_endpoint(profile: Profile, service: str, region: str, sent: str = "sent a sign-in") -> Endpoint:
    """Return as `service_endpoint`, for a service that is `sent` secrets, or gives them, as they are.

    Raises ConfigError when the URL that was set for it would carry them in the clear to another machine.
    """
    endpoint = service_endpoint(profile, service, region)
    url = endpoint.url or "https:"
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise profile.origins[f"endpoint_url_{service}"].error(
            f"{endpoint.url} would be {sent} unencrypted", "use https"
        )
    return endpoint


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def url_notes(profile: Profile, provider: object) -> list[str]:
    """Return where a sign-in is sent because a URL was set for it, and who set it."""
    services = _SIGN_INS.get(type(provider), {}).items()
    told = (
        f"{name} is asked at {profile.endpoint_urls[service]} ({profile.origins[f'endpoint_url_{service}']})"
        for service, name in services
        if profile.endpoint_urls.get(service)
    )
    return list(dict.fromkeys(told))


def sts_endpoint(profile: Profile, arns: Iterable[str | None]) -> tuple[Endpoint, tuple[str, ...]]:
    """Return the endpoint of STS for `profile`, and notes on it; `arns` are those of the roles and the MFA device.

    A URL that was set is no note: it is news only once it was asked (Plan.elsewhere). The region is the profile's own.
    Where it has none, or one that the partition of the ARNs does not have, STS is asked in the default region of that
    partition: anywhere else it could only refuse.
    """
    partition = next(filter(None, (partition_of_arn(arn) for arn in arns if arn)), None)
    region = profile.region or STS_REGION.get(partition or "aws", STS_REGION["aws"])
    notes: list[str] = []
    if profile.endpoint_urls.get("sts"):
        return service_endpoint(profile, "sts", region), ()
    if partition in STS_REGION and partition != partition_of_region(region):
        notes.append(f"{region} is not a region of {partition}: STS is asked in {STS_REGION[partition]}")
        region = STS_REGION[partition]
    elif (
        profile.sts_regional_endpoints == "legacy"
        and region in LEGACY_STS_REGIONS
        and not (profile.use_fips_endpoint or profile.use_dualstack_endpoint)
    ):
        region = "aws-global"
    return service_endpoint(profile, "sts", region), tuple(notes)
