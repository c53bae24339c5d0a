"""`import`: long-term keys from where they lie into the store, and out of the files that anybody could read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from shellint.actions.journals import changing_keys, part
from shellint.actions.scrubbing import delete_spent, scrub_files
from shellint.credentials import LongTermKey
from shellint.errors import ConfigError, Interrupted, NeedsHuman, ShellintError, StoreError, StoreLocked
from shellint.importers.aws_credentials import KeyFile
from shellint.importers.haul import Found, Haul
from shellint.importers.scrub import check_scrub
from shellint.origin import shown
from shellint.profiles import nearest
from shellint.request import Reply, Request
from shellint.rotation import masked
from shellint.sessions import forget_key
from shellint.store import Store

__all__ = ["import_keys"]

# A keychain takes up to 0.1 s for each, and nobody else can write to the store meanwhile.
_AT_ONCE = 50
# How many names one line has; the number says the rest.
_NAMES = 8


def import_keys(
    request: Request,
    haul: Haul,
    profiles: Collection[str] = (),
    *,
    scrubbed: Sequence[KeyFile] = (),
    spent: Path | None = None,
    overwrite: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> Reply:
    """Store the keys of a haul, or those of `profiles` alone, in few writes.

    From the files of `scrubbed` the keys are taken out, once the store has been read back; a copy of such a file stays
    beside it until the person agrees to delete it. `spent` is a file that has the haul and nothing else: it is deleted
    when the person agrees. Where another key is stored under a name a person is asked, unless `overwrite` or `yes`.
    All that may fail or be asked comes before anything is written, but for what may be deleted.

    Raises ConfigError, StoreError and NeedsHuman where nothing has been done; from then on a failure is in the reply,
    beside what was done and what was not.
    """
    store = request.store
    lying = _chosen(haul, profiles)
    keys: dict[str, Found] = {}
    for each in lying:
        keys.setdefault(each.profile, each)  # of two under one name the first counts, as for the AWS SDKs
    former = {name: _stored(store, name) for name in store.names("key") if name in keys}
    same = [each for name, each in keys.items() if former.get(name) == each.key]
    new = [each for name, each in keys.items() if name not in former]
    other = [each for each in keys.values() if each not in same and each not in new]
    left = (*(() if profiles else haul.left), *_outdone(lying, keys))
    if dry_run:
        plans = {"store": new, "replace": other, "stored": same}
        lines = (f"{verb} {each.profile} {_named(each.key)} ({each.place})\n" for verb in plans for each in plans[verb])
        return Reply(out="".join(lines), notes=left)
    replaced = [each for each in other if overwrite or yes or _agreed(request, each, former[each.profile])]
    done = {each.profile: each.key for each in (*new, *replaced, *same)}
    files = [(file, _of(file, lying, done)) for file in scrubbed]
    for file, mine in files:
        if mine:
            check_scrub(file, mine)

    def is_stored(found: Found) -> bool:
        return done.get(found.profile) == found.key or _stored(store, found.profile) == found.key

    def events() -> Iterator[str]:
        yield from left
        yield from (f"{each.profile} keeps the key that is stored" for each in other if each not in replaced)
        try:
            with changing_keys(request):
                for each in replaced:
                    yield from part(store, each.profile, to=each.key.access_key_id)
                yield from _store(store, [*new, *replaced], former)
            yield from _summary("there already", same)
            _read_back(store, done)
            for each in replaced:
                if (key := former[each.profile]) is not None:
                    forget_key(store, key.access_key_id)
        except (ShellintError, KeyboardInterrupt):
            yield from (f"nothing was taken out of {file.path}" for file, mine in files if mine)
            yield from [f"{spent} is not deleted"] if spent else []
            raise
        yield from scrub_files(files, request.human, is_stored, yes=yes)
        if spent:
            yield from delete_spent(spent, haul, request.human, is_stored, yes=yes)

    return _told(events())


def _told(events: Iterator[str]) -> Reply:
    """Return what happens, until the end or a failure: what is done by then stays done."""
    notes: list[str] = []
    error: ShellintError | None = None
    try:
        notes.extend(events)
    except ShellintError as failure:
        error = failure
    except KeyboardInterrupt:
        error = Interrupted("interrupted", "run it again: it goes on where it was")
    except OSError as failure:
        error = StoreError(f"the system failed: {failure.strerror}", "run it again: it goes on where it was")
    return Reply(notes=tuple(notes) or (() if error else ("there is no long-term key to import",)), error=error)


def _chosen(haul: Haul, profiles: Collection[str]) -> list[Found]:
    names = list(dict.fromkeys(each.profile for each in haul.keys))
    for profile in profiles:
        if profile not in names:
            why = next((line for line in haul.left if f"the key of {shown(profile)} " in line), "")
            close = nearest(profile, names)
            raise ConfigError(
                why or f"there is no key of {shown(profile)} to import", f"did you mean {close}?" if close else ""
            )
    return [each for each in haul.keys if not profiles or each.profile in profiles]


def _outdone(lying: Iterable[Found], keys: dict[str, Found]) -> Iterator[str]:
    for each in lying:
        first = keys[each.profile]
        if each.key != first.key:
            yield f"{each.place}: another key of {each.profile} is left there: the one at {first.place} counts"


def _of(file: KeyFile, lying: Iterable[Found], done: dict[str, LongTermKey]) -> list[Found]:
    """Return what lies in a file of the keys that are in the store."""
    return [each for each in lying if each.place.place == str(file.path) and done.get(each.profile) == each.key]


def _store(store: Store, keys: Sequence[Found], former: Mapping[str, LongTermKey | None]) -> Iterator[str]:
    done: list[Found] = []
    try:
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            _check_unchanged(store, some, former)
            store.put_many("key", {each.profile: each.key.to_bytes() for each in some})
            done += some
    except (ShellintError, KeyboardInterrupt):
        # What fails last, as the disk may after the file has got its name, does not undo it.
        there = [*done, *(each for each in keys[len(done) :] if _is_there(store, each))]
        yield from _summary("stored", there)
        yield from _summary("not stored", [each for each in keys if each not in there])
        raise
    yield from _summary("stored", done)


def _check_unchanged(store: Store, keys: Sequence[Found], former: Mapping[str, LongTermKey | None]) -> None:
    """Raise StoreError where another process stored something else since it was asked what may be replaced."""
    names = set(store.names("key"))
    for each in keys:
        now = _stored(store, each.profile) if each.profile in names else None
        if now not in {former.get(each.profile), each.key}:
            raise StoreError(
                f"the key that is stored for {each.profile} was changed meanwhile, by another process", "run it again"
            )


def _read_back(store: Store, done: Mapping[str, LongTermKey]) -> None:
    if wrong := [name for name, key in done.items() if _stored(store, name) != key]:
        raise StoreError(f"the store does not have what was put there: {', '.join(wrong)}", "run it again")


def _is_there(store: Store, found: Found) -> bool:
    try:
        return _stored(store, found.profile) == found.key
    except ShellintError:
        return False


def _stored(store: Store, name: str) -> LongTermKey | None:
    """Return a stored key, None for one that cannot be read: it must not stand in the way of a good one."""
    try:
        return LongTermKey.from_bytes(store.get("key", name) or b"")
    except StoreLocked:
        raise
    except (StoreError, ValueError, TypeError):
        return None


def _agreed(request: Request, found: Found, former: LongTermKey | None) -> bool:
    question = (
        f"Another key is stored for {found.profile}, {_named(former)}."
        f" Replace it by {_named(found.key)} ({found.place})?"
    )
    try:
        return request.human.confirm(question)
    except NeedsHuman as error:
        raise NeedsHuman(error.what, "--overwrite answers it") from None


def _named(key: LongTermKey | None) -> str:
    return masked(key.access_key_id) if key else "which cannot be read"


def _summary(what: str, keys: Sequence[Found]) -> Iterator[str]:
    if keys:
        more = f" and {len(keys) - _NAMES} more" if len(keys) > _NAMES else ""
        number = "1 key is" if len(keys) == 1 else f"{len(keys)} keys are"
        yield f"{number} {what}: {', '.join(each.profile for each in keys[:_NAMES])}{more}"
