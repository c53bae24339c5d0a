"""1Password makes the code: https://developer.1password.com/docs/cli/reference/management-commands/item/#item-get.

Which account and how to sign in to it is up to `op` and its own variables (OP_ACCOUNT, OP_SERVICE_ACCOUNT_TOKEN).
"""

from __future__ import annotations

from collections.abc import Mapping

from shellint.prompts.driver import Driver, account

__all__ = ["OP"]


def _command(serial: str, env: Mapping[str, str]) -> tuple[str, ...]:
    name = account(serial, "OP_OATH_CREDENTIAL_NAME", env)
    # A secret reference names the vault too, without which a service account with several vaults finds nothing.
    return ("op", "read", name) if name.startswith("op://") else ("op", "item", "get", name, "--otp")


OP = Driver("op", lambda _: "", "op", _command)
