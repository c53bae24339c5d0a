"""What a plan begins with when no stored key does: a sign-in, a token, a program, the machine."""

from __future__ import annotations

import pytest

from shellint.errors import ConfigError
from shellint.plan import Provided, SessionToken, StoredKey, WebIdentity
from shellint.providers import Machine, Process, SignIn, Sso, SsoInstance, WebIdentityToken
from tests.planning import MFA, PATH, arn, device, failure, plan_of, role_step

HOUR = 3600
SESSION = "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-north-1\n"
ROLE_OF = "sso_account_id = 123456789012\nsso_role_name = Admin\n"
SSO = f"{SESSION}[profile prod]\nregion = eu-west-1\nsso_session = corp\n{ROLE_OF}"
INSTANCE = SsoInstance("https://corp.example/start", "eu-north-1", "corp")
PROCESS = "[profile prod]\nregion = eu-west-1\ncredential_process = /bin/key --for me\n"
TOKEN = f"[profile prod]\nregion = eu-west-1\nweb_identity_token_file = /token\nrole_arn = {arn('prod')}\n"
ENVIRONMENT = f"[profile prod]\nregion = eu-west-1\ncredential_source = Environment\nrole_arn = {arn('prod')}\n"
TOP = f"[profile top]\nregion = eu-west-1\nrole_arn = {arn('top')}\nsource_profile = prod\n"


def exchange(serial: str | None = None) -> SessionToken:
    return SessionToken("prod", serial, None, HOUR)


def test_a_role_of_an_sso_session_is_one_step_and_asked_for_in_the_sessions_region() -> None:
    plan = plan_of(SSO, keys=())
    assert plan.steps == (Provided("prod", Sso(INSTANCE, "123456789012", "Admin"), exchange()),)
    assert plan.duration is None
    assert (plan.sso and plan.sso.region, plan.oidc and plan.oidc.region) == ("eu-north-1", "eu-north-1")


def test_the_older_keys_of_sso_say_the_same_without_a_session() -> None:
    text = f"[profile prod]\nsso_start_url = https://corp.example/start\nsso_region = eu-north-1\n{ROLE_OF}"
    (step,) = plan_of(text, keys=()).steps
    assert isinstance(step, Provided)
    assert step.provider == Sso(SsoInstance("https://corp.example/start", "eu-north-1"), "123456789012", "Admin")


def test_the_scopes_of_a_session_are_what_is_asked_for() -> None:
    text = SSO.replace("sso_region", "sso_registration_scopes = sso:account:access, codewhisperer:read\nsso_region")
    (step,) = plan_of(text, keys=()).steps
    assert isinstance(step, Provided)
    assert isinstance(step.provider, Sso)
    assert step.provider.instance.scopes == ("sso:account:access", "codewhisperer:read")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"[profile prod]\nsso_session = corp\n{ROLE_OF}", "there is no [sso-session corp]"),
        (SSO.replace("sso_region = eu-north-1\n", ""), "[sso-session corp] has no sso_region"),
        (SSO.replace("sso_role_name = Admin\n", ""), "the profile has sso_session but no sso_role_name"),
        (SSO.replace("123456789012", "12345"), "sso_account_id must be an account number"),
        (SSO.replace("https://corp.example/start", "corp"), "sso_start_url must be a URL"),
        ("[profile prod]\ncredential_source = Magic\n", "credential_source must be `Environment`"),
    ],
)
def test_what_is_incomplete_is_told_before_anything_is_asked(text: str, what: str) -> None:
    assert what in failure(text).what


def test_a_web_identity_needs_no_credentials_and_its_role_is_not_assumed_twice() -> None:
    plan = plan_of(TOKEN, keys=(), duration=2 * HOUR)
    step = WebIdentity("prod", WebIdentityToken("/token"), arn("prod"), "ann@laptop", 2 * HOUR)
    assert plan.steps == (step,)


def test_a_token_without_a_role_is_told_with_its_line() -> None:
    with pytest.raises(ConfigError, match=f"{PATH} line 2: prod has web_identity_token_file but no role_arn"):
        plan_of("[profile prod]\nweb_identity_token_file = /token\n", keys=())


@pytest.mark.parametrize("text", [SSO, PROCESS, TOKEN])
def test_a_role_on_top_is_a_chained_one_and_the_cap_is_announced(text: str) -> None:
    plan = plan_of(text + TOP, "top", keys=(), duration=2 * HOUR)
    assert plan.steps[1:] == (role_step("top"),)
    assert "top lasts 1h, not 2h (--duration): it is a chained role" in " ".join(plan.notes)


def test_a_profile_can_take_a_role_on_top_of_its_own_sign_in() -> None:
    plan = plan_of(f"{SSO}role_arn = {arn('prod')}\n", keys=())
    assert [type(step).__name__ for step in plan.steps] == ["Provided", "AssumeRole"]


def test_a_process_may_turn_out_to_give_a_key_and_the_plan_says_what_becomes_of_it() -> None:
    plan = plan_of(f"{PROCESS}mfa_serial = {MFA}\n", keys=())
    assert plan.steps == (Provided("prod", Process("/bin/key --for me"), exchange(MFA)),)


def test_a_code_for_a_role_over_a_process_goes_to_the_role_alone() -> None:
    plan = plan_of(f"{PROCESS}{TOP}mfa_serial = {MFA}\n", "top", keys=())
    assert plan.steps == (
        Provided("prod", Process("/bin/key --for me"), exchange()),
        role_step("top", mfa_serial=MFA),
    )


def test_a_key_in_the_environment_is_treated_like_a_stored_one() -> None:
    """Without a token in the environment it is a long-term key, so one MFA session serves its roles."""
    plan = plan_of(f"{ENVIRONMENT}mfa_serial = {MFA}\n", keys=())
    root = Provided("prod", Machine("Environment"), None)
    key = SessionToken("prod", MFA, None, 8 * HOUR)
    assert plan.steps == (root, key, role_step("prod"))


def test_a_session_in_the_environment_is_what_a_role_is_chained_to() -> None:
    plan = plan_of(ENVIRONMENT, env={"AWS_SESSION_TOKEN": "there"}, keys=())
    assert plan.steps == (Provided("prod", Machine("Environment"), exchange()), role_step("prod"))


def test_a_console_sign_in_is_known_by_its_session() -> None:
    (step,) = plan_of("[profile prod]\nlogin_session = arn:aws:iam::123456789012:user/ann\n", keys=()).steps
    assert step == Provided("prod", SignIn("arn:aws:iam::123456789012:user/ann"), exchange())


@pytest.mark.parametrize("text", [SSO, PROCESS])
def test_a_duration_that_nobody_can_grant_is_said_to_be_in_vain(text: str) -> None:
    assert "how long prod lasts is decided by" in " ".join(plan_of(text, keys=(), duration=HOUR).notes)


@pytest.mark.parametrize("text", [SSO, PROCESS, TOKEN, ENVIRONMENT])
def test_a_stored_key_of_the_same_name_comes_first(text: str) -> None:
    assert plan_of(text, keys=("prod",)).steps[0] == StoredKey("prod")


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL"])
def test_a_sign_in_is_not_sent_to_another_machine_unencrypted(variable: str) -> None:
    with pytest.raises(ConfigError, match="would be sent a sign-in unencrypted") as caught:
        plan_of(SSO, env={variable: "http://elsewhere.example"}, keys=())
    assert variable in caught.value.what
    for harmless in ("https://elsewhere.example", "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        assert plan_of(SSO, env={variable: harmless}, keys=())


def test_the_device_of_a_role_serves_a_key_from_the_environment_once() -> None:
    text = f"{ENVIRONMENT}mfa_serial = {MFA}\n{TOP}mfa_serial = {MFA}\n"
    steps = plan_of(text, "top", keys=()).steps
    assert [step for step in steps if getattr(step, "mfa_serial", None)] == [SessionToken("prod", MFA, None, 8 * HOUR)]
    assert device().duration == 8 * HOUR
