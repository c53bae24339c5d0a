"""A session put into an environment, for the tests of what comes out of it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from shellint.credentials import Credentials
from shellint.environment import Change, load
from shellint.lease import Lease, Wish, held
from shellint.variables import (
    OURS,
    REPLACED,
    SETS,
)
from tests.hostile import values

__all__ = ["NOW", "OTHER", "SECRETS", "WISH", "credentials", "fallen", "former", "lease_of", "regions", "use"]

NOW = 1_700_000_000
WISH = Wish("prod", duration=900)
SECRETS = ("s3cret-of-the-key", "s3cret-of-the-token")
OTHER = {"HOME": "/home/alice", "AWS_CONFIG_FILE": "/x", "AWS_MFA_SERIAL": "arn:x", "AWSUME_A-B": "odd", "LANG": "C"}
"""What no session touches; the last but one has a name that no shell can unset."""


def credentials(key: str = "ASIA1", seconds: int = 3600) -> Credentials:
    ends = NOW + seconds
    return Credentials(key, *SECRETS, datetime.fromtimestamp(ends, UTC), ends, NOW)


def use(
    env: Mapping[str, str],
    *,
    key: str = "ASIA1",
    region: str | None = "eu-west-1",
    lease: str = "ab12",
    sealed: Mapping[str, str] | None = None,
) -> Change:
    return load(env, WISH, credentials(key), region=region, lease=lease, owner=42, minimum=300, sealed=sealed or {})


def fallen(env: Mapping[str, str]) -> dict[str, str]:
    """Return what is left after the hook's own fallback: without the program it can only unset."""
    return {name: value for name, value in env.items() if name not in {*SETS, *OURS} or name == "SHELLINT_SAVED"}


def lease_of(env: Mapping[str, str]) -> Lease:
    lease = held(env)
    assert lease is not None
    return lease


former = st.dictionaries(st.sampled_from([*SETS, *REPLACED, "AWSUME_OTHER"]), values, max_size=12).map(
    lambda touched: OTHER | touched
)
regions = st.sampled_from([None, "eu-west-1"])
