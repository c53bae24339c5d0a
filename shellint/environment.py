"""Credentials in, a change of variables out: what a shell has to set and unset, and what must come back afterwards.

The one rule behind everything here: a variable goes back to what it was before the first `use`, but only while it
still holds what we put there. What we put is remembered as a digest, so no secret is written down twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shellint.credentials import Credentials, LongTermKey
from shellint.errors import ShellintError
from shellint.lease import Lease, Saved, Wish, digest, held
from shellint.variables import (
    CREDENTIALS,
    EXPIRATIONS,
    OURS,
    REGIONS,
    REPLACED,
    REPLACED_PREFIXES,
    SAVED_LIMIT,
    SECRET,
    SETS,
    is_touched,
)

__all__ = ["Change", "clear", "exec_environment", "export_change", "inherited", "load", "move", "original", "renew"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a shell has to do: `unset` first, then `set`; nothing else may change.

    `seal` maps names to former values that must rest in the store under `lease` before the change is handed out.
    `left_alone` are names the person changed since, `lost` names whose former value could not be opened.
    `renew_at` is when to begin renewing ahead, unix seconds on the local clock.
    """

    set: Mapping[str, str] = field(default_factory=dict, repr=False)
    unset: tuple[str, ...] = ()
    lease: str = ""
    seal: Mapping[str, str] = field(default_factory=dict, repr=False)
    left_alone: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    renew_at: int | None = None

    def applied_to(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the environment after the change."""
        return {name: value for name, value in env.items() if name not in self.unset} | dict(self.set)


def load(
    env: Mapping[str, str],
    wish: Wish,
    credentials: Credentials,
    *,
    region: str | None,
    lease: str,
    owner: int | None,
    minimum: int,
    sealed: Mapping[str, str],
    lock: str = "",
) -> Change:
    """Clear whatever is loaded and load `credentials`, in one change.

    `sealed` holds the former secret values of the lease that is there now, opened; `minimum` is AWS_MIN_TTL (seconds),
    `lock` the lock stamp, as it was before the credentials were asked for.
    """
    cleared = clear(env, sealed=sealed)
    base = cleared.applied_to(env)
    values = _values(wish.profile, credentials, region)
    touched = (*SETS, *REPLACED, *filter(is_touched, base))
    put = {name: digest(lease, values[name]) if name in values else None for name in dict.fromkeys(touched)}
    was = {name: base[name] for name in put if name in base}
    seal = {name: was.pop(name) for name in tuple(was) if name in SECRET}
    saved = Saved(lease, put, was, tuple(seal))
    while was and len(saved.encode()) > SAVED_LIMIT:
        longest = max(was, key=lambda name: len(was[name]))
        seal[longest] = was.pop(longest)
        saved = Saved(lease, put, was, tuple(seal))
    if len(saved.encode()) > SAVED_LIMIT:
        raise ShellintError(
            f"{len(put)} variables would have to be put back later, more than can be remembered",
            "nothing was changed: unset those that another tool left behind (AWSUME_…)",
        )
    values |= _ours(wish, credentials, lease=lease, owner=owner, saved=saved, lock=lock)
    return Change(
        set=values,
        unset=tuple(name for name in (*put, *OURS) if name not in values),
        lease=lease,
        seal=seal,
        lost=cleared.lost,
        renew_at=_renew_at(credentials, minimum),
    )


def renew(
    env: Mapping[str, str], lease: Lease, wish: Wish, credentials: Credentials, *, minimum: int, lock: str = ""
) -> Change:
    """Put newer credentials in the place of what `lease` put there; a variable changed since stays as it is."""
    saved = lease.saved or Saved(lease.id, {}, {})
    values = {
        name: value
        for name, value in _values(wish.profile, credentials, None).items()
        if name in CREDENTIALS or name not in saved.put or saved.is_ours(name, env)
    }
    put = {**saved.put, **{name: digest(saved.lease, value) for name, value in values.items()}}
    saved = Saved(saved.lease, put, saved.was, saved.sealed)
    return Change(
        set=values | _ours(wish, credentials, lease=lease.id, owner=lease.owner, saved=saved, lock=lock),
        unset=("SHELLINT_LOCK",) if lease.lock and not lock else (),
        lease=lease.id,
        left_alone=tuple(name for name in ("AWS_VAULT", *EXPIRATIONS) if name not in values),
        renew_at=_renew_at(credentials, minimum),
    )


def move(lease: Lease, wish: Wish, region: str) -> Change:
    """Change the region of a loaded session, and what a renewal will repeat; nothing else."""
    values = {**dict.fromkeys(REGIONS, region), "SHELLINT_REQUEST": wish.encode()}
    if saved := lease.saved:
        put = {**saved.put, **dict.fromkeys(REGIONS, digest(saved.lease, region))}
        values["SHELLINT_SAVED"] = Saved(saved.lease, put, saved.was, saved.sealed).encode()
    return Change(set=values, lease=lease.id)


def clear(env: Mapping[str, str], *, sealed: Mapping[str, str], again: bool = False) -> Change:
    """Take out what `use` put in, and put back what was there before.

    `sealed` holds the former secret values, opened; a name that is missing there stays unset and is named in `lost`.
    With a secret the whole key stays unset: half a key pair is worse than none. `again`: what is lost now may be opened
    later, so SHELLINT_SAVED stays with what is still to be put back.
    A lease whose credentials were replaced by somebody else's gives up its own `SHELLINT_*` and touches nothing else.
    """
    ours = tuple(name for name in OURS if name in env)
    lease = held(env)
    if lease is not None and not lease.is_ours:
        return Change(unset=ours, lease=lease.id)
    saved = Saved.decode(env.get("SHELLINT_SAVED", ""))
    if saved is None:
        # Nothing readable to go by: better to take out too much than to leave a credential behind.
        return Change(unset=(*(name for name in SETS if name in env), *ours) if ours else ())
    # Without a lease the hook already took out what it could by itself; what is gone then still has to come back.
    still = {name: saved.is_ours(name, env) or (lease is None and name not in env) for name in saved.put}
    former = {**saved.was, **{name: sealed[name] for name in saved.sealed if name in sealed}}
    lost = {name for name in saved.sealed if still[name] and name not in sealed}
    if lost & SECRET:
        lost |= {name for name in (*CREDENTIALS, *SECRET) if name in former and still[name]}
    back = {name: former[name] for name in still if still[name] and name in former and name not in lost}
    gone = tuple(name for name in still if still[name] and name not in back and name in env)
    if lost and again:
        was = {name: value for name, value in saved.was.items() if name in lost}
        rest = Saved(saved.lease, dict.fromkeys(lost), was, tuple(name for name in saved.sealed if name in lost))
        back["SHELLINT_SAVED"] = rest.encode()
    return Change(
        set=back,
        unset=(*gone, *(name for name in ours if name not in back)),
        lease=saved.lease,
        left_alone=tuple(name for name, is_still in still.items() if not is_still),
        lost=tuple(name for name in still if name in lost),
    )


def original(env: Mapping[str, str], sealed: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `env` as it was before the first `use`; former values that are sealed are left out, or given opened."""
    return clear(env, sealed=sealed or {}).applied_to(env)


def exec_environment(
    env: Mapping[str, str],
    wish: Wish,
    credentials: Credentials | LongTermKey,
    *,
    region: str | None,
    lease: str = "",
    owner: int | None = None,
    lock: str = "",
) -> dict[str, str]:
    """Return the whole environment for a command or, when `lease`, `owner` and `lock` are given, for a subshell.

    A command gets the AWS variables and AWS_VAULT and no `SHELLINT_*`; an outer lease's variables are taken out.
    """
    values = _values(wish.profile, credentials, region)
    if lease and isinstance(credentials, Credentials):
        saved = Saved(lease, {name: digest(lease, value) for name, value in values.items()}, {})
        values |= _ours(wish, credentials, lease=lease, owner=owner, saved=saved, lock=lock)
    return inherited(env, subshell=bool(lease)) | values


def inherited(env: Mapping[str, str], *, subshell: bool) -> dict[str, str]:
    """Return what a command keeps of its caller's environment: nothing that says who it is.

    A `subshell` keeps our settings too, with our passphrase: in it `vault` goes on being used.
    """
    unwanted = (*REPLACED_PREFIXES, *(() if subshell else ("SHELLINT_",)))
    return {
        name: value
        for name, value in original(env).items()
        if name not in (*SETS, *REPLACED, "AWS_VAULT_FILE_PASSPHRASE") and not name.startswith(unwanted)
    }


def export_change(profile: str, credentials: Credentials, region: str | None) -> Change:
    """Return what a shell without the hook has to do to hold these credentials and no others."""
    values = _values(profile, credentials, region)
    return Change(set=values, unset=tuple(name for name in (*SETS, *REPLACED) if name not in values))


def _values(profile: str, credentials: Credentials | LongTermKey, region: str | None) -> dict[str, str]:
    session = credentials if isinstance(credentials, Credentials) else None
    end = session.expiration_text if session else None
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        **({"AWS_SESSION_TOKEN": session.session_token} if session else {}),
        "AWS_VAULT": profile,
        **(dict.fromkeys(REGIONS, region) if region else {}),
        **(dict.fromkeys(EXPIRATIONS, end) if end else {}),
    }


def _ours(
    wish: Wish, credentials: Credentials, *, lease: str, owner: int | None, saved: Saved, lock: str
) -> dict[str, str]:
    return {
        **({"SHELLINT_EXPIRES": str(credentials.expires)} if credentials.expires is not None else {}),
        "SHELLINT_SESSION": lease,
        "SHELLINT_KEY": credentials.access_key_id,
        **({"SHELLINT_OWNER": str(owner)} if owner is not None else {}),
        "SHELLINT_REQUEST": wish.encode(),
        "SHELLINT_SAVED": saved.encode(),
        **({"SHELLINT_LOCK": lock} if lock else {}),
    }


def _renew_at(credentials: Credentials, minimum: int) -> int | None:
    if credentials.expires is None:
        return None
    return credentials.expires - min(minimum, (credentials.expires - credentials.issued) // 2)
