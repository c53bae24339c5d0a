"""STS at a URL, asked for profile `admin` with what `base` has; and the two lines of what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shellint.credentials import Credentials, LongTermKey
from shellint.errors import ShellintError
from shellint.plan import Endpoint, SessionToken
from shellint.sources.sts import Sts, sts_client
from tests.aws import KeyPair
from tests.world import HOUR, Clock

__all__ = ["PLAIN", "ask", "refusal"]

PLAIN = SessionToken("base", None, None, HOUR)


def ask(
    url: str,
    key: KeyPair | Credentials,
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Sts:
    timeouts = {name: options.pop(name, 5.0) for name in ("connect_timeout", "read_timeout")}
    signer = LongTermKey(*key) if isinstance(key, KeyPair) else key
    notice = options.pop("notice", None)
    endpoint = Endpoint(options.pop("region", "eu-west-1"), url, **options)
    options = {"profile": "admin", "owner": "base", "now": Clock(), "notice": notice}
    return sts_client(endpoint, signer, env or {}, **options, **timeouts)


def refusal(call: Callable[[], object], *secrets: str) -> ShellintError:
    """Return the error of a call, having checked that it is two clean lines without a secret anywhere."""
    with pytest.raises(ShellintError) as caught:
        call()
    error = caught.value
    assert error.what
    assert error.todo
    assert (error.what + error.todo).isprintable()
    shown = "".join(traceback.format_exception(error))
    assert not [secret for secret in secrets if secret in shown]
    return error
