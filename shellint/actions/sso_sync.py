"""`sso sync`: a profile in the AWS config file for every role that a sign-in gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from shellint.actions.grant import caller_of
from shellint.actions.sign_ins import SignInPlace, choose
from shellint.config_edit import edit_config, profile_section, with_sections, without_profiles
from shellint.config_file import credentials_sections, parse_config, read_config, read_limited
from shellint.errors import ConfigError, NeedsHuman
from shellint.layers import Overrides, layers
from shellint.profile_settings import ProfileSettings
from shellint.rc_file import backup_of
from shellint.request import Reply, Request
from shellint.sso.listing import Listing, list_roles
from shellint.sso.profiles import Changes, Naming, SsoRole, compare, settings_for
from shellint.sso.token import with_access
from shellint.terminal import printable

__all__ = ["SyncWish", "sync"]


@dataclass(frozen=True, slots=True)
class SyncWish:
    """What was asked for: `region` is that of new profiles; `prune` takes out those whose roles are gone."""

    naming: Naming
    region: str | None
    prune: bool
    dry_run: bool
    yes: bool
    as_json: bool


def sync(request: Request, name: str | None, wish: SyncWish, progress: Callable[[int, int], object]) -> Reply:
    """Write a profile for every account and role that has none, after showing it; what is there stays as it is.

    Signs in where nobody is signed in. `progress` is told how many accounts of how many were looked into.
    """
    path = request.paths.aws_config
    place = choose(request, name)
    region = _region(path, wish) or place.instance.region
    listing = _listing(request, place, progress)
    roles = [role for role in listing.roles if role.usable]
    taken = (*request.store.names("key"), *credentials_sections(request.paths.aws_credentials))

    def changes_of(data: bytes) -> Changes:
        config = parse_config(data, path)
        return compare(config, place.instance, roles, wish.naming, taken=taken, unread=listing.unread)

    def edited(before: bytes, changes: Changes) -> bytes:
        gone = [each for each, _ in changes.gone] if wish.prune else []
        sections = [
            profile_section(path, each, settings_for(role, place.instance, region)) for each, role in changes.added
        ]
        return with_sections(without_profiles(before, gone, path) if gone else before, sections)

    before = read_limited(path)
    changes = changes_of(before)
    written = False
    if edited(before, changes) != before and not wish.dry_run:
        if not _agreed(request, path, changes, wish):
            return Reply(notes=("nothing was changed",), code=1)

        def edit(data: bytes) -> bytes:
            now = changes_of(data)
            if now != changes and edited(data, now) != data:
                raise ConfigError(f"{path} was changed meanwhile, and is left as it is", "run it again")
            return edited(data, now)

        written = edit_config(path, edit, keep_former=True)
    notes = (*_done(path, changes, wish, written=written), *_remarks(changes, wish, listing))
    return Reply(out=_out(place, path, changes, wish, written=written), notes=notes)


def _region(path: Path, wish: SyncWish) -> str | None:
    """Return the region for new profiles; what stays in a file must not depend on the shell it was written from."""
    options = Overrides(region=wish.region)
    return ProfileSettings(layers("", read_config(path), {}, options, target=False)).text("region")


def _listing(request: Request, place: SignInPlace, progress: Callable[[int, int], object]) -> Listing:
    caller, name = caller_of(request), place.instance.name
    ask = partial(list_roles, place.portal, caller=caller, progress=progress, name=name)
    return with_access(place, caller, ask)


def _agreed(request: Request, path: Path, changes: Changes, wish: SyncWish) -> bool:
    request.human.say(f"{path} changes so:")
    for line in _lines(changes, prune=wish.prune):
        request.human.say(f"  {line}")
    if wish.yes:
        return True
    try:
        return request.human.confirm("Write it?", default=not (wish.prune and changes.gone))
    except NeedsHuman as error:
        raise NeedsHuman(error.what, "--yes answers it, --dry-run only shows it") from None


def _lines(changes: Changes, *, prune: bool) -> Iterator[str]:
    """Yield the changes as a person reads them."""
    gone = changes.gone if prune else ()
    width = max((len(name) for name, _ in (*changes.added, *gone)), default=0)
    for name, role in changes.added:
        yield printable(f"+ {name:<{width}}  {role.role} in {role.account[:50]} ({role.account_id})")
    for name, role in gone:
        yield printable(f"- {name:<{width}}  {role.role} in {role.account_id}, which is gone")


def _done(path: Path, changes: Changes, wish: SyncWish, *, written: bool) -> Iterator[str]:
    """Yield what became of the file."""
    gone = changes.gone if wish.prune else ()
    if not (changes.added or gone):
        yield f"{path} has a profile for each role; nothing to do" if changes.there else "there is no role to write"
    if not written:
        return
    if changes.added:
        yield f"{_count(changes.added)} added to {path}; {len(changes.there)} were there"
    if gone:
        yield f"{_count(gone)} taken out of {path}: their roles are gone"
    if (kept := backup_of(path)).exists():
        yield f"as it was before the first time: {kept}"


def _remarks(changes: Changes, wish: SyncWish, listing: Listing) -> Iterator[str]:
    """Yield what is worth telling of the rest."""
    for name, role in () if wish.prune else changes.gone:
        yield f"{name}: the role {role.role} in {role.account_id} is gone; --prune takes the profile out"
    for name, instead in changes.displaced:
        yield f"the name {name} is taken by something else, so it became {instead}"
    if changes.otherwise and wish.naming != Naming():
        yield f"{_count(changes.otherwise)} keep the names they have; taken out by hand, they are named anew"
    for account_id in listing.unread:
        yield f"AWS does not let you look into account {account_id}: its profiles stay as they are"
    for role in listing.roles:
        if not role.usable:
            yield f"account {role.account_id} has a role {role.role[:80]!r}, which no profile can name: it is left out"


def _out(place: SignInPlace, path: Path, changes: Changes, wish: SyncWish, *, written: bool) -> str:
    if not wish.as_json:
        return "".join(f"{line}\n" for line in _lines(changes, prune=wish.prune)) if wish.dry_run else ""
    facts = {
        "sign_in": place.instance.name,
        "file": str(path),
        "written": written,
        "added": _facts(changes.added),
        "gone": _facts(changes.gone),
        "pruned": written and wish.prune and bool(changes.gone),
        "there": list(changes.there),
    }
    return json.dumps(facts) + "\n"


def _facts(profiles: Iterable[tuple[str, SsoRole]]) -> list[dict[str, str]]:
    return [{"profile": name, **asdict(role)} for name, role in profiles]


def _count(profiles: tuple[object, ...]) -> str:
    return f"{len(profiles)} profile{'s' if len(profiles) != 1 else ''}"
