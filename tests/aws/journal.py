"""The log of what was asked and what was said, without a secret, a token or a code in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["HIDDEN", "Journal", "RequestRecord"]

HIDDEN = "(hidden)"
_DROPPED = {"TokenCode"}
_HIDDEN = {
    "Session",
    "SigninToken",
    "WebIdentityToken",
    "clientSecret",
    "code",
    "codeVerifier",
    "deviceCode",
    "next_token",
    "refreshToken",
    "request",
    "state",
    "user_code",
}


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request; there is one record for each.

    `time` is in unix seconds on the double's clock; `parameters` are as sent, of query, form or JSON, a list as its
    words with spaces between. An MFA code is left out, another secret is `(hidden)`. `in_url` names those that stood
    in the URL. `arn` is who asked, once verified; `region` is the one the request was signed for; `error` is AWS's
    code.
    """

    time: float
    action: str
    access_key_id: str | None
    arn: str | None
    region: str | None
    parameters: Mapping[str, str]
    mfa_code: bool
    user_agent: str
    status: int
    error: str | None
    breakage: str | None
    method: str = "POST"
    in_url: tuple[str, ...] = ()

    @staticmethod
    def presentable(parameters: Mapping[str, str]) -> dict[str, str]:
        """Leave out what is not to be kept."""
        kept = {name: value for name, value in parameters.items() if name not in _DROPPED}
        return {name: HIDDEN if name in _HIDDEN else value for name, value in kept.items()}


class Journal:
    """The records, in memory and, when a file is named, appended to it as one JSON object a line."""

    def __init__(self, file: Path | None) -> None:
        self.records: list[RequestRecord] = []
        self._file = file

    def add(self, record: RequestRecord) -> None:
        """Keep a record; the caller holds the double's lock."""
        self.records.append(record)
        if self._file:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(record)) + "\n")
