"""`use`, `refresh` and `region`: put credentials into the calling shell, and keep them right."""

from __future__ import annotations

import secrets
from dataclasses import replace

from shellint import environment
from shellint.actions.former import extend_sealed, opened, seal
from shellint.actions.grant import Granted, grant, minimum_ttl, wish_for
from shellint.actions.recent import last_profile, remember_profile
from shellint.durations import format_duration
from shellint.environment import Change
from shellint.errors import NeedsHuman, ShellintError, UsageError
from shellint.hook import hook_line
from shellint.lease import Saved, Wish, held
from shellint.origin import Origin
from shellint.profile_settings import ProfileSettings
from shellint.profiles import profile_names, read_config
from shellint.request import Reply, Request
from shellint.stamps import read_lock
from shellint.terminal import answered_by

__all__ = ["refresh", "region", "use"]


def use(request: Request, wish: Wish | None, *, force: bool = False, mfa_token: str | None = None) -> Reply:
    """Load what `wish` asks for; None asks the person to pick a profile."""
    _needs_hook(request, "use", wish.profile if wish else "PROFILE")
    wish = wish or Wish(_picked(request))
    wish = _previous(request) if wish.profile == "-" else wish_for(request, wish)
    lock = read_lock(request.paths)
    granted = grant(request, wish, force=force, mfa_token=mfa_token)
    return _loaded(request, wish, granted, lock)


def refresh(request: Request, *, force: bool = False, ahead: bool = False, mfa_token: str | None = None) -> Reply:
    """Renew what this shell holds, or load again what ended, exactly as it was asked for.

    `ahead` is a renewal that the hook began by itself: no word when it succeeds.
    """
    _needs_hook(request, "refresh")
    lease = held(request.env)
    if lease is not None and not lease.is_ours:
        raise ShellintError(
            "the AWS keys in this shell are not those that `vault use` loaded, so there is nothing to renew",
            "`vault use PROFILE` loads a profile in their place; `vault clear` then brings them back",
        )
    ended = Wish.decode(request.env.get("SHELLINT_LAST", "")) if request.env.get("SHELLINT_ENDED") else None
    wish = lease.wish if lease else ended
    if wish is None:
        raise ShellintError("nothing is loaded in this shell", "`vault use PROFILE` loads a profile")
    # What began by itself is no person's wish to have it back after a `lock`.
    lock = lease.lock if ahead and lease else read_lock(request.paths)
    try:
        granted = grant(request, wish, renew=lease is not None, force=force, mfa_token=mfa_token, programs=not ahead)
    except NeedsHuman as error:
        if not ahead or lease is None or lease.expires is None:
            raise
        seconds = max(0, int(lease.expires - request.now()))
        left = format_duration(seconds // 60 * 60 or seconds)
        raise NeedsHuman(f"{wish.profile} ends in {left}", "`vault refresh` renews it") from error
    if lease is None or lease.owner != request.shell_pid:
        # Ended, or inherited: this shell gets a lease of its own, and its parent's stays what it is.
        return _loaded(request, wish, granted, lock)
    change = environment.renew(request.env, lease, wish, granted.credentials, minimum=minimum_ttl(request), lock=lock)
    if lease.saved and lease.saved.sealed:
        extend_sealed(request, lease.saved, granted.credentials.expires)
    notes = () if ahead else (*granted.notes, _summary(request, wish, granted), *_left_alone(change))
    return Reply(notes=notes, change=change)


def region(request: Request, name: str) -> Reply:
    """Change the region of what is loaded, for now and for every renewal."""
    _needs_hook(request, "region")
    lease = held(request.env)
    if lease is None or not lease.is_ours or lease.wish is None:
        raise ShellintError("nothing is loaded in this shell", "`vault use PROFILE` loads a profile")
    try:
        ProfileSettings([{"region": (name, Origin("region"))}]).text("region")
    except ShellintError as error:
        raise UsageError(error.what, error.todo) from None
    note = f"region {name} for {lease.profile}"
    return Reply(notes=(note,), change=environment.move(lease, replace(lease.wish, region=name), name))


def _loaded(request: Request, wish: Wish, granted: Granted, lock: str) -> Reply:
    """Load what was granted; `lock` is the lock stamp from before: a `lock` meanwhile takes it out again."""
    lease, saved = held(request.env), Saved.decode(request.env.get("SHELLINT_SAVED", ""))
    # The same shell keeps its lease, so that what it sealed at the first `use` stays where it is.
    keeps = lease is not None and lease.is_ours and lease.owner == request.shell_pid
    change = environment.load(
        request.env,
        wish,
        granted.credentials,
        region=granted.region,
        lease=lease.id if lease and keeps else secrets.token_hex(8),
        owner=request.shell_pid,
        minimum=minimum_ttl(request),
        sealed=opened(request, saved),
        lock=lock,
    )
    if change.seal:
        seal(request, change.lease, change.seal, granted.credentials.expires)
    remember_profile(request.paths, wish.profile)
    return Reply(notes=(*granted.notes, _summary(request, wish, granted), *_left_alone(change)), change=change)


def _summary(request: Request, wish: Wish, granted: Granted) -> str:
    place = f", region {granted.region}" if granted.region else ", no region"
    if granted.credentials.expires is None:
        return f"{wish.profile}, with no end that is known{place}"
    left = max(0, granted.credentials.expires - int(request.now()))
    lease = held(request.env)
    if lease and lease.is_ours and granted.credentials.access_key_id == request.env.get("AWS_ACCESS_KEY_ID"):
        return f"{wish.profile} still has {format_duration(left)}: its session is kept (--force makes a new one)"
    return f"{wish.profile} for {format_duration(round(left / 60) * 60 if left >= 60 else left)}{place}"


def _left_alone(change: Change) -> tuple[str, ...]:
    return (
        *(f"{name} was changed since and is left as it is" for name in change.left_alone),
        *(f"{name} was set before and could not be put back: it stays unset" for name in change.lost),
    )


def _previous(request: Request) -> Wish:
    """Return what `use -` means: what this shell had before, else the profile that was last used anywhere."""
    lease = held(request.env)
    before = "SHELLINT_BEFORE" if lease is not None and lease.is_ours else "SHELLINT_LAST"
    if wish := Wish.decode(request.env.get(before, "")):
        return wish
    if profile := last_profile(request.paths):
        return wish_for(request, Wish(profile))
    raise UsageError("there is no profile that was used before", "`vault use PROFILE` names one")


def _picked(request: Request) -> str:
    """Ask for one of the profiles, by its number, its name or the beginning of its name."""
    config = read_config(request.paths.aws_config)
    names = list(dict.fromkeys((*profile_names(config), *request.store.names("key"))))
    if not names:
        raise UsageError("there are no profiles yet", "`vault add PROFILE` makes one")
    width = len(str(len(names)))
    for number, name in enumerate(names, 1):
        request.human.say(f"  {number:>{width}}  {name}")
    while True:
        with answered_by("name it: vault use PROFILE"):
            answer = request.human.ask("Profile").strip()
        if answer in names:
            return answer
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        begins = [name for name in names if answer and name.startswith(answer)]
        if len(begins) == 1:
            return begins[0]
        request.human.say(f"{answer!r} is none of them: a number or a name, please")


def _needs_hook(request: Request, command: str, *words: str) -> None:
    if request.shell is None:
        what = " ".join(("vault", command, *words))
        profile = words[0] if words and words[0] != "-" else "PROFILE"
        raise UsageError(
            f"`{what}` changes the shell it is typed in, and this shell has no hook",
            f"{hook_line(request.env)} (in a script: vault exec {profile} -- COMMAND)",
        )
