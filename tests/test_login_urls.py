"""The console's addresses: every partition, with and without region and path, and paths that mean harm."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.console import CONSOLES, console_of, destination, login_url, logout_url
from shellint.errors import ConfigError, UsageError
from shellint.partitions import STS_REGION

PAGES = {
    "aws": ("eu-west-1", "console.aws.amazon.com"),
    "aws-cn": ("cn-northwest-1", "console.amazonaws.cn"),
    "aws-us-gov": ("us-gov-east-1", "console.amazonaws-us-gov.com"),
    "aws-eusc": ("eusc-de-east-1", "console.amazonaws-eusc.eu"),
}
FEDERATION = {
    "aws": "https://us-east-1.signin.aws.amazon.com/federation",
    "aws-cn": "https://signin.amazonaws.cn/federation",
    "aws-us-gov": "https://signin.amazonaws-us-gov.com/federation",
    "aws-eusc": "https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation",
}


@pytest.mark.parametrize("partition", list(PAGES))
@pytest.mark.parametrize("path", [None, "s3/buckets"])
def test_each_partition_has_its_hosts_with_a_region(partition: str, path: str | None) -> None:
    region, host = PAGES[partition]
    page = destination(console_of(partition), region, path)
    assert page == f"https://{region}.{host}/{path or 'console/home'}?region={region}"


@pytest.mark.parametrize("partition", list(PAGES))
@pytest.mark.parametrize("path", [None, "s3/buckets"])
def test_d10_each_partition_has_its_hosts_and_the_path_counts_without_a_region(
    partition: str, path: str | None
) -> None:
    assert destination(console_of(partition), None, path) == f"https://{PAGES[partition][1]}/{path or 'console/home'}"


@pytest.mark.parametrize("partition", list(FEDERATION))
def test_w16_each_partition_signs_in_and_out_at_its_own_host(partition: str) -> None:
    console = console_of(partition)
    page = destination(console, PAGES[partition][0], "ec2/home#Instances:")
    url = login_url(console, "a+token/of=theirs", page)
    base, _, query = url.partition("?")
    assert base == FEDERATION[partition]
    assert parse_qs(query) == {
        "Action": ["login"],
        "Issuer": ["shellint"],
        "Destination": [page],
        "SigninToken": ["a+token/of=theirs"],
    }
    out, _, query = logout_url(console, url).partition("?")
    assert out == FEDERATION[partition].replace("/federation", "/oauth")
    assert parse_qs(query) == {"Action": ["logout"], "redirect_uri": [url]}


def test_a_partition_without_a_public_console_is_refused_by_name() -> None:
    for partition in sorted(STS_REGION.keys() - CONSOLES.keys()):
        with pytest.raises(ConfigError, match=f"console of partition {partition} "):
            console_of(partition)
    assert CONSOLES.keys() == PAGES.keys()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ec2/home", "/ec2/home?region=eu-west-1"),
        ("//ec2/home", "/ec2/home?region=eu-west-1"),
        ("ec2/home#Instances:id=i-1", "/ec2/home?region=eu-west-1#Instances:id=i-1"),
        ("s3/buckets?prefix=a/b", "/s3/buckets?region=eu-west-1&prefix=a/b"),
        ("cloudwatch/home?region=us-east-1#logs", "/cloudwatch/home?region=us-east-1#logs"),
        ("a?next=/b?region=x", "/a?region=eu-west-1&next=/b?region=x"),
        ("logs/$252Faws$252Flambda", "/logs/$252Faws$252Flambda?region=eu-west-1"),
        ("a%2Fb%zz%", "/a%2Fb%25zz%25?region=eu-west-1"),
        ("ünd so", "/%C3%BCnd%20so?region=eu-west-1"),
        ("\udcff", "/%FF?region=eu-west-1"),
        ("", "/console/home?region=eu-west-1"),
        ("/", "/?region=eu-west-1"),
        ("\\\\evil.example/x", "/evil.example/x?region=eu-west-1"),
        ("/\\evil.example", "/evil.example?region=eu-west-1"),
        ("\t//evil.example", "/%09//evil.example?region=eu-west-1"),
        ("@evil.example", "/@evil.example?region=eu-west-1"),
        (".evil.example", "/.evil.example?region=eu-west-1"),
        ("a\r\nX: y", "/a%0D%0AX:%20y?region=eu-west-1"),
        ("a&SigninToken=x", "/a&SigninToken=x?region=eu-west-1"),
        ('"><script>', "/%22%3E%3Cscript%3E?region=eu-west-1"),
    ],
)
def test_a_path_is_made_clean_and_never_leads_to_another_host(path: str, expected: str) -> None:
    console = console_of("aws")
    page = destination(console, "eu-west-1", path)
    assert page == f"https://eu-west-1.console.aws.amazon.com{expected}"
    query = parse_qs(urlsplit(login_url(console, "token", page)).query)
    assert (query["Destination"], query["SigninToken"]) == ([page], ["token"])


@pytest.mark.parametrize("path", ["https://evil.example/", "x://y", "//a://b"])
def test_a_whole_address_is_no_path(path: str) -> None:
    with pytest.raises(UsageError, match="behind the console's host"):
        destination(console_of("aws"), "eu-west-1", path)


@given(st.text(), st.sampled_from([None, "eu-west-1"]))
def test_whatever_is_given_the_host_stays_and_the_address_is_plain(path: str, region: str | None) -> None:
    host = f"{region}.console.aws.amazon.com" if region else "console.aws.amazon.com"
    try:
        page = destination(console_of("aws"), region, path)
    except UsageError:
        assert "://" in path
        return
    assert page.startswith(f"https://{host}/")
    assert urlsplit(page).netloc == host
    assert page.isascii()
    assert page.isprintable()
    assert not set(page) & set(' "<>\\^`{|}')
