"""SSO OIDC: registration, devices, refresh, as boto3 sees them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.aws import Instance, StrictAws
from tests.aws.client import outcome, refusal, send
from tests.aws.messages import RawRequest
from tests.aws.sign_in import DEVICE
from tests.aws.sso_client import (
    REDIRECT,
    SCOPE,
    browser_client,
    code_token,
    device_client,
    device_token,
    oidc_client,
    portal_client,
)

NAMED = {"clientName": "me", "clientType": "public"}


def start(aws: StrictAws, instance: Instance, client: dict[str, str]) -> tuple[dict[str, str], Any]:
    """Start a device: what CreateToken is to be asked with, and what was answered."""
    started = oidc_client(aws).start_device_authorization(**client, startUrl=instance.start_url)
    return client | {"grantType": DEVICE, "deviceCode": started["deviceCode"]}, started


def test_a_client_is_registered_for_ninety_days(aws: StrictAws) -> None:
    answer = oidc_client(aws).register_client(**NAMED, scopes=[SCOPE])
    assert answer["clientId"]
    assert answer["clientSecret"]
    assert abs(answer["clientSecretExpiresAt"] - time.time() - 90 * 86400) < 10
    assert "authorizationEndpoint" not in answer  # AWS sends null, which botocore leaves out
    assert aws.requests[-1].parameters == {**NAMED, "scopes": SCOPE}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"clientName": None}, 400, "InvalidRequestException"),
        ({"clientType": "confidential"}, 400, "InvalidClientMetadataException"),
        ({"scopes": ["everything"]}, 400, "InvalidScopeException"),
        ({"grantTypes": ["password"]}, 400, "UnsupportedGrantTypeException"),
        ({"grantTypes": [DEVICE, "authorization_code"]}, 500, "InternalServerException"),
        ({"grantTypes": ["authorization_code"]}, 400, "InvalidRequestException"),
    ],
)
def test_a_registration_is_checked(aws: StrictAws, changes: dict[str, Any], status: int, code: str) -> None:
    asked = {name: value for name, value in (NAMED | changes).items() if value is not None}
    assert outcome(oidc_client(aws).register_client, **asked) == (status, code)


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b'{"clientName": ["me"], "clientType": "public"}', "InvalidRequestException"),
        ("application/json", b'{"clientName": "me", "clientType": "public", "scopes": "a"}', "InvalidRequestException"),
        ("application/json", b"[]", "SerializationException"),
        ("application/json", b"{", "SerializationException"),
        ("application/x-www-form-urlencoded", b'{"clientName": "me"}', "SerializationException"),
    ],
)
def test_a_malformed_body_is_refused(aws: StrictAws, content_type: str, body: bytes, code: str) -> None:
    headers = (("host", "127.0.0.1"), ("content-type", content_type))
    reply = send(aws.endpoint_url, RawRequest("POST", "/client/register", "", headers, body))
    assert (reply.status, reply.headers["x-amzn-errortype"].partition(":")[0]) == (400, code)
    wrong_method = send(aws.endpoint_url, RawRequest("GET", "/client/register", "", headers, b""))
    assert wrong_method.status == 404


@pytest.mark.parametrize(
    ("redirects", "refused"),
    [
        ([REDIRECT], False),
        (["http://127.0.0.1:9999/oauth/callback"], False),
        ([], True),
        (["http://127.0.0.1/other"], True),
        (["http://localhost/oauth/callback"], True),
        (["https://evil.example/oauth/callback"], True),
    ],
)
def test_a_browser_comes_back_to_the_loopback_alone(
    aws: StrictAws, instance: Instance, redirects: list[str], refused: bool
) -> None:
    asked = {"grantTypes": ["authorization_code"], "issuerUrl": instance.start_url, "redirectUris": redirects}
    expected = (400, "InvalidRedirectUriException") if refused else (200, "")
    assert outcome(oidc_client(aws).register_client, **NAMED, **asked) == expected


def test_a_device_waits_until_the_person_says_yes(aws: StrictAws, instance: Instance) -> None:
    oidc = oidc_client(aws)
    asked, started = start(aws, instance, device_client(aws))
    assert (started["interval"], started["expiresIn"]) == (5, 600)
    assert started["verificationUriComplete"].endswith(f"/device?user_code={started['userCode']}")
    assert aws.sso.waiting == [started["userCode"]]
    assert refusal(oidc.create_token, **asked)[:2] == (400, "AuthorizationPendingException")
    aws.clock_offset += 5
    aws.sso.approve()
    answer = oidc.create_token(**asked)
    assert (answer["tokenType"], answer["expiresIn"]) == ("Bearer", 8 * 3600)
    assert "refreshToken" not in answer
    assert outcome(portal_client(aws).list_accounts, accessToken=answer["accessToken"]) == (200, "")
    assert outcome(oidc.create_token, **asked) == (400, "InvalidGrantException")


def test_who_asks_too_often_is_slowed_down(aws: StrictAws, instance: Instance) -> None:
    """RFC 8628, section 3.5: five seconds more, from then on."""
    oidc = oidc_client(aws)
    asked, _ = start(aws, instance, device_client(aws))
    outcomes = []
    for seconds in (0, 4, 9, 10):
        aws.clock_offset += seconds
        outcomes.append(outcome(oidc.create_token, **asked)[1].removesuffix("Exception"))
    assert outcomes == ["AuthorizationPending", "SlowDown", "SlowDown", "SlowDown"]
    aws.clock_offset += 20
    assert outcome(oidc.create_token, **asked) == (400, "AuthorizationPendingException")


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("deny", "AccessDeniedException"),
        ("expire_device_codes", "ExpiredTokenException"),
        ("slow_down", "SlowDownException"),
        ("expire_clients", "InvalidClientException"),
    ],
)
def test_what_else_a_device_is_told(aws: StrictAws, instance: Instance, event: str, code: str) -> None:
    asked, _ = start(aws, instance, device_client(aws))
    getattr(aws.sso, event)()
    assert outcome(oidc_client(aws).create_token, **asked)[1] == code


def test_an_unknown_start_url_is_refused(aws: StrictAws, instance: Instance) -> None:
    oidc, client = oidc_client(aws), device_client(aws)
    for start_url, expected in (
        (f"{instance.start_url}/#/", (200, "")),
        ("https://other.awsapps.com/start", (400, "InvalidRequestException")),
    ):
        assert outcome(oidc.start_device_authorization, **client, startUrl=start_url) == expected


@pytest.mark.parametrize("field", ["clientId", "clientSecret"])
def test_a_client_proves_who_it_is(aws: StrictAws, instance: Instance, field: str) -> None:
    oidc, client = oidc_client(aws), device_client(aws)
    asked, _ = start(aws, instance, client)
    wrong = {field: "wrong"}
    refused = (401, "InvalidClientException")
    assert outcome(oidc.start_device_authorization, **client | wrong, startUrl=instance.start_url) == refused
    assert outcome(oidc.create_token, **asked | wrong) == refused
    assert outcome(oidc.create_token, **asked | device_client(aws)) == (400, "InvalidGrantException")


def test_the_registered_grants_are_the_only_ones(aws: StrictAws, instance: Instance) -> None:
    oidc, client = oidc_client(aws), browser_client(aws, instance)
    refused = (400, "UnauthorizedClientException")
    assert outcome(oidc.start_device_authorization, **client, startUrl=instance.start_url) == refused
    assert outcome(oidc.create_token, **client, grantType="password") == (400, "UnsupportedGrantTypeException")


def test_a_refresh_token_needs_the_scope_and_the_grant(aws: StrictAws, instance: Instance) -> None:
    given = {
        "scope and grant": device_token(aws, instance, device_client(aws, scopes=[SCOPE])),
        "no scope": device_token(aws, instance, device_client(aws)),
        "no grant": device_token(aws, instance, device_client(aws, scopes=[SCOPE], grantTypes=[DEVICE])),
    }
    assert {name: "refreshToken" in answer for name, answer in given.items()} == {
        "scope and grant": True,
        "no scope": False,
        "no grant": False,
    }
    assert given["scope and grant"]["expiresIn"] == 3600


def test_a_refresh_token_works_once_and_a_second_time_ends_the_sign_in(aws: StrictAws, instance: Instance) -> None:
    oidc, portal, client = oidc_client(aws), portal_client(aws), browser_client(aws, instance)
    first = code_token(aws, instance, client)
    asked = client | {"grantType": "refresh_token"}
    aws.sso.expire_tokens()
    assert outcome(portal.list_accounts, accessToken=first["accessToken"]) == (401, "UnauthorizedException")
    second = oidc.create_token(**asked, refreshToken=first["refreshToken"])
    assert outcome(portal.list_accounts, accessToken=second["accessToken"]) == (200, "")
    refused = (400, "InvalidGrantException")
    assert outcome(oidc.create_token, **asked, refreshToken=first["refreshToken"]) == refused
    assert outcome(portal.list_accounts, accessToken=second["accessToken"]) == (401, "UnauthorizedException")
    assert outcome(oidc.create_token, **asked, refreshToken=second["refreshToken"]) == refused


def test_a_refresh_token_is_its_clients_and_ends_with_the_sign_in(aws: StrictAws, instance: Instance) -> None:
    oidc, client = oidc_client(aws), browser_client(aws, instance)
    token = {"grantType": "refresh_token", "refreshToken": code_token(aws, instance, client)["refreshToken"]}
    refused = (400, "InvalidGrantException")
    assert outcome(oidc.create_token, **browser_client(aws, instance), **token) == refused
    aws.clock_offset += aws.sso.session_seconds - 600
    last = oidc.create_token(**client, **token)
    assert 590 <= last["expiresIn"] <= 600
    aws.clock_offset += 600
    assert outcome(oidc.create_token, **client, **token | {"refreshToken": last["refreshToken"]}) == refused


def test_an_administrator_ends_a_sign_in(aws: StrictAws, instance: Instance) -> None:
    other = aws.sso.add_instance("other")
    client = browser_client(aws, instance)
    ours, theirs = code_token(aws, instance, client), code_token(aws, other)
    aws.sso.revoke(instance)
    refresh = {"grantType": "refresh_token", "refreshToken": ours["refreshToken"]}
    assert outcome(oidc_client(aws).create_token, **client, **refresh) == (400, "InvalidGrantException")
    portal = portal_client(aws)
    assert outcome(portal.list_accounts, accessToken=ours["accessToken"]) == (401, "UnauthorizedException")
    assert outcome(portal.list_accounts, accessToken=theirs["accessToken"]) == (200, "")


def test_no_secret_is_in_the_log(aws: StrictAws, instance: Instance) -> None:
    client = browser_client(aws, instance)
    answer = code_token(aws, instance, client)
    oidc_client(aws).create_token(**client, grantType="refresh_token", refreshToken=answer["refreshToken"])
    assert aws.requests[-1].parameters["refreshToken"] == "(hidden)"
    everything = repr(aws.requests)
    for secret in (client["clientSecret"], answer["accessToken"], answer["refreshToken"]):
        assert secret not in everything
    assert client["clientId"] in everything
