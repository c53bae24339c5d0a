"""How a profile comes out of the config file, the environment and the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from shellint.origin import Origin
from shellint.profiles import Overrides, Profile
from tests.planning import MFA, OTHER_ROLE, PATH, ROLE, profile_of

LAYERED = """[default]
region = eu-west-1
[profile shared]
region = eu-west-2
[profile prod]
include_profile = shared
region = eu-west-3
"""


@pytest.mark.parametrize(
    ("overrides", "env", "removed", "region", "place"),
    [
        (Overrides(region="us-west-2"), {"AWS_REGION": "us-east-2"}, "", "us-west-2", "--region"),
        (None, {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-east-1"}, "", "us-east-2", "AWS_REGION"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}, "", "us-east-1", "AWS_DEFAULT_REGION"),
        (None, {}, "", "eu-west-3", f"{PATH} line 7"),
        (None, {}, "region = eu-west-3\n", "eu-west-2", f"{PATH} line 4"),
        (None, {}, "region = eu-west-3\n|region = eu-west-2\n", "eu-west-1", f"{PATH} line 2"),
        (None, {}, "region = eu-west-3\n|region = eu-west-2\n|region = eu-west-1\n", None, None),
    ],
)
def test_option_beats_variable_beats_section_beats_include_beats_default(
    overrides: Overrides | None, env: Mapping[str, str], removed: str, region: str | None, place: str | None
) -> None:
    text = LAYERED
    for piece in filter(None, removed.split("|")):
        text = text.replace(piece, "")
    profile = profile_of(text, env=env, overrides=overrides)
    assert profile.region == region
    assert (str(profile.origins["region"]) if region else None) == place


def test_an_empty_setting_counts_as_none() -> None:
    assert profile_of("[default]\nregion = eu-west-1\n[profile prod]\nregion =\n").region == "eu-west-1"


def test_default_lends_its_region_mfa_durations_endpoint_and_tls_settings() -> None:
    profile = profile_of(
        f"[default]\nregion = eu-west-1\nmfa_serial = {MFA}\nmfa_process = oath\nduration_seconds = 7200\n"
        "ca_bundle = /ca.pem\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n"
        "sts_regional_endpoints = legacy\nservices = local\n[services local]\nsts =\n  endpoint_url = http://127.0.0.1:1\n"
        f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = keyed\n"
    )
    assert (profile.region, profile.mfa_serial, profile.mfa_process) == ("eu-west-1", MFA, "oath")
    assert (profile.duration_seconds, profile.ca_bundle) == (7200, "/ca.pem")
    assert (profile.use_fips_endpoint, profile.use_dualstack_endpoint) == (True, True)
    assert (profile.sts_regional_endpoints, profile.endpoint_urls["sts"]) == ("legacy", "http://127.0.0.1:1")


def test_default_as_the_profile_itself_has_all_its_settings() -> None:
    profile = profile_of(f"[default]\nrole_arn = {ROLE}\nsource_profile = keyed\n", "default")
    assert profile.role_arn == ROLE
    assert profile.source == Profile("keyed")


def test_an_included_section_counts_whole_and_recursively() -> None:
    profile = profile_of(
        f"[profile a]\nrole_arn = {ROLE}\nregion = eu-west-1\ninclude_profile = b\n"
        "[profile b]\nsource_profile = keyed\nregion = eu-west-2\nexternal_id = xyz\n"
        "[profile prod]\ninclude_profile = a\n"
    )
    assert (profile.role_arn, profile.region, profile.external_id) == (ROLE, "eu-west-1", "xyz")
    assert profile.source == Profile("keyed")


# Variables: which profile of a chain they reach

CHAIN = f"""[profile base]
output = json
[profile hop]
role_arn = {OTHER_ROLE}
source_profile = base
[profile prod]
role_arn = {ROLE}
source_profile = hop
"""


def test_region_and_mfa_variables_reach_every_profile_of_the_chain() -> None:
    profile = profile_of(CHAIN, env={"AWS_REGION": "eu-west-1", "AWS_MFA_SERIAL": MFA, "AWS_CA_BUNDLE": "/ca"})
    hop = profile.source
    assert hop is not None
    assert hop.source is not None
    for each in (profile, hop, hop.source):
        assert (each.region, each.mfa_serial, each.ca_bundle) == ("eu-west-1", MFA, "/ca")


def test_role_variables_reach_the_named_profile_alone() -> None:
    env = {
        "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/Env",
        "AWS_ROLE_SESSION_NAME": "me@env",
        "AWS_SESSION_TAGS": "team=core,path=a=b",
        "AWS_TRANSITIVE_TAGS": "team, path",
        "AWS_SOURCE_IDENTITY": "me",
    }
    profile = profile_of(CHAIN, env=env)
    assert profile.role_arn == env["AWS_ROLE_ARN"]
    assert (profile.role_session_name, profile.source_identity) == ("me@env", "me")
    assert profile.session_tags == (("team", "core"), ("path", "a=b"))
    assert profile.transitive_tag_keys == ("team", "path")
    assert profile.source == profile_of(CHAIN, "hop")


def test_the_role_arn_of_a_pods_own_identity_is_ignored_and_said_so() -> None:
    env = {"AWS_ROLE_ARN": OTHER_ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token"}
    profile = profile_of(CHAIN, env=env)
    assert profile.role_arn == ROLE
    assert profile.notes == ("AWS_ROLE_ARN is ignored, because AWS_WEB_IDENTITY_TOKEN_FILE is set too",)


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_STS": "http://sts"}, "http://sts"),
        ({"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ({}, "http://service"),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://all"}, None),
    ],
)
def test_endpoints_are_found_in_the_order_of_the_sdks(env: Mapping[str, str], url: str | None) -> None:
    text = "[services s]\nsts =\n  endpoint_url = http://service\n[profile prod]\nservices = s\nendpoint_url = http://own\n"
    assert profile_of(text, env=env).endpoint_urls.get("sts") == url


def test_a_services_section_without_sts_leaves_the_profiles_own_endpoint() -> None:
    text = "[services s]\ns3 =\n  endpoint_url = http://s3\n[profile prod]\nservices = s\nendpoint_url = http://own\n"
    assert profile_of(text).endpoint_urls["sts"] == "http://own"


def test_the_profiles_own_endpoint_beats_the_services_of_default() -> None:
    lent = "[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = http://service\n"
    assert profile_of(f"{lent}[profile prod]\nendpoint_url = http://own\n").endpoint_urls["sts"] == "http://own"


DIFFERS = f"region us-east-1 (AWS_REGION), not eu-west-1 as prod has it ({PATH} line 2)"


@pytest.mark.parametrize(
    ("env", "overrides", "notes"),
    [
        ({"AWS_REGION": "us-east-1"}, None, (DIFFERS,)),
        ({"AWS_REGION": "eu-west-1"}, None, ()),
        ({"AWS_REGION": "us-east-1"}, Overrides(region="us-east-2"), ()),
        ({}, None, ()),
    ],
)
def test_says_when_the_persons_own_region_differs_from_the_profiles(
    env: Mapping[str, str], overrides: Overrides | None, notes: tuple[str, ...]
) -> None:
    assert profile_of("[profile prod]\nregion = eu-west-1\n", env=env, overrides=overrides).notes == notes


# The command line


def test_role_arn_on_the_command_line_takes_the_place_of_the_role_and_keeps_the_source() -> None:
    profile = profile_of(CHAIN, overrides=Overrides(role_arn=OTHER_ROLE, duration=1800))
    assert (profile.role_arn, profile.duration_seconds) == (OTHER_ROLE, 1800)
    assert profile.source == profile_of(CHAIN, "hop")


def test_source_profile_on_the_command_line_takes_the_place_of_the_source() -> None:
    profile = profile_of(CHAIN, overrides=Overrides(role_arn=OTHER_ROLE, source_profile="keyed", region="eu-west-1"))
    assert profile.source == Profile("keyed", region="eu-west-1")


def test_origins_say_where_each_setting_came_from() -> None:
    profile = profile_of(f"[profile prod]\nrole_arn = {ROLE}\n", env={"AWS_MFA_SERIAL": MFA})
    assert profile.origins == {"role_arn": Origin(str(PATH), 2), "mfa_serial": Origin("AWS_MFA_SERIAL")}


def test_importing_the_resolution_pulls_in_no_aws_library() -> None:
    script = "import sys, shellint.plan; print(*sys.modules)"
    names = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"boto3", "botocore", "cryptography", "filelock", "difflib"} & set(names)
    assert "shellint.plan" in names
