"""`store`: where the secrets rest, what opens the store and whether it does, and one passphrase more for it."""

from __future__ import annotations

import json

from shellint.errors import NeedsHuman, StoreError
from shellint.request import Reply, Request
from shellint.store import PassphraseSource, open_store
from shellint.terminal import NoHuman

__all__ = ["add_passphrase", "opens_unasked", "status"]


def status(request: Request, *, as_json: bool = False) -> Reply:
    """Describe the store and try to open it, without asking anybody anything."""
    found = request.store.describe()
    path = str(request.store.path)
    if found is None:
        if as_json:
            return Reply(out=json.dumps({"exists": False, "file": path}) + "\n")
        return Reply(out=f"there is no store in {request.store.path.parent} yet; `vault add PROFILE` makes one\n")
    opens, why = opens_unasked(request)
    facts = {
        "exists": True,
        "kind": found.kind,
        "keychain": found.keychain,
        "file": path,
        "opened_by": list(found.opened_by),
        "keys": found.counts.get("key", 0),
        "sessions": found.counts.get("session", 0),
        "opens": opens,
        "why": why,
    }
    if as_json:
        return Reply(out=json.dumps(facts) + "\n")
    rows = (
        ("kind", f"{found.kind} ({found.keychain})" if found.keychain else found.kind),
        ("file", path),
        ("opened by", ", ".join(found.opened_by)),
        ("keys", facts["keys"]),
        ("sessions", facts["sessions"]),
        ("opens", why or "yes"),
    )
    return Reply(out="".join(f"{name:<10} {value}\n" for name, value in rows))


def add_passphrase(request: Request) -> Reply:
    """Let one more passphrase open what is sealed in the file."""
    request.store.add_passphrase()
    found = request.store.describe()
    notes = [f"one more passphrase opens {request.store.path}"]
    if found and found.keychain:
        notes.append(f"the long-term keys stay in the {found.keychain}; where that is not, sessions can be opened")
    return Reply(notes=tuple(notes))


def opens_unasked(request: Request) -> tuple[bool | None, str]:
    """Tell whether the store opens, None when that takes a person's answer, and if not, why."""
    nobody = PassphraseSource(NoHuman(), request.env, fd=request.passphrase_fd)
    try:
        open_store(request.paths.store, nobody, now=request.now).open()
    except NeedsHuman:
        return None, "when its question is answered: a passphrase, or the keychain's own"
    except StoreError as error:
        return False, f"no: {error.what}"
    return True, ""
