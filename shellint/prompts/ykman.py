"""A YubiKey makes the code: https://docs.yubico.com/software/yubikey/tools/ykman/OATH_Commands.html.

The variables are aws-vault's.
"""

from __future__ import annotations

from collections.abc import Mapping

from shellint.prompts.driver import Driver, account, nobody

__all__ = ["YKMAN"]


def _command(serial: str, env: Mapping[str, str]) -> tuple[str, ...]:
    key = env.get("YKMAN_OATH_DEVICE_SERIAL")
    device = ("--device", key) if key else ()
    # The group `accounts` came with version 4 of ykman.
    group = ("oath",) if env.get("AWS_VAULT_YKMAN_VERSION") in {"1", "2", "3"} else ("oath", "accounts")
    return ("ykman", *device, *group, "code", "--single", account(serial, "YKMAN_OATH_CREDENTIAL_NAME", env))


YKMAN = Driver("ykman", nobody, "ykman", _command, hint="touch your YubiKey if it blinks")
