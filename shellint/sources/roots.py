"""What the first step of a plan gives, each kind by a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shellint.providers import Machine, Process, SignIn, Sso
from shellint.steps import Provided, StoredKey, WebIdentity

if TYPE_CHECKING:
    from pathlib import Path

    from shellint.credentials import Credentials, LongTermKey
    from shellint.plan import Plan
    from shellint.store import Store
    from shellint.terminal import Human

__all__ = ["Caller", "root_credentials"]

_SOURCES: Mapping[type, str] = {
    StoredKey: "stored_key",
    WebIdentity: "web_identity",
    Sso: "sso_role",
    Process: "process",
    Machine: "machine",
    SignIn: "sign_in",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `now` gives unix seconds; `env` is the environment as it was before any `vault use`.

    `former` gives the same with the former values of secrets, which it has to open. `aws` is the directory in which
    the AWS CLI keeps its sign-ins (`sso/cache`, `login/cache`).
    Without `programs` no command that is named in config runs, and nothing else that would need the person's attention.
    """

    store: Store = field(repr=False)
    human: Human
    now: Callable[[], float]
    env: Mapping[str, str] = field(repr=False)
    aws: Path
    programs: bool = True
    former: Callable[[], Mapping[str, str]] = dict


def root_credentials(plan: Plan, caller: Caller) -> LongTermKey | Credentials:
    """Return what the first step of `plan` gives. Raises ShellintError of every kind."""
    import importlib

    root = plan.steps[0]
    kind = type(root.provider) if isinstance(root, Provided) else type(root)
    source = importlib.import_module(f"shellint.sources.{_SOURCES[kind]}")
    return source.credentials(root, plan, caller)  # type: ignore[no-any-return]
