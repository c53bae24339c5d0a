"""What a person and a browser meet while signing in: RFC 6749 with PKCE, RFC 8252, RFC 8628."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.aws import Instance, StrictAws
from tests.aws.browser import answer
from tests.aws.client import outcome, send
from tests.aws.messages import RawRequest
from tests.aws.sign_in import DEVICE
from tests.aws.sso_client import (
    CALLBACK,
    authorize_url,
    browser_client,
    challenge,
    code_of,
    code_token,
    device_client,
    oidc_client,
    portal_client,
)

ROOT = Path(__file__).parents[2]
VERIFIER = "verifier-" * 5


@pytest.fixture
def client(aws: StrictAws, instance: Instance) -> dict[str, str]:
    return browser_client(aws, instance)


def redeem(client: dict[str, str], code: str, **other: str) -> dict[str, str]:
    """What CreateToken is asked with for a code."""
    usual = {"grantType": "authorization_code", "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER}
    return client | usual | other


def page_error(url: str) -> str:
    """Open a page that must be an error: its status and text."""
    with pytest.raises(ValueError) as caught:
        answer(url)
    return str(caught.value)


def test_allow_sends_the_browser_back_with_a_code_that_signs_in(
    aws: StrictAws, instance: Instance, client: dict[str, str]
) -> None:
    location = answer(authorize_url(aws, client, VERIFIER, state="a b&c"))
    assert location.startswith(f"{CALLBACK}?code=")
    assert dict(parse_qsl(urlsplit(location).query))["state"] == "a b&c"
    tokens = oidc_client(aws).create_token(**redeem(client, code_of(location)))
    assert tokens["refreshToken"]
    accounts = portal_client(aws).list_accounts(accessToken=tokens["accessToken"])["accountList"]
    assert [account["accountId"] for account in accounts] == list(instance.accounts)


def test_deny_sends_it_back_with_an_error(aws: StrictAws, client: dict[str, str]) -> None:
    location = answer(authorize_url(aws, client), allow=False)
    assert dict(parse_qsl(urlsplit(location).query)) == {"error": "access_denied", "state": "some-state"}


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": challenge(VERIFIER) + "="}, "invalid_request"),
        ({"scopes": "sso:account:access openid"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_comes_back_with_its_error(
    aws: StrictAws, client: dict[str, str], other: dict[str, str], error: str
) -> None:
    location = answer(authorize_url(aws, client, **other))
    assert dict(parse_qsl(urlsplit(location).query))["error"] == error


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:80@evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:45678/other"},
        {"redirect_uri": "http://localhost:45678/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:45678/oauth/callback?more=1"},
        {"redirect_uri": "http://[::"},
        {"redirect_uri": ""},
    ],
)
def test_a_browser_is_never_sent_where_the_client_does_not_live(
    aws: StrictAws, client: dict[str, str], other: dict[str, str]
) -> None:
    assert page_error(authorize_url(aws, client, **other)).startswith("400: ")


@pytest.mark.parametrize("field", ["codeVerifier", "redirectUri", "code"])
def test_a_code_needs_its_verifier_and_its_redirect(aws: StrictAws, client: dict[str, str], field: str) -> None:
    code = code_of(answer(authorize_url(aws, client, VERIFIER)))
    wrong = {"codeVerifier": "x" * 43, "redirectUri": CALLBACK.replace("45678", "45679"), "code": "wrong"}[field]
    create_token = oidc_client(aws).create_token
    assert outcome(create_token, **redeem(client, code) | {field: wrong}) == (400, "InvalidGrantException")
    assert outcome(create_token, **redeem(client, code, codeVerifier="short")) == (400, "InvalidRequestException")
    assert outcome(create_token, **redeem(client, code)) == (200, "")


def test_a_code_is_its_clients_and_ends_after_a_minute(
    aws: StrictAws, instance: Instance, client: dict[str, str]
) -> None:
    create_token, code = oidc_client(aws).create_token, code_of(answer(authorize_url(aws, client, VERIFIER)))
    refused = (400, "InvalidGrantException")
    assert outcome(create_token, **redeem(browser_client(aws, instance), code)) == refused
    aws.clock_offset += 61
    assert outcome(create_token, **redeem(client, code)) == refused


def test_a_code_that_comes_twice_ends_what_it_began(aws: StrictAws, client: dict[str, str]) -> None:
    """RFC 6749, section 4.1.2: somebody else had it too."""
    oidc, code = oidc_client(aws), code_of(answer(authorize_url(aws, client, VERIFIER)))
    first = oidc.create_token(**redeem(client, code))
    assert outcome(oidc.create_token, **redeem(client, code)) == (400, "InvalidGrantException")
    refused = outcome(portal_client(aws).list_accounts, accessToken=first["accessToken"])
    assert refused == (401, "UnauthorizedException")


def test_an_answer_counts_once(aws: StrictAws, client: dict[str, str]) -> None:
    with urllib.request.urlopen(authorize_url(aws, client), timeout=5) as page:
        number = page.read().decode().partition('name="request" value="')[2].partition('"')[0]
    form = urlencode({"request": number, "answer": "deny"}).encode()
    headers = (("host", "127.0.0.1"), ("content-type", "application/x-www-form-urlencoded"))
    request = RawRequest("POST", "/authorize", "", headers, form)
    assert [send(aws.endpoint_url, request).status for _ in range(2)] == [302, 400]


@pytest.mark.parametrize("allow", [True, False])
def test_a_device_is_answered_in_the_browser(aws: StrictAws, instance: Instance, allow: bool) -> None:
    oidc, client = oidc_client(aws), device_client(aws)
    started = oidc.start_device_authorization(**client, startUrl=instance.start_url)
    with urllib.request.urlopen(started["verificationUri"], timeout=5) as page:
        assert b'<input name="user_code">' in page.read()
    assert answer(started["verificationUriComplete"], allow=allow) == ""
    token = client | {"grantType": DEVICE, "deviceCode": started["deviceCode"]}
    assert outcome(oidc.create_token, **token) == ((200, "") if allow else (400, "AccessDeniedException"))
    assert "not known" in page_error(started["verificationUriComplete"])


def test_a_program_can_stand_for_the_person(aws: StrictAws, instance: Instance) -> None:
    oidc, client = oidc_client(aws), device_client(aws)
    started = oidc.start_device_authorization(**client, startUrl=instance.start_url)
    program = [sys.executable, "-m", "tests.aws.browser", started["verificationUriComplete"]]
    subprocess.run(program, cwd=ROOT, check=True, timeout=30)
    assert outcome(oidc.create_token, **client, grantType=DEVICE, deviceCode=started["deviceCode"]) == (200, "")


@pytest.mark.parametrize(("options", "word"), [([], "code="), (["--deny"], "error=access_denied")])
def test_the_program_comes_back_to_who_waits(
    aws: StrictAws, client: dict[str, str], options: list[str], word: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as waiting:
        callback = f"http://127.0.0.1:{waiting.getsockname()[1]}/oauth/callback"
        url = authorize_url(aws, client, redirect_uri=callback)
        with subprocess.Popen([sys.executable, "-m", "tests.aws.browser", *options, url], cwd=ROOT) as program:
            waiting.settimeout(30)
            connection, _ = waiting.accept()
            with connection:
                request = connection.recv(65536).decode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert program.wait(30) == 0
    assert request.startswith(f"GET /oauth/callback?{word}")


def test_neither_code_nor_state_is_in_the_log(aws: StrictAws, instance: Instance) -> None:
    code_token(aws, instance)
    actions = [record.action for record in aws.requests]
    assert actions == ["RegisterClient", "Authorize", "AuthorizeAnswer", "CreateToken"]
    token = aws.requests[-1].parameters
    assert (token["code"], token["codeVerifier"], token["redirectUri"]) == ("(hidden)", "(hidden)", CALLBACK)
    assert "some-state" not in repr(aws.requests)
