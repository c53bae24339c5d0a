"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.durations import ROLE, SESSION_TOKEN, Limits, format_duration, parse_duration
from shellint.errors import ConfigError, UsageError
from shellint.origin import Origin

OPTION = Origin("--duration")
VARIABLE = Origin("AWS_ASSUME_ROLE_TTL")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("900", 900),
        ("0", 0),
        ("15m", 900),
        ("1h30m", 5400),
        ("12h", 43_200),
        ("43200s", 43_200),
        ("1h0m5s", 3605),
        ("1h5", 3605),
        (" 2h ", 7200),
    ],
)
def test_reads_what_people_write(text: str, seconds: int) -> None:
    assert parse_duration(text, OPTION) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "h", "m", "1x", "1.5h", "-1h", "+5m", "30m1h", "1h 30m", "1d", "12H", "٣m", "1" * 10, "1h\n2m"]
)
def test_refuses_what_is_no_duration_and_names_the_variable(text: str) -> None:
    """A value that cannot be read never silently becomes the default (aws-vault ignored `43200`)."""
    with pytest.raises(ConfigError) as caught:
        parse_duration(text, VARIABLE)
    assert caught.value.what.startswith("AWS_ASSUME_ROLE_TTL: ")
    assert "\n" not in caught.value.what


def test_an_option_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--duration"):
        parse_duration("soon", OPTION)


@given(st.integers(0, 10**9))
def test_what_is_shown_reads_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds), OPTION) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (3540, "59m"), (5400, "1h30m"), (3605, "1h5s"), (129_600, "36h")]
)
def test_shows_no_empty_parts(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("limits", "longest"), [(ROLE, 43_200), (SESSION_TOKEN, 129_600)])
def test_the_limits_of_aws_are_inclusive(limits: Limits, longest: int) -> None:
    assert limits.check(900, OPTION) == 900
    assert limits.check(longest, OPTION) == longest
    for outside in (899, longest + 1):
        with pytest.raises(UsageError, match="15m to") as caught:
            limits.check(outside, OPTION)
        assert format_duration(longest) in caught.value.what
