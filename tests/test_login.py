"""`login --print`: which session opens the console, how long it stays open, and that the address works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.logging_in import page_of, printed, visit

FEDERATED = ["GetCallerIdentity", "GetFederationToken", "getSigninToken"]


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as strict:
        yield strict


def actions(desk: Desk) -> list[str]:
    return [record.action + ("!" if record.error else "") for record in desk.aws.requests]


def asked(desk: Desk, action: str) -> Mapping[str, str]:
    """Return the parameters of the last request for an action."""
    return next(record.parameters for record in reversed(desk.aws.requests) if record.action == action)


def test_a_role_opens_the_console_with_its_own_session(desk: Desk) -> None:
    desk.role("prod")
    url = printed(desk, "prod", "--path", "s3/buckets")
    assert actions(desk) == ["AssumeRole", "getSigninToken"]
    assert "SessionDuration" not in asked(desk, "getSigninToken")
    page = visit(desk, url)
    assert page.status == 200
    assert b":assumed-role/prod/" in page.body
    assert b"https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1" in page.body
    assert visit(desk, url).status == 400, "it works once"


def test_the_session_is_sent_in_the_body_and_no_secret_in_any_url(desk: Desk) -> None:
    desk.role("prod")
    printed(desk, "prod")
    token = desk.aws.requests[-1]
    assert (token.action, token.method, token.in_url) == ("getSigninToken", "POST", ())
    assert token.user_agent.startswith("shellint/")


def test_d11_the_key_of_a_user_opens_the_console_without_iam_get_user(desk: Desk) -> None:
    page = visit(desk, printed(desk, "base"))
    assert b":federated-user/alice" in page.body
    assert actions(desk)[:3] == FEDERATED
    sent = asked(desk, "GetFederationToken")
    assert (sent["Name"], sent["DurationSeconds"]) == ("alice", "3600")
    assert '"Action":"*"' in sent["Policy"]
    assert "SessionDuration" not in asked(desk, "getSigninToken")


def test_a_session_of_get_session_token_is_never_used_for_the_console(desk: Desk) -> None:
    assert vault(desk, "exec", "base", "true").returncode == 0
    printed(desk, "base")
    assert actions(desk) == ["GetSessionToken", *FEDERATED]


def test_the_session_of_a_federated_user_is_kept_like_any_other(desk: Desk) -> None:
    printed(desk, "base")
    printed(desk, "base")
    assert actions(desk) == [*FEDERATED, "getSigninToken"]
    assert vault(desk, "remove", "base", "--yes").returncode == 0
    assert vault(desk, "list", "--sessions").stdout == ""


@pytest.mark.parametrize(
    ("user", "name"),
    [("x", "x-"), ("a" * 33, "a" * 32), ("j.doe+ops=1,2@example-x", "j.doe+ops=1,2@example-x")],
)
def test_the_federated_user_has_as_much_of_the_name_as_aws_takes(desk: Desk, user: str, name: str) -> None:
    desk.store_key("other", desk.aws.add_user(user).add_key())
    assert f":federated-user/{name}<".encode() in visit(desk, printed(desk, "other")).body


@pytest.mark.parametrize(
    ("words", "env", "seconds"),
    [
        ((), {"AWS_FEDERATION_TOKEN_TTL": "2h"}, "7200"),
        (("--duration", "36h"), {"AWS_FEDERATION_TOKEN_TTL": "2h"}, "129600"),
        ((), {"AWS_SESSION_TOKEN_TTL": "2h"}, "3600"),
    ],
)
def test_a_user_says_how_long_as_in_aws_vault(
    desk: Desk, words: tuple[str, ...], env: dict[str, str], seconds: str
) -> None:
    printed(desk, "base", *words, **env)
    assert asked(desk, "GetFederationToken")["DurationSeconds"] == seconds
    assert "SessionDuration" not in asked(desk, "getSigninToken")


def test_a_role_of_one_hour_may_have_a_console_of_eight(desk: Desk) -> None:
    desk.role("prod", max_duration=3600)
    printed(desk, "prod", "--duration", "8h")
    assert asked(desk, "AssumeRole")["DurationSeconds"] == "3600"
    assert asked(desk, "getSigninToken")["SessionDuration"] == "28800"


def test_a_role_with_mfa_takes_the_code_itself_for_a_longer_console(desk: Desk) -> None:
    desk.role("dev", mfa=True, require_mfa=True)
    printed(desk, "dev", "--duration", "8h", "--mfa-token", desk.mfa.fresh_code())
    assert actions(desk) == ["AssumeRole", "getSigninToken"]
    assert asked(desk, "getSigninToken")["SessionDuration"] == "28800"


def test_a_chained_role_has_the_console_as_long_as_its_session_and_says_so(desk: Desk) -> None:
    first = desk.role("first")
    second = desk.aws.add_role("second", trusted=[first.arn])
    desk.profile("second", role_arn=second.arn, source_profile="first")
    result = vault(desk, "login", "second", "--print", "--duration", "8h")
    assert "second lasts 1h, not 8h (--duration): it is a chained role" in result.stderr
    assert "SessionDuration" not in asked(desk, "getSigninToken")
    assert b":assumed-role/second/" in visit(desk, result.stdout.strip()).body


@pytest.mark.parametrize(
    ("region", "sign_in", "page"),
    [
        ("cn-north-1", "signin.amazonaws.cn", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "signin.amazonaws-us-gov.com", "us-gov-west-1.console.amazonaws-us-gov.com"),
        (
            "eusc-de-east-1",
            "eusc-de-east-1.signin.amazonaws-eusc.eu",
            "eusc-de-east-1.console.amazonaws-eusc.eu",
        ),
        ("ap-south-1", "us-east-1.signin.aws.amazon.com", "ap-south-1.console.aws.amazon.com"),
    ],
)
def test_an_endpoint_override_gets_the_token_and_the_address_keeps_the_partitions_host(
    desk: Desk, region: str, sign_in: str, page: str
) -> None:
    url = printed(desk, "base", "--region", region)
    assert url.startswith(f"https://{sign_in}/federation?")
    assert page_of(url) == f"https://{page}/console/home?region={region}"
    assert visit(desk, url).status == 200


def test_the_override_of_the_sign_in_service_has_a_path_of_its_own(desk: Desk) -> None:
    result = vault(desk, "login", "base", "--print", AWS_ENDPOINT_URL_SIGNIN=f"{desk.aws.endpoint_url}/")
    assert result.returncode == 0, result.stderr
    assert "AWS_ENDPOINT_URL_SIGNIN" in result.stderr


def test_d10_the_region_comes_from_where_it_does_everywhere(desk: Desk) -> None:
    desk.role("plain")
    desk.profile("paris", include_profile="plain", region="eu-west-3")
    found = {
        words: page_of(printed(desk, *words, **env))
        for words, env in (
            (("paris",), {}),
            (("paris", "--region", "us-west-2"), {"AWS_REGION": "ap-south-1"}),
            (("paris", "--path", "x"), {"AWS_REGION": "ap-south-1"}),
        )
    }
    assert list(found.values()) == [
        "https://eu-west-3.console.aws.amazon.com/console/home?region=eu-west-3",
        "https://us-west-2.console.aws.amazon.com/console/home?region=us-west-2",
        "https://ap-south-1.console.aws.amazon.com/x?region=ap-south-1",
    ]


def test_d10_a_path_counts_where_there_is_no_region(desk: Desk) -> None:
    desk.config.write_text("")
    assert page_of(printed(desk, "base", "--path", "ec2/home")) == "https://console.aws.amazon.com/ec2/home"


def test_logging_out_first_wraps_the_address(desk: Desk) -> None:
    desk.role("prod")
    for option in ("--logout", "-a", "--auto-logout"):
        parts = urlsplit(printed(desk, "prod", option))
        assert (parts.netloc, parts.path) == ("us-east-1.signin.aws.amazon.com", "/oauth")
        query = parse_qs(parts.query)
        assert query["Action"] == ["logout"]
        assert visit(desk, query["redirect_uri"][0]).status == 200


def test_aws_vault_stdout_prints_as_the_option_does(desk: Desk) -> None:
    desk.role("prod")
    for words, env in ((("prod", "-s"), {}), (("prod", "--stdout"), {}), (("prod",), {"AWS_VAULT_STDOUT": "true"})):
        result = vault(desk, "login", *words, **env)
        assert result.stdout.startswith("https://us-east-1.signin.aws.amazon.com/federation?"), result
