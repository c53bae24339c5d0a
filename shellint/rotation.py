"""How far the rotation of a key has come: what its journal says, and what a list of the user's keys means beside it.

Pure: no network, no store. The journal is written before the new key is asked for and again when it is here, so that
whatever ends the program, the next one can tell which keys there are and who has their secrets. A user has two keys at
most (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shellint.credentials import LongTermKey

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KIND", "Rotation", "UserKey", "masked", "unfinished"]

KIND = "rotation"
"""The kind under which the store has a journal, by the name of the profile whose key it is about."""

# By these seconds AWS's clock may be behind an intent, and what CreateAccessKey makes later: what was made outside of
# them was made by somebody else.
_BEFORE, _AFTER = 5, 120


@dataclass(frozen=True, slots=True)
class UserKey:
    """A key as IAM lists it, without its secret; `created` in unix seconds on AWS's clock."""

    access_key_id: str
    active: bool
    created: float


@dataclass(frozen=True, slots=True)
class Rotation:
    """The key `old` is to be replaced; `known` are the ids that the user had before the first new one was asked for.

    `asked` is when one was asked for, each time (unix seconds, AWS's clock): what was made then and is in no journal is
    lost. `new` is what AWS gave last, None before.
    """

    old: str
    known: tuple[str, ...]
    asked: tuple[int, ...]
    new: LongTermKey | None = None

    def is_about(self, access_key_id: str) -> bool:
        """Tell whether a stored key is the one to be replaced, or its replacement."""
        return access_key_id in {self.old, self.new.access_key_id if self.new else None}

    def may_have_lost(self, key: UserKey) -> bool:
        """Tell whether a key can be one that this rotation made, had its program died before the secret was here.

        If it was never used, too, it is nobody's: its secret is shown once only.
        """
        appeared = any(moment - _BEFORE <= key.created <= moment + _AFTER for moment in self.asked)
        return appeared and key.access_key_id not in self.known and not self.is_about(key.access_key_id)

    def to_bytes(self) -> bytes:
        """Return the form in which the store seals it."""
        new = [self.new.access_key_id, self.new.secret_access_key] if self.new else None
        return json.dumps({"old": self.old, "known": self.known, "asked": self.asked, "new": new}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Rotation:
        """Undo `to_bytes`. Raises ValueError, TypeError or KeyError for anything else."""
        fields = json.loads(data)
        new = LongTermKey(*fields["new"]) if fields["new"] else None
        return cls(fields["old"], tuple(fields["known"]), tuple(fields["asked"]), new)


def masked(access_key_id: str) -> str:
    """Return what is shown of an access key id: both ends."""
    return f"{access_key_id[:4]}…{access_key_id[-4:]}"


def unfinished(names: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that say which rotations are not finished; `names` are those of the store's journals."""
    return tuple(
        f"the rotation of the key of {name} is not finished: `vault rotate {shlex.quote(name)}` goes on with it"
        for name in names
    )
