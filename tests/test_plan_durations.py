"""How long each step of a plan lasts, and how its session is called."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.errors import ConfigError, UsageError
from shellint.plan import AssumeRole, SessionToken
from shellint.profiles import Overrides
from tests.planning import BASE, KEY, MFA, ONE, PATH, TWO, device, plan_of, role_step, with_mfa


@pytest.mark.parametrize(
    ("duration", "env", "line", "seconds"),
    [
        (1800, {"AWS_ASSUME_ROLE_TTL": "20m"}, "duration_seconds = 1000", 1800),
        (None, {"AWS_ASSUME_ROLE_TTL": "20m"}, "duration_seconds = 1000", 1200),
        (None, {"AWS_ASSUME_ROLE_TTL": ""}, "duration_seconds = 1000", 1000),
        (None, {"AWS_ASSUME_ROLE_TTL": "43200"}, "", 43_200),
        (None, {}, "", 3600),
    ],
)
def test_a_roles_duration_is_the_options_the_variables_or_the_files(
    duration: int | None, env: Mapping[str, str], line: str, seconds: int
) -> None:
    assert plan_of(f"{ONE}{line}\n", env=env, duration=duration).steps[-1] == role_step("prod", seconds)


@pytest.mark.parametrize(
    ("duration", "env", "step"),
    [
        (129_600, {"AWS_SESSION_TOKEN_TTL": "2h"}, SessionToken("base", MFA, None, 129_600, explicit=True)),
        (None, {"AWS_SESSION_TOKEN_TTL": "2h"}, SessionToken("base", MFA, None, 7200, explicit=True)),
        (None, {"AWS_SESSION_TOKEN_TTL": ""}, SessionToken("base", MFA, None, 3600)),
        (None, {"AWS_CHAINED_SESSION_TOKEN_TTL": "2h"}, SessionToken("base", MFA, None, 3600)),
        (None, {"AWS_ASSUME_ROLE_TTL": "2h"}, SessionToken("base", MFA, None, 3600)),
    ],
)
def test_a_session_tokens_duration_is_the_options_or_its_own_variables(
    duration: int | None, env: Mapping[str, str], step: SessionToken
) -> None:
    assert plan_of(BASE, "base", env=env, duration=duration).steps == (KEY, step)


def test_the_device_session_of_roles_has_its_own_duration() -> None:
    env = {"AWS_CHAINED_SESSION_TOKEN_TTL": "12h", "AWS_SESSION_TOKEN_TTL": "2h"}
    assert plan_of(with_mfa(ONE), env=env, duration=900).steps == (KEY, device(43_200), role_step("prod", 900))


def test_a_duration_in_the_overrides_is_as_explicit_as_one_in_the_call() -> None:
    plan = plan_of(BASE, "base", overrides=Overrides(duration=7200))
    assert plan.steps[1] == SessionToken("base", MFA, None, 7200, explicit=True)
    assert plan_of(TWO, "deep", overrides=Overrides(duration=1800)).steps[1:] == (
        role_step("prod"),
        role_step("deep", 1800),
    )


@pytest.mark.parametrize(
    ("lent", "env"),
    [("duration_seconds = 43200\n", {}), ("", {"AWS_ASSUME_ROLE_TTL": "12h"})],
    ids=["file", "variable"],
)
def test_a_role_on_the_way_lasts_an_hour_at_most_and_nobody_is_told(lent: str, env: Mapping[str, str]) -> None:
    text = f"[default]\n{lent}{TWO}"
    plan = plan_of(text, "deep", env=env, duration=1800)
    assert plan.steps[1:] == (role_step("prod"), role_step("deep", 1800))
    assert plan.notes == ()
    assert plan_of(text, "prod", env=env).steps[1:] == (role_step("prod", 43_200),)


@pytest.mark.parametrize(
    ("text", "name", "duration", "longest"),
    [
        (ONE, "prod", 43_201, "12h"),
        (ONE, "prod", 356_400, "12h"),
        (ONE, "prod", 899, "12h"),
        (BASE, "base", 129_601, "36h"),
        (TWO, "deep", 0, "12h"),
    ],
)
def test_a_duration_out_of_range_on_the_command_line_is_wrong_usage(
    text: str, name: str, duration: int, longest: str
) -> None:
    with pytest.raises(UsageError, match=rf"^--duration: .* is out of range: AWS takes 15m to {longest} here"):
        plan_of(text, name, duration=duration)


def test_a_bad_duration_in_the_file_is_told_with_its_line() -> None:
    with pytest.raises(ConfigError, match=f"^{PATH} line 7: 13h is out of range"):
        plan_of(f"{ONE}duration_seconds = 46800\n")


# Session names


@pytest.mark.parametrize(
    ("user", "host", "name"),
    [
        ("ann", "laptop", "ann@laptop"),
        ("ann b", "büro.local", "ann-b@b-ro.local"),
        ("DOM\\ann", "h", "DOM-ann@h"),
        ("", "", "user@"),
        ("x" * 70, "h", "x" * 64),
    ],
)
def test_w29_the_default_session_name_is_readable(user: str, host: str, name: str) -> None:
    step = plan_of(ONE, user=user, host=host).steps[-1]
    assert isinstance(step, AssumeRole)
    assert step.session_name == name


@given(st.text(), st.text())
def test_the_default_session_name_is_always_legal(user: str, host: str) -> None:
    step = plan_of(ONE, user=user, host=host).steps[-1]
    assert isinstance(step, AssumeRole)
    assert re.fullmatch(r"[A-Za-z0-9_+=,.@-]{2,64}", step.session_name)
