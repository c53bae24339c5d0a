"""Time-based one-time passwords (RFC 6238), and the device that shows them.

AWS takes a code once only, and the code of the step before and after the present one too
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_sync.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable

__all__ = ["Mfa", "code_at"]

STEP_SECONDS = 30
DIGITS = 6


def code_at(seed: str, step: int) -> str:
    """Return the six digits that a base32 seed shows in the given step (unix seconds // 30)."""
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number: int = struct.unpack_from(">I", digest, offset)[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


class Mfa:
    """A virtual MFA device; `seed` is what an authenticator app is given, base32."""

    def __init__(self, serial: str, clock: Callable[[], float]) -> None:
        self.serial = serial
        self.seed = base64.b32encode(secrets.token_bytes(40)).decode()  # 64 characters, as AWS makes them
        self._clock = clock
        self._used: set[int] = set()
        self._shown: set[int] = set()

    def code(self, now: float | None = None) -> str:
        """Return the code that the device shows at `now` (unix seconds; the clock of the double when not given)."""
        return code_at(self.seed, self._step(now))

    def fresh_code(self) -> str:
        """Return a valid code that was neither used nor returned before, so that a test need not wait 30 seconds.

        It takes the next step when this one is gone, as a device whose clock runs ahead would; steps handed out here
        count as within the window until they are used.
        """
        step = max({self._step() - 1} | self._used | self._shown) + 1
        self._shown.add(step)
        return code_at(self.seed, step)

    def accept(self, code: str) -> bool:
        """Use a code up: true once for each valid code."""
        present = self._step()
        window = ({present - 1, present, present + 1} | self._shown) - self._used
        step = next((step for step in sorted(window) if code_at(self.seed, step) == code), None)
        if step is None:
            return False
        self._used.add(step)
        return True

    def _step(self, now: float | None = None) -> int:
        return int(self._clock() if now is None else now) // STEP_SECONDS
