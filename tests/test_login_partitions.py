"""`login --print`, run as a command: each partition's own sign-in host and console, whatever else is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.aws import StrictAws
from tests.desk import Desk
from tests.logging_in import printed, visit
from tests.rig.environment import fresh_home
from tests.test_login_urls import FEDERATION, PAGES

ELSEWHERE = {"aws": "us-west-2", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(Path(tmp_path_factory.mktemp("desk")) / "home"))
        for partition, (region, _) in PAGES.items():
            desk.store_key(partition, desk.key)
            desk.profile(partition, region=region)
        yield desk


@pytest.mark.parametrize("partition", list(PAGES))
@pytest.mark.parametrize("path", [None, "s3/buckets?prefix=a#b"])
@pytest.mark.parametrize("named", [False, True])
def test_each_partition_opens_its_own_console(desk: Desk, partition: str, path: str | None, *, named: bool) -> None:
    region, host = PAGES[partition]
    words = (*(("--path", path) if path else ()), *(("--region", ELSEWHERE[partition]) if named else ()))
    region = ELSEWHERE[partition] if named else region
    url = printed(desk, partition, *words)
    query = parse_qs(urlsplit(url).query)
    assert url.partition("?")[0] == FEDERATION[partition]
    page = f"s3/buckets?region={region}&prefix=a#b" if path else f"console/home?region={region}"
    assert query["Destination"] == [f"https://{region}.{host}/{page}"]
    assert (query["Action"], query["Issuer"]) == (["login"], ["shellint"])
    assert visit(desk, url).status == 200
