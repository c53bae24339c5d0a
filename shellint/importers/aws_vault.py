"""aws-vault's keyrings as one: those that can be read, chosen as aws-vault chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shellint.errors import ConfigError, StoreError
from shellint.importers.aws_vault_file import keyring_directory, read_directory
from shellint.importers.aws_vault_secret_service import read_collection
from shellint.importers.haul import Haul
from shellint.terminal import Human

__all__ = ["read_aws_vault"]

_VARIABLE = "AWS_VAULT_BACKEND"
_BY_ITSELF = "have aws-vault hand over one at a time: aws-vault exec PROFILE --no-session -- vault add PROFILE --env"


def read_aws_vault(env: Mapping[str, str], human: Human) -> Haul:
    """Return the keys that aws-vault has, from the keyring that AWS_VAULT_BACKEND names, else from each that is there.

    Raises ConfigError when there are none, or in another keyring; StoreError and NeedsHuman when one does not open.
    """
    keyrings: Mapping[str, Callable[[], Haul]] = {
        "file": lambda: read_directory(keyring_directory(env), env, human),
        "secret-service": lambda: read_collection(env, human),
    }
    named = env.get(_VARIABLE)
    if named and named not in keyrings:
        raise ConfigError(f"{_VARIABLE} is {named!r}, and only {' and '.join(keyrings)} can be read", _BY_ITSELF)
    haul, failures = Haul(), []
    for name, read in keyrings.items():
        if named in {None, "", name}:
            try:
                haul += read()
            except StoreError as error:
                failures.append(error)
    if failures and not haul.keys:
        raise failures[0]
    haul += Haul(left=tuple(error.what for error in failures))
    if not haul.keys and not haul.left:
        raise ConfigError("nothing of aws-vault was found in a keyring that can be read", _BY_ITSELF)
    return haul
