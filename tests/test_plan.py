"""Which steps lead to credentials, for which profile."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shellint.plan import AssumeRole, SessionToken, Step, StoredKey
from tests.planning import (
    BARE,
    BASE,
    KEY,
    MFA,
    ONE,
    OTHER_MFA,
    PATH,
    THREE,
    TWO,
    arn,
    device,
    plan_of,
    role_step,
    with_mfa,
)

STEPS: Mapping[str, tuple[str, str, tuple[Step, ...]]] = {
    "key with MFA": (BASE, "base", (KEY, SessionToken("base", MFA, None, 3600))),
    "key without MFA": (BARE, "base", (KEY, SessionToken("base", None, None, 3600))),
    "key without a section": ("", "base", (KEY, SessionToken("base", None, None, 3600))),
    "key of the source, no role": (
        f"{BASE}[profile prod]\nsource_profile = base\n",
        "prod",
        (KEY, SessionToken("base", MFA, None, 3600)),
    ),
    "one role, MFA on the source alone": (ONE, "prod", (KEY, role_step("prod"))),
    "one role with MFA": (with_mfa(ONE), "prod", (KEY, device(), role_step("prod"))),
    "MFA from default": (f"[default]\nmfa_serial = {MFA}\n{ONE}", "prod", (KEY, device(), role_step("prod"))),
    "two roles, no MFA": (TWO, "deep", (KEY, role_step("prod"), role_step("deep"))),
    "two roles, MFA on the inner": (with_mfa(TWO), "deep", (KEY, device(), role_step("prod"), role_step("deep"))),
    "two roles, MFA on the outer": (
        with_mfa(TWO, "deep"),
        "deep",
        (KEY, device(), role_step("prod"), role_step("deep")),
    ),
    "two devices: the innermost": (
        with_mfa(with_mfa(TWO, "deep", OTHER_MFA)),
        "deep",
        (KEY, device(), role_step("prod"), role_step("deep")),
    ),
    "three roles": (
        with_mfa(THREE, "deeper"),
        "deeper",
        (KEY, device(), role_step("prod"), role_step("deep"), role_step("deeper")),
    ),
    "source without MFA of its own": (
        with_mfa(ONE).replace(f"region = eu-west-1\nmfa_serial = {MFA}\n", ""),
        "prod",
        (KEY, device(), role_step("prod")),
    ),
    "no role on top of a role": (
        f"{with_mfa(ONE)}[profile top]\nsource_profile = prod\nregion = eu-west-1\n",
        "top",
        (KEY, device(), role_step("prod")),
    ),
    "role that is its own source": (
        f"[profile base]\nrole_arn = {arn('base')}\nsource_profile = base\n",
        "base",
        (KEY, role_step("base")),
    ),
    "role with its own key": (f"[profile base]\nrole_arn = {arn('base')}\n", "base", (KEY, role_step("base"))),
    "mfa_process of the role": (
        with_mfa(ONE).replace("source_profile", "mfa_process = oath\nsource_profile"),
        "prod",
        (KEY, device(process="oath"), role_step("prod")),
    ),
    "mfa_process of the source": (
        with_mfa(ONE).replace("region", "mfa_process = oath\nregion"),
        "prod",
        (KEY, device(process="oath"), role_step("prod")),
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_the_steps_from_the_key_to_the_credentials(case: str) -> None:
    text, name, steps = STEPS[case]
    plan = plan_of(text, name)
    assert plan.steps == steps
    assert plan.notes == ()


def test_a_role_starts_from_its_source_even_when_a_key_is_stored_under_its_name() -> None:
    assert plan_of(ONE, keys=("base", "prod")).steps[0] == KEY


def test_a_profile_without_role_starts_from_its_own_key_before_its_source() -> None:
    text = f"{BASE}[profile prod]\nsource_profile = base\n"
    assert plan_of(text, keys=("base", "prod")).steps[0] == StoredKey("prod")


def test_the_code_comes_from_the_profile_whose_device_it_is() -> None:
    text = with_mfa(TWO).replace(f"mfa_serial = {MFA}\nsource", f"mfa_serial = {MFA}\nmfa_process = inner\nsource")
    assert plan_of(f"{text}mfa_process = outer\n", "deep").steps[1] == device(process="inner")


def test_everything_that_shapes_a_role_session_is_in_its_step() -> None:
    plan = plan_of(
        f"{ONE}external_id = xyz\nrole_session_name = me\nsession_tags = a=b,c=d\ntransitive_session_tags = a\n"
        "source_identity = ann\nduration_seconds = 1800\n"
    )
    tags = (("a", "b"), ("c", "d"))
    assert plan.steps[1:] == (
        AssumeRole("prod", arn("prod"), "me", "xyz", 1800, None, None, tags, ("a",), source_identity="ann"),
    )


def test_a_role_that_asks_for_more_than_an_hour_goes_straight_from_the_key_with_its_own_code() -> None:
    plan = plan_of(with_mfa(ONE), duration=14_400)
    assert plan.steps == (KEY, role_step("prod", 14_400, mfa_serial=MFA))
    assert len(plan.notes) == 1
    assert "prod is to last 4h (--duration), so it takes an MFA code of its own" in plan.notes[0]


def test_a_long_role_without_mfa_goes_straight_from_the_key_and_needs_no_note() -> None:
    plan = plan_of(ONE, duration=14_400)
    assert plan.steps == (KEY, role_step("prod", 14_400))
    assert plan.notes == ()


@pytest.mark.parametrize("text", [TWO, with_mfa(TWO)])
def test_a_chained_role_is_capped_at_an_hour_and_the_note_says_why(text: str) -> None:
    plan = plan_of(text, "deep", duration=43_200)
    assert plan.steps[-1] == role_step("deep")
    assert len(plan.notes) == 1
    assert plan.notes[0].startswith("deep lasts 1h, not 12h (--duration): it is a chained role")


def test_the_cap_names_the_line_that_asked_for_more() -> None:
    assert f"not 2h ({PATH} line 10)" in plan_of(f"{TWO}duration_seconds = 7200\n", "deep").notes[0]


def test_a_capped_role_on_the_way_is_no_news() -> None:
    plan = plan_of(TWO.replace("source_profile = base", "duration_seconds = 7200\nsource_profile = base"), "deep")
    assert plan.steps == (KEY, role_step("prod"), role_step("deep"))
    assert plan.notes == ()


@pytest.mark.parametrize("mfa", [True, False])
def test_an_hour_or_less_is_never_capped(mfa: bool) -> None:
    plan = plan_of(with_mfa(TWO) if mfa else TWO, "deep", duration=900)
    assert plan.steps[-1] == role_step("deep", 900)
    assert role_step("prod") in plan.steps
    assert plan.notes == ()


def test_a_plan_is_plain_data_without_secrets() -> None:
    text = f"{with_mfa(ONE)}aws_secret_access_key = s3cr3t\n"
    plan = plan_of(text)
    assert hash(plan) == hash(plan_of(text))
    assert "s3cr3t" not in repr(plan)
