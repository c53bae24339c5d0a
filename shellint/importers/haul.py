"""What a place gave: the long-term keys that can be stored, and of everything else a line that says why not."""

from __future__ import annotations

from dataclasses import dataclass

from shellint.config_edit import check_profile_name
from shellint.credentials import LongTermKey
from shellint.errors import UsageError
from shellint.key_format import checked_key
from shellint.origin import Origin, shown

__all__ = ["Found", "Haul", "haul_of", "judged"]


@dataclass(frozen=True, slots=True)
class Found:
    """A long-term key that lies at `place` under the name of `profile`."""

    profile: str
    key: LongTermKey
    place: Origin


@dataclass(frozen=True, slots=True)
class Haul:
    """The keys of a place in its order, a name perhaps more than once; and what is left there, a line for each."""

    keys: tuple[Found, ...] = ()
    left: tuple[str, ...] = ()

    def __add__(self, other: Haul) -> Haul:
        return Haul(self.keys + other.keys, self.left + other.left)


def judged(profile: str, key_id: str, secret: str, token: str, place: Origin) -> Found | str:
    """Return a key, or the line that says why it is none that can be stored; the line repeats nothing of it."""
    why = ""
    try:
        check_profile_name(profile)
        key = checked_key(key_id, secret)
    except UsageError as error:
        why = error.what
    if key_id.startswith("ASIA") or token:
        why = "it is a temporary key"
    elif not why and not key_id.startswith("AKIA"):
        why = "its id does not begin with AKIA, as those of AWS do"
    return f"{place}: the key of {shown(profile)} is left there: {why}" if why else Found(profile, key, place)


def haul_of(things: list[Found | str]) -> Haul:
    """Sort what `judged` returned."""
    return Haul(
        tuple(each for each in things if isinstance(each, Found)),
        tuple(each for each in things if isinstance(each, str)),
    )
