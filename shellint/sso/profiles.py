"""The profiles that `sso sync` writes: how they are called, what stands in them, and what is missing in a config.

A profile is known as ours by a setting in it, MARK. That survives whatever people do to the file (sort it, comment it,
rename the profile, let `aws configure` rewrite it), and a profile without it is somebody's own.

Account and role names are as somebody typed them, who need not be a friend. Of a name only [a-z0-9._-] gets through.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from shellint.config_file import ConfigFile, Section
from shellint.errors import UsageError
from shellint.origin import shown
from shellint.providers import SsoInstance

__all__ = ["MARK", "Changes", "Naming", "SsoRole", "compare", "settings_for"]

MARK = ("managed_by", "vault sso sync")
"""The setting that says whose a profile is; the AWS CLI and the SDKs know nothing of it and pass it over."""

_FIELD = re.compile(r"\{(account|account_id|role|email)\}")
_UNSAFE = re.compile(r"[^a-z0-9._-]+")
# AWS: 50 characters for the name of an account, 32 for a permission set; longer is a mistake or worse.
_LONGEST_FIELD, _LONGEST = 64, 128
# The shape of https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionSet.html, with room: 64.
_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class SsoRole:
    """A role that a sign-in gives in an account; `account` and `email` say whose account it is, and decide nothing."""

    account_id: str
    role: str
    account: str = field(default="", compare=False)
    email: str = field(default="", compare=False)

    @property
    def usable(self) -> bool:
        """Whether AWS can have a role of that name; another one is written nowhere."""
        return _ROLE.fullmatch(self.role) is not None


@dataclass(frozen=True, slots=True)
class Naming:
    """How profiles are called: a template over {account}, {account_id}, {role} and {email}, and what stands before it.

    Raises UsageError for a template with other braces.
    """

    template: str = "{account}-{role}"
    prefix: str = ""

    def __post_init__(self) -> None:
        if re.search(r"[{}]", _FIELD.sub("", self.template)):
            raise UsageError(
                f"--name {shown(self.template)} has braces around what is no field",
                "the fields are {account}, {account_id}, {role} and {email}",
            )

    def forms(self, role: SsoRole) -> tuple[str, str, str]:
        """Return how the profile of a role may be called, each name telling more than the one before it."""
        fields = {
            "account": _safe(role.account) or role.account_id,
            "account_id": role.account_id,
            "role": _safe(role.role),
            "email": _safe(role.email),
        }
        name = _safe(self.prefix + _FIELD.sub(lambda match: fields[match[1]], self.template), _LONGEST)
        with_account = "-".join(filter(None, (name, role.account_id)))
        return name, with_account, f"{with_account}-{fields['role']}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to happen to a config file: profiles `added`, of roles that have none, and `gone`, whose roles are gone.

    `there` are the profiles that are as they should be; `otherwise` those of them that `Naming` would call otherwise.
    `displaced` are names somebody else has, with those taken instead.
    """

    added: tuple[tuple[str, SsoRole], ...]
    gone: tuple[tuple[str, SsoRole], ...]
    there: tuple[str, ...]
    otherwise: tuple[str, ...]
    displaced: tuple[tuple[str, str], ...]


def compare(
    config: ConfigFile,
    instance: SsoInstance,
    roles: Iterable[SsoRole],
    naming: Naming,
    *,
    taken: Collection[str] = (),
    unread: Collection[str] = (),
) -> Changes:
    """Return what a config lacks of the `roles` of `instance`, and what it has beyond them.

    `taken` are names that are no section but mean something: stored keys, the shared credentials file. `unread` are the
    ids of accounts that could not be looked into: what the config has of them stays.
    """
    forms = {role: naming.forms(role) for role in sorted(dict.fromkeys(roles))}
    there: dict[str, SsoRole] = {}
    gone: list[tuple[str, SsoRole]] = []
    otherwise: list[str] = []
    for name, section in config.profiles.items():
        role = _role_of(section, instance)
        ours = _is_ours(name, section)
        if role is None or not (ours or (role in forms and name == forms[role][0])):
            continue
        if role in forms:
            there[name] = role
            if not (name in forms[role] or name.startswith(f"{forms[role][-1]}-")):
                otherwise.append(name)
        elif role.account_id not in unread:
            gone.append((name, role))
    used = {"default", *config.profiles, *taken}
    named = _named(forms.keys() - set(there.values()), forms, used)
    return Changes(
        added=tuple((name, role) for role, name in named.items()),
        gone=tuple(gone),
        there=tuple(there),
        otherwise=tuple(otherwise),
        displaced=tuple((forms[role][0], name) for role, name in named.items() if forms[role][0] in used),
    )


def settings_for(role: SsoRole, instance: SsoInstance, region: str) -> Mapping[str, str]:
    """Return what stands in the profile of a role."""
    if instance.session is not None:
        sign_in = {"sso_session": instance.session}
    else:
        sign_in = {"sso_start_url": instance.start_url, "sso_region": instance.region}
    mark, ours = MARK
    return {**sign_in, "sso_account_id": role.account_id, "sso_role_name": role.role, "region": region, mark: ours}


def _named(
    missing: Iterable[SsoRole], forms: Mapping[SsoRole, tuple[str, ...]], used: Collection[str]
) -> dict[SsoRole, str]:
    """Return a name for each missing role: the shortest that nobody else has or could claim as well.

    Of two accounts with one name neither gets it: which of them is meant must not depend on who came first.
    """
    counts = Counter(itertools.chain.from_iterable(map(set, forms.values())))
    taken = set(used)
    named = {}
    for role in sorted(missing):
        unclaimed = (form for form in forms[role] if counts[form] == 1)
        numbered = (f"{forms[role][-1]}-{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain(unclaimed, numbered) if name and name not in taken)
        taken.add(name)
        named[role] = name
    return named


def _role_of(section: Section, instance: SsoInstance) -> SsoRole | None:
    """Return the role of `instance` that a profile is for, None when it is for something else."""
    values = {key: value for key, (value, _) in section.settings.items()}
    if instance.session is not None:
        same = values.get("sso_session") == instance.session
    else:
        same = "sso_session" not in values and values.get("sso_start_url") == instance.start_url
    account_id, role = values.get("sso_account_id"), values.get("sso_role_name")
    return SsoRole(account_id, role) if same and account_id and role else None


def _is_ours(name: str, section: Section) -> bool:
    mark, ours = MARK
    return name != "default" and section.settings.get(mark, ("", 0))[0] == ours


def _safe(text: str, longest: int = _LONGEST_FIELD) -> str:
    return _UNSAFE.sub("-", text.lower())[:longest].strip("-.")
