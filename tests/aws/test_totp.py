"""One-time passwords: RFC 6238's own values, and each code once."""

from __future__ import annotations

import base64

import pytest

from tests.aws.totp import Mfa, code_at

SEED = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("time", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_values_of_rfc_6238(time: int, code: str) -> None:
    """Appendix B, SHA-1, the last six digits."""
    assert code_at(SEED, time // 30) == code


def device(now: float = 1_000_000_000.0) -> Mfa:
    return Mfa("arn:aws:iam::123456789012:mfa/alice", lambda: now)


def test_a_code_is_accepted_once() -> None:
    mfa = device()
    code = mfa.code()
    assert mfa.accept(code)
    assert not mfa.accept(code)


@pytest.mark.parametrize(("seconds", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_the_neighbouring_steps_are_accepted_too(seconds: int, accepted: bool) -> None:
    mfa = device()
    assert mfa.accept(mfa.code(1_000_000_000 + seconds)) is accepted


@pytest.mark.parametrize("code", ["000000", "", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_another_code_is_refused(code: str) -> None:
    mfa = device()
    mfa.seed = SEED
    assert not mfa.accept(code)


def test_fresh_codes_are_many_at_one_moment_and_each_works_once() -> None:
    mfa = device()
    codes = [mfa.fresh_code() for _ in range(10)]
    assert len(set(codes)) == 10
    assert [mfa.accept(code) for code in codes] == [True] * 10
    assert [mfa.accept(code) for code in codes] == [False] * 10
    assert mfa.fresh_code() not in codes


def test_a_fresh_code_is_not_one_that_a_person_used() -> None:
    mfa = device()
    assert mfa.accept(mfa.code(1_000_000_030))
    assert mfa.accept(mfa.fresh_code())
