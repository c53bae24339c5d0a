"""Which profiles are refused, and how exactly the cause is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellint.errors import ConfigError, UsageError
from shellint.profiles import Overrides, Profile, nearest, read_config, resolve
from tests.planning import PATH, ROLE, failure, profile_of

# Sources and loops


def test_a_profile_that_names_itself_as_source_has_its_own_key() -> None:
    assert profile_of(f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = prod\n").source is None


def test_a_stored_key_needs_no_section() -> None:
    assert profile_of("[default]\nregion = eu-west-1\n", "keyed") == Profile("keyed", region="eu-west-1")


def test_a_loop_through_the_command_line_names_the_option() -> None:
    text = "[profile prod]\n[profile a]\nsource_profile = prod\n"
    error = failure(text, overrides=Overrides(source_profile="a"))
    assert error.what == f"source_profile goes round in a circle: prod (--source-profile) -> a ({PATH} line 3) -> prod"


SELF_INCLUDE = "[profile prod]\ninclude_profile = prod\n"
MUTUAL_INCLUDE = "[profile prod]\ninclude_profile = a\n[profile a]\ninclude_profile = prod\n"


@pytest.mark.parametrize("text", [SELF_INCLUDE, MUTUAL_INCLUDE])
def test_an_include_loop_is_told_with_its_lines(text: str) -> None:
    error = failure(text)
    assert error.what.startswith(f"include_profile goes round in a circle: prod ({PATH} line 2) -> ")
    assert error.what.endswith(" -> prod")


def test_a_chain_of_a_hundred_sources_is_no_loop() -> None:
    links = "".join(f"[profile p{i}]\nrole_arn = {ROLE}\nsource_profile = p{i + 1}\n" for i in range(100))
    hop: Profile | None = profile_of(f"{links}[profile p100]\n", "p0")
    for number in range(101):
        assert hop is not None
        assert hop.name == f"p{number}"
        hop = hop.source
    assert hop is None


# Unknown names


def test_an_unknown_profile_suggests_the_nearest() -> None:
    error = failure("[profile prod]\n[profile dev]\n", "prdo")
    assert error.what == f"no profile 'prdo': neither a section in {PATH} nor a stored key has that name"
    assert error.todo == "did you mean prod?"
    assert (type(error), error.exit_code) == (ConfigError, 1)


@pytest.mark.parametrize("name", ["dev", "my dev"])
def test_a_section_that_lacks_the_word_profile_is_told_with_its_line(name: str) -> None:
    section = f"[{name}]\nregion = eu-west-1\n"
    for error in (failure(section, name), failure(f"{section}[profile prod]\nsource_profile = {name}\n")):
        assert (error.what, error.todo) == (f"{PATH} line 1: [{name}] is no profile", f"write [profile {name}]")


def test_a_config_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^no profile 'x': there is no file .*/nope, and no stored key"):
        resolve("x", read_config(tmp_path / "nope"), {})
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path)
    assert (caught.value.what, caught.value.todo) == (
        f"cannot read {tmp_path}: it is a directory",
        "name a file, or put one there",
    )


def test_an_sso_session_that_is_not_there_is_told_with_its_line_and_the_nearest() -> None:
    error = failure("[sso-session corp]\n[profile prod]\nsso_session = crop\n")
    assert (error.what, error.todo) == (f"{PATH} line 3: there is no [sso-session crop]", "did you mean corp?")


def test_an_unknown_profile_may_be_near_to_a_stored_key() -> None:
    assert failure("", "keyd").todo == "did you mean keyed?"


@pytest.mark.parametrize("name", ["default", "zzz", "", "a\nb"])
def test_w26_an_unknown_profile_never_falls_through_to_another(name: str) -> None:
    error = failure("[profile prod]\nregion = eu-west-1\n", name)
    assert error.what.startswith(f"no profile {name!r}")


@pytest.mark.parametrize(
    ("key", "value"), [("source_profile", "bse"), ("include_profile", "bse"), ("services", "nowhere")]
)
def test_a_name_in_the_file_that_is_not_there_is_told_with_its_line(key: str, value: str) -> None:
    error = failure(f"[profile base]\n[profile prod]\n{key} = {value}\n")
    assert error.what.startswith(f"{PATH} line 3: {key}")
    assert repr(value) in error.what
    assert key == "services" or error.todo == "did you mean base?"


def test_an_unknown_source_on_the_command_line_is_wrong_usage() -> None:
    assert isinstance(failure("[profile prod]\n", overrides=Overrides(source_profile="nope")), UsageError)


@pytest.mark.parametrize(
    ("name", "near"), [("PROD", "prod"), ("prod-eu", "prod_eu"), ("qqq", None), ("prod", "prod"), ("prodd", "prod")]
)
def test_nearest(name: str, near: str | None) -> None:
    assert nearest(name, ["prod", "prod_eu", "dev"]) == near


# Bad values

BAD = [
    ("region", "x.evil.example/"),
    ("region", "EU-WEST-1"),
    ("region", "eu-west"),
    ("region", f"{'a' * 60}-b-1"),
    ("region", "eu-west-1\n  x"),
    ("role_arn", "arn:aws:iam::1234:role/Admin"),
    ("role_arn", "arn:aws:iam::123456789012:user/me"),
    ("role_arn", f"{ROLE} x"),
    ("mfa_serial", "not a serial"),
    ("role_session_name", "a"),
    ("role_session_name", "é@host"),
    ("source_identity", "a" * 65),
    ("external_id", "a b"),
    ("duration_seconds", "soon"),
    ("session_tags", "novalue"),
    ("session_tags", "a=1,A=2"),
    ("session_tags", "aws:x=1"),
    ("session_tags", ",".join(f"k{i}=v" for i in range(51))),
    ("session_tags", "a=<b>"),
    ("endpoint_url", "ftp://x"),
    ("endpoint_url", "127.0.0.1:4566"),
    ("endpoint_url", "https://me:secret@host"),
    ("sts_regional_endpoints", "global"),
    ("use_fips_endpoint", "yes"),
    ("mfa_process", "a\n  b"),
]


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_value_that_aws_would_refuse_is_told_with_its_line(key: str, value: str) -> None:
    error = failure(f"[profile prod]\n{key} = {value}\n")
    assert isinstance(error, ConfigError)
    assert error.what.startswith(f"{PATH} line 2: ")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_REGION", "nowhere"),
        ("AWS_DEFAULT_REGION", "x.evil.example/"),
        ("AWS_ROLE_ARN", "Admin"),
        ("AWS_MFA_SERIAL", "?"),
        ("AWS_ENDPOINT_URL", "localhost"),
        ("AWS_ENDPOINT_URL_STS", "localhost"),
        ("AWS_USE_FIPS_ENDPOINT", "1"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "all"),
        ("AWS_ROLE_SESSION_NAME", "?"),
        ("AWS_SESSION_TAGS", "x"),
        ("AWS_SOURCE_IDENTITY", "?"),
    ],
)
def test_a_bad_variable_is_named(variable: str, value: str) -> None:
    error = failure("[profile prod]\n", env={variable: value})
    assert isinstance(error, ConfigError)
    assert error.what.startswith(f"{variable}: ")


@pytest.mark.parametrize(
    ("overrides", "option"), [(Overrides(region="nowhere"), "--region"), (Overrides(role_arn="Admin"), "--role-arn")]
)
def test_a_bad_option_is_wrong_usage_and_named(overrides: Overrides, option: str) -> None:
    error = failure("[profile prod]\n", overrides=overrides)
    assert isinstance(error, UsageError)
    assert error.what.startswith(f"{option}: ")


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-7", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1"])
def test_the_regions_of_every_partition_are_regions(region: str) -> None:
    assert profile_of("[profile prod]\n", env={"AWS_REGION": region}).region == region
