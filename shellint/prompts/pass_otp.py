"""`pass otp` makes the code, from a secret in the password store: https://github.com/tadfisher/pass-otp.

The variable is the one that aws-vault had for it while it had this driver.
"""

from __future__ import annotations

from collections.abc import Mapping

from shellint.prompts.driver import Driver, account

__all__ = ["PASS_OTP"]


def _command(serial: str, env: Mapping[str, str]) -> tuple[str, ...]:
    return ("pass", "otp", account(serial, "PASS_OATH_CREDENTIAL_NAME", env))


PASS_OTP = Driver("pass-otp", lambda _: "", "pass", _command)
