"""STS by boto3: it sends what the step says, and reads nothing that it was not handed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from shellint.credentials import LongTermKey
from shellint.errors import NetworkError
from shellint.plan import AssumeRole, Endpoint, SessionToken
from shellint.sources import client as client_module
from shellint.sources.assume_role import assume_role
from shellint.sources.session_token import get_session_token
from shellint.sources.sts import sts_client
from tests.aws import KeyPair, StrictAws
from tests.loopback import closed_port
from tests.sts_helpers import PLAIN, ask, refusal
from tests.world import HOUR, Clock


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
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)


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
    assert made.expiration
    assert made.expires == int(made.expiration.timestamp())
    assert made.left(made.issued) == pytest.approx(HOUR, abs=2)


@pytest.mark.parametrize("offset", [-600, 600])
def test_the_end_of_a_session_is_moved_onto_this_machines_clock(aws: StrictAws, key: KeyPair, offset: int) -> None:
    aws.clock_offset = offset
    made = get_session_token(ask(aws.endpoint_url, key), PLAIN, None)
    assert made.expiration
    assert made.left(made.expiration.timestamp()) == pytest.approx(-offset, abs=2)
    assert made.left(made.issued) == pytest.approx(HOUR, abs=2)


READS = """
import json, os, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ("open", "os.listdir") else None)
from shellint.credentials import LongTermKey
from shellint.plan import Endpoint
from shellint.sources.sts import sts_client
url, *key = sys.argv[1:]
sts = sts_client(Endpoint("eu-west-1", url), LongTermKey(*key), {}, profile="admin", owner="base", now=lambda: 0.0)
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
def test_each_region_has_its_own_endpoint(
    region: str, fips: bool, host: str, once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed port as the proxy keeps the request at home; the error names the host that was meant."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://sts.example.invalid")
    proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{closed_port()}"}
    key = LongTermKey("AKIAEXAMPLE000000000", "secret")
    sts = sts_client(Endpoint(region, use_fips=fips), key, proxy, profile="admin", owner="base", now=Clock())
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
    proxy = {"HTTP_PROXY": f"http://127.0.0.1:{closed_port()}"}
    assert ask(aws.endpoint_url, key, proxy | {"NO_PROXY": no_proxy}).call("get_caller_identity", {})
    assert ask(aws.endpoint_url, key, proxy | {"no_proxy": no_proxy}).call("get_caller_identity", {})


def test_a_password_in_the_proxys_url_is_not_shown(aws: StrictAws, key: KeyPair, once: None) -> None:
    password = token_hex()
    proxy = {"HTTP_PROXY": f"http://me:{password}@127.0.0.1:{closed_port()}"}
    error = refusal(lambda: ask(aws.endpoint_url, key, proxy).call("get_caller_identity", {}), password)
    assert isinstance(error, NetworkError)
