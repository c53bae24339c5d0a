"""STS by boto3: told everything, reading nothing by itself; each failure is one line and what to do."""

from __future__ import annotations

import contextlib
import datetime
import json
import socket
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from shellint.credentials import Credentials, LongTermKey
from shellint.errors import AwsRefused, ConfigError, NetworkError, ShellintError
from shellint.plan import AssumeRole, Endpoint, SessionToken
from shellint.sources import sts as sts_module
from shellint.sources.assume_role import assume_role
from shellint.sources.session_token import get_session_token
from shellint.sources.sts import Sts, sts_client
from tests.aws import Breakage, KeyPair, StrictAws
from tests.world import HOUR, Clock

PLAIN = SessionToken("base", None, None, HOUR)


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as double:
        yield double


@pytest.fixture
def key(aws: StrictAws) -> KeyPair:
    return aws.add_user("alice").add_key()


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at the first attempt: the pauses between attempts are tested once and not in each case."""
    monkeypatch.setattr(sts_module, "ATTEMPTS", 1)


def ask(
    url: str,
    key: KeyPair | Credentials,
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Sts:
    timeouts = {name: options.pop(name, 5.0) for name in ("connect_timeout", "read_timeout")}
    signer = LongTermKey(*key) if isinstance(key, KeyPair) else key
    endpoint = Endpoint(options.pop("region", "eu-west-1"), url, **options)
    return sts_client(endpoint, signer, env or {}, profile="base", now=Clock(), **timeouts)


def refusal(call: Callable[[], object], *secrets: str) -> ShellintError:
    """Return the error of a call, having checked that it is two clean lines without a secret anywhere."""
    with pytest.raises(ShellintError) as caught:
        call()
    error = caught.value
    assert error.what
    assert error.todo
    assert (error.what + error.todo).isprintable()
    shown = "".join(traceback.format_exception(error))
    assert not [secret for secret in secrets if secret in shown]
    return error


# What is sent


def test_a_session_token_is_asked_for_with_its_duration_and_code(aws: StrictAws) -> None:
    alice = aws.add_user("alice")
    mfa, sts = alice.add_mfa(), ask(aws.endpoint_url, alice.add_key())
    get_session_token(sts, PLAIN, None)
    get_session_token(sts, SessionToken("base", mfa.serial, None, 8 * HOUR), mfa.fresh_code())
    plain, coded = aws.requests
    always = {"Action": "GetSessionToken", "Version": "2011-06-15"}
    assert plain.parameters == always | {"DurationSeconds": "3600"}
    assert coded.parameters == always | {"DurationSeconds": "28800", "SerialNumber": mfa.serial}
    assert (plain.mfa_code, coded.mfa_code) == (False, True)


def test_a_role_is_asked_for_with_everything_the_step_says_and_nothing_else(aws: StrictAws) -> None:
    alice = aws.add_user("alice")
    mfa, sts = alice.add_mfa(), ask(aws.endpoint_url, alice.add_key())
    role = aws.add_role("admin", trusted=[alice.arn], max_duration=2 * HOUR, require_mfa=True, external_id="ext/1")
    step = AssumeRole(
        profile="admin",
        role_arn=role.arn,
        session_name="alice@laptop",
        external_id="ext/1",
        duration=2 * HOUR,
        mfa_serial=mfa.serial,
        session_tags=(("team", "red & blue"), ("cost", "")),
        transitive_tag_keys=("team",),
        source_identity="alice",
    )
    assume_role(sts, step, mfa.fresh_code())
    (record,) = aws.requests
    assert record.mfa_code
    assert record.parameters == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": role.arn,
        "RoleSessionName": "alice@laptop",
        "DurationSeconds": "7200",
        "ExternalId": "ext/1",
        "SerialNumber": mfa.serial,
        "SourceIdentity": "alice",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "red & blue",
        "Tags.member.2.Key": "cost",
        "Tags.member.2.Value": "",
        "TransitiveTagKeys.member.1": "team",
    }


def test_a_plain_role_is_asked_for_without_what_it_does_not_need(aws: StrictAws) -> None:
    alice = aws.add_user("alice")
    role = aws.add_role("reader", trusted=[alice.arn])
    step = AssumeRole("reader", role.arn, "alice@laptop", None, HOUR)
    assume_role(ask(aws.endpoint_url, alice.add_key()), step, None)
    (record,) = aws.requests
    assert set(record.parameters) == {"Action", "Version", "RoleArn", "RoleSessionName", "DurationSeconds"}
    assert "shellint/" in record.user_agent


def test_the_session_is_what_aws_gave_and_works(aws: StrictAws, key: KeyPair) -> None:
    made = get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    identity = ask(aws.endpoint_url, made).call("get_caller_identity", {})
    assert identity["Arn"].endswith("user/alice")
    assert made.expires == int(made.expiration.timestamp())
    assert made.expires - made.issued == pytest.approx(HOUR, abs=2)


@pytest.mark.parametrize("offset", [-600, 600])
def test_the_end_of_a_session_is_moved_onto_this_machines_clock(aws: StrictAws, key: KeyPair, offset: int) -> None:
    aws.clock_offset = offset
    made = get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    assert made.expiration.timestamp() - made.expires == pytest.approx(offset, abs=2)
    assert made.expires - made.issued == pytest.approx(HOUR, abs=2)


# What is read


READS = """
import json, os, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ("open", "os.listdir") else None)
from shellint.credentials import LongTermKey
from shellint.plan import Endpoint
from shellint.sources.sts import sts_client
url, *key = sys.argv[1:]
sts = sts_client(Endpoint("eu-west-1", url), LongTermKey(*key), {}, profile="base", now=lambda: 0.0)
arn = sts.call("get_caller_identity", {})["Arn"]
print(json.dumps({"arn": arn, "aws": [path for path in opened if "/.aws" in path], "modules": sorted(sys.modules)}))
"""

MISLEADING = {
    "AWS_PROFILE": "does-not-exist",
    "AWS_DEFAULT_PROFILE": "does-not-exist",
    "AWS_ACCESS_KEY_ID": "AKIAFROMENVIRONMENT0",
    "AWS_SECRET_ACCESS_KEY": "from the environment",
    "AWS_SESSION_TOKEN": "from the environment",
    "AWS_SECURITY_TOKEN": "from the environment",
    "AWS_ACCOUNT_ID": "999999999999",
    "AWS_REGION": "nowhere-1",
    "AWS_DEFAULT_REGION": "nowhere-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nowhere/ca.pem",
    "REQUESTS_CA_BUNDLE": "/nowhere/ca.pem",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_STS_REGIONAL_ENDPOINTS": "bogus",
    "AWS_DEFAULTS_MODE": "bogus",
    "AWS_RETRY_MODE": "bogus",
    "AWS_MAX_ATTEMPTS": "bogus",
    "AWS_METADATA_SERVICE_TIMEOUT": "bogus",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "bogus",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "bogus",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "bogus",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "bogus",
    "AWS_SDK_UA_APP_ID": "not/an app id",
    "AWS_CSM_ENABLED": "true",
    "AWS_DATA_PATH": "/nowhere",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/other",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}


def test_neither_the_process_environment_nor_the_aws_directory_is_read(aws: StrictAws, tmp_path: Path) -> None:
    """Whatever stands there, broken or misleading, the call goes where it was told, signed with what was given."""
    key = aws.add_user("alice").add_key()
    models = tmp_path / ".aws" / "models" / "sts" / "2011-06-15"
    models.mkdir(parents=True)
    (models / "service-2.json").write_text("not JSON")
    (tmp_path / ".aws" / "config").write_text("[profile broken\nthis is not a config file")
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_access_key_id = AKIAFROMFILE00000000\n")
    done = subprocess.run(
        [sys.executable, "-I", "-c", READS, aws.endpoint_url, *key],
        env=MISLEADING | {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["arn"].endswith("user/alice")
    assert found["aws"] == []
    (record,) = aws.requests
    assert (record.access_key_id, record.region) == (key.access_key_id, "eu-west-1")


def test_importing_the_sources_and_the_broker_imports_no_boto3() -> None:
    code = "import shellint.broker, sys; print([name for name in sys.modules if name.startswith(('boto', 'urllib3'))])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("region", "fips", "host"),
    [
        ("us-east-1", False, "sts.us-east-1.amazonaws.com"),
        ("eu-central-1", False, "sts.eu-central-1.amazonaws.com"),
        ("cn-north-1", False, "sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", False, "sts.us-gov-west-1.amazonaws.com"),
        ("us-west-2", True, "sts-fips.us-west-2.amazonaws.com"),
    ],
)
def test_each_region_has_its_own_endpoint(region: str, fips: bool, host: str, once: None) -> None:
    """A closed port as the proxy keeps the request at home; the error names the host that was meant."""
    proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{_closed_port()}"}
    key = LongTermKey("AKIAEXAMPLE000000000", "secret")
    sts = sts_client(Endpoint(region, use_fips=fips), key, proxy, profile="base", now=Clock())
    error = refusal(lambda: sts.call("get_caller_identity", {}))
    assert f"the proxy on the way to {host} cannot be used: Connection refused" in error.what


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_the_callers_proxy_is_used(aws: StrictAws, key: KeyPair, variable: str, once: None) -> None:
    """The double stands in for a proxy: it is asked although the endpoint is somewhere else."""
    sts = ask("http://sts.example.invalid", key, {variable: aws.endpoint_url})
    refusal(lambda: sts.call("get_caller_identity", {}))
    assert [record.action for record in aws.requests] == ["GetCallerIdentity"]


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "localhost,127.0.0.1", "*"])
def test_no_proxy_is_honoured(aws: StrictAws, key: KeyPair, no_proxy: str) -> None:
    proxy = {"HTTP_PROXY": f"http://127.0.0.1:{_closed_port()}"}
    assert ask(aws.endpoint_url, key, proxy | {"NO_PROXY": no_proxy}).call("get_caller_identity", {})
    assert ask(aws.endpoint_url, key, proxy | {"no_proxy": no_proxy}).call("get_caller_identity", {})


def test_a_password_in_the_proxys_url_is_not_shown(aws: StrictAws, key: KeyPair, once: None) -> None:
    password = token_hex()
    proxy = {"HTTP_PROXY": f"http://me:{password}@127.0.0.1:{_closed_port()}"}
    error = refusal(lambda: ask(aws.endpoint_url, key, proxy).call("get_caller_identity", {}), password)
    assert isinstance(error, NetworkError)


# TLS


def test_the_ca_bundle_decides_whom_to_trust(aws: StrictAws, key: KeyPair, tmp_path: Path, once: None) -> None:
    with _tls_in_front_of(aws, tmp_path) as (url, ca):
        error = refusal(lambda: ask(url, key).call("get_caller_identity", {}))
        assert isinstance(error, NetworkError)
        assert "cannot be trusted: self-signed certificate" in error.what.replace("self signed", "self-signed")
        assert "AWS_CA_BUNDLE" in error.todo
        assert ask(url, key, ca_bundle=str(ca)).call("get_caller_identity", {})


def test_a_ca_bundle_that_is_not_there_or_no_bundle_is_named(aws: StrictAws, key: KeyPair, tmp_path: Path) -> None:
    error = refusal(lambda: ask(aws.endpoint_url, key, ca_bundle="/nowhere/ca.pem"))
    assert isinstance(error, ConfigError)
    assert "/nowhere/ca.pem" in error.what
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("not a certificate")
    url = aws.endpoint_url.replace("http:", "https:")
    error = refusal(lambda: ask(url, key, ca_bundle=str(rubbish)).call("get_caller_identity", {}))
    assert error.todo == f"check the CA bundle {rubbish}"


# What AWS refuses


def test_an_unknown_key_is_named_by_its_ends(aws: StrictAws, key: KeyPair) -> None:
    wrong = KeyPair("AKIAIOSFODNN7EXAMPLE", key.secret_access_key)
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, wrong), PLAIN, None), *wrong)
    assert error.what.startswith("AWS does not know the key AKIA…MPLE of base: deleted, deactivated, or of another")
    assert error.todo == "`vault add base` stores a key anew"
    assert error.exit_code == 3


def test_a_wrong_secret_is_told_from_an_unknown_key(aws: StrictAws, key: KeyPair) -> None:
    wrong = KeyPair(key.access_key_id, "not the secret of this key, for sure")
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, wrong), PLAIN, None), wrong[1])
    assert error.what.startswith("the secret that goes with the key AKIA…")
    assert "SignatureDoesNotMatch" in error.what


def test_an_expired_session_is_named(aws: StrictAws, key: KeyPair) -> None:
    aws.session_seconds = 100
    made = get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    aws.clock_offset = 200
    step = AssumeRole("admin", "arn:aws:iam::123456789012:role/admin", "alice@laptop", None, HOUR)
    error = refusal(lambda: assume_role(ask(aws.endpoint_url, made), step, None), made.session_token)
    assert error.what.startswith(f"the session ASIA…{made.access_key_id[-4:]} has expired (ExpiredToken: ")


@pytest.mark.parametrize(("offset", "side"), [(1200, "behind"), (-1200, "ahead of")])
def test_a_clock_twenty_minutes_off_is_named_as_such(aws: StrictAws, key: KeyPair, offset: int, side: str) -> None:
    aws.clock_offset = offset
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert error.what.startswith(f"this machine's clock is 20 minutes {side} AWS's (SignatureDoesNotMatch: ")
    assert error.todo == "set the clock"


def test_a_wrong_clock_is_named_even_when_the_answer_has_no_date() -> None:
    body = _refusal_body("SignatureDoesNotMatch", "Signature expired: 20240101T000000Z is now earlier than ...")
    with _raw_server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) as url:
        error = refusal(lambda: ask(url, KeyPair("AKIAEXAMPLE000000000", "s")).call("get_caller_identity", {}))
    assert error.what.startswith("this machine's clock is behind AWS's (")


def test_a_role_that_may_not_be_assumed_is_named(aws: StrictAws, key: KeyPair) -> None:
    role = aws.add_role("admin", trusted=[aws.add_user("bob").arn])
    step = AssumeRole("admin", role.arn, "alice@laptop", None, HOUR)
    error = refusal(lambda: assume_role(ask(aws.endpoint_url, key), step, None))
    assert error.what.startswith(f"base may not assume {role.arn} (AccessDenied: User: ")
    assert "mfa_serial" in error.todo


def test_a_duration_over_the_roles_maximum_names_both(aws: StrictAws, key: KeyPair) -> None:
    role = aws.add_role("admin", trusted=["*"])
    step = AssumeRole("admin", role.arn, "alice@laptop", None, 2 * HOUR)
    sts = ask(aws.endpoint_url, key)
    error = refusal(lambda: assume_role(sts, step, None))
    assert error.what.startswith(f"{role.arn} gives sessions shorter than 2h (ValidationError: ")
    session = ask(aws.endpoint_url, get_session_token(sts, PLAIN, None))
    error = refusal(lambda: assume_role(session, step, None))
    assert error.what.startswith(f"{role.arn} is assumed from a session, which is good for one hour and not for 2h (")


CODES = [
    ("RegionDisabledException", 403, "the account has not activated STS in eu-west-1"),
    ("Throttling", 400, "AWS asks to slow down"),
    ("ThrottlingException", 400, "AWS asks to slow down"),
    ("RequestLimitExceeded", 503, "AWS asks to slow down"),
    ("PackedPolicyTooLarge", 400, "the session tags of the role are more than AWS takes"),
    ("MalformedPolicyDocument", 400, "the session tags of the role are more than AWS takes"),
    ("ExpiredTokenException", 403, "the key AKIA"),
    ("AccessDeniedException", 403, "base may not do this"),
    ("InternalFailure", 500, "AWS refused"),
    ("ServiceUnavailable", 503, "AWS refused"),
    ("SomethingNobodyHeardOf", 400, "AWS refused"),
]


@pytest.mark.parametrize(("code", "status", "what"), CODES)
def test_each_code_of_aws_is_shown_and_explained(
    aws: StrictAws, key: KeyPair, code: str, status: int, what: str, once: None
) -> None:
    aws.fail_next("*", code, status=status, message="In AWS's own words.")
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert isinstance(error, AwsRefused)
    assert error.code == code
    assert error.what.startswith(what)
    assert error.what.endswith(f"({code}: In AWS's own words.)")


def test_of_a_long_message_only_the_first_line_is_shown(aws: StrictAws, key: KeyPair) -> None:
    """AWS may repeat the request that it could not verify, with the session token among its headers."""
    message = "The request signature does not match.\n\nThe Canonical String was\nx-amz-security-token:TOPSECRET"
    aws.fail_next("*", "SignatureDoesNotMatch", status=403, message=message)
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert "TOPSECRET" not in error.what
    aws.fail_next("*", "AccessDenied", status=403, message="Encoded authorization failure message: " + "x" * 5000)
    error = refusal(lambda: get_session_token(ask(aws.endpoint_url, key), PLAIN, None))
    assert len(error.what) < 500


def test_what_boto3_itself_refuses_is_one_line_too(aws: StrictAws, key: KeyPair) -> None:
    step = AssumeRole("admin", "x", "a", "e", HOUR)
    error = refusal(lambda: assume_role(ask(aws.endpoint_url, key), step, None))
    assert isinstance(error, ConfigError)
    assert "RoleSessionName" in error.what
    assert aws.requests == []


# What does not answer


BREAKAGES = [
    (Breakage.RESET, "broke off the connection"),
    (Breakage.TRUNCATED, "is not AWS"),
    (Breakage.MALFORMED, "is not AWS"),
    (Breakage.PORTAL, "is not AWS"),
    (Breakage.SILENT, "took the request and stayed silent"),
]


@pytest.mark.parametrize(("how", "what"), BREAKAGES)
def test_each_broken_answer_is_one_line_that_names_the_host(
    aws: StrictAws, key: KeyPair, how: Breakage, what: str, once: None
) -> None:
    aws.break_next("*", how)
    sts = ask(aws.endpoint_url, key, read_timeout=0.3)
    error = refusal(lambda: get_session_token(sts, PLAIN, None))
    assert isinstance(error, NetworkError)
    assert what in error.what
    assert aws.endpoint_url.removeprefix("http://") in error.what


HOLLOW = b"<GetSessionTokenResponse><GetSessionTokenResult/></GetSessionTokenResponse>"
HTML = b"<html><body>Sign in to use this network</body></html>"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(HOLLOW), HOLLOW),
        b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML),
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 12\r\n\r\n<b>who?</b>\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML),
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
    ],
)
def test_what_answers_in_place_of_aws_is_seen_as_such(answer: bytes, once: None) -> None:
    with _raw_server(answer) as url:
        error = refusal(lambda: get_session_token(ask(url, KeyPair("AKIAEXAMPLE000000000", "secret")), PLAIN, None))
    assert isinstance(error, NetworkError)
    assert url.removeprefix("http://") in error.what


def test_a_closed_port_is_one_line_with_the_systems_own_reason(key: KeyPair, once: None) -> None:
    port = _closed_port()
    error = refusal(lambda: ask(f"http://127.0.0.1:{port}", key).call("get_caller_identity", {}))
    assert error.what == f"127.0.0.1:{port} cannot be reached: Connection refused"
    assert error.exit_code == 1


def test_a_host_that_takes_no_connection_is_given_up(key: KeyPair, once: None) -> None:
    """A full backlog: the kernel drops what comes, as a firewall would."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        error = refusal(lambda: ask(url, key, connect_timeout=0.3).call("get_caller_identity", {}))
    assert error.what.endswith("does not answer")


def test_an_endpoint_that_is_no_url_is_named(key: KeyPair) -> None:
    error = refusal(lambda: ask("not a url", key))
    assert isinstance(error, ConfigError)
    assert "not a url" in error.what


def test_a_passing_trouble_is_tried_again(aws: StrictAws, key: KeyPair) -> None:
    aws.fail_next("*", "Throttling")
    aws.fail_next("*", "ServiceUnavailable")
    assert get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    assert len(aws.requests) == sts_module.ATTEMPTS


def test_a_minute_of_silence_is_given_up_well_before_its_end() -> None:
    slowest_pause = 20  # botocore's own cap on one pause between attempts, which two of them cannot reach: 1 s and 2 s
    longest = sts_module.ATTEMPTS * (sts_module.CONNECT_TIMEOUT + sts_module.READ_TIMEOUT) + 1 + 2
    assert longest < 60 - slowest_pause / 2


def _refusal_body(code: str, message: str) -> bytes:
    return (
        f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error><RequestId>x</RequestId></ErrorResponse>"
    ).encode()


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextlib.contextmanager
def _raw_server(answer: bytes) -> Iterator[str]:
    """Answer every connection with these bytes."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextlib.contextmanager
def _tls_in_front_of(aws: StrictAws, directory: Path) -> Iterator[tuple[str, Path]]:
    """Put a TLS listener with a certificate of its own before the double, for one request after the other."""
    certificate, private = directory / "cert.pem", directory / "key.pem"
    _make_certificate(certificate, private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    back = ("127.0.0.1", int(aws.endpoint_url.rsplit(":", 1)[1]))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = server.accept()
                with (
                    contextlib.suppress(ssl.SSLError),
                    raw,
                    context.wrap_socket(raw, server_side=True) as front,
                    socket.create_connection(back) as behind,
                ):
                    request = front.makefile("rb")
                    head = b"".join(iter(request.readline, b"\r\n"))
                    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
                    behind.sendall(head + b"\r\n" + request.read(length))
                    front.sendall(behind.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}", certificate
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _make_certificate(certificate: Path, private: Path) -> None:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
