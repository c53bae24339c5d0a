"""GetSessionToken: a key, perhaps with an MFA code, becomes a session of the same user.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shellint.credentials import Credentials
    from shellint.sources.sts import Sts
    from shellint.steps import SessionToken

__all__ = ["get_session_token"]


def get_session_token(sts: Sts, step: SessionToken, mfa_code: str | None) -> Credentials:
    """Return the session of `step`; `mfa_code` goes with `step.mfa_serial`. Raises as `Sts.call`."""
    parameters: dict[str, Any] = {"DurationSeconds": step.duration}
    if mfa_code is not None:
        parameters |= {"SerialNumber": step.mfa_serial, "TokenCode": mfa_code}
    return sts.session("get_session_token", parameters)
