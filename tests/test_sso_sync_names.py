"""How the profiles of `sso sync` are called, whatever people have called their accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.config_edit import profile_section
from shellint.config_file import ConfigFile, parse_config
from shellint.errors import UsageError
from shellint.providers import SsoInstance
from shellint.sso.profiles import Changes, Naming, SsoRole, compare, settings_for
from tests.aws import StrictAws
from tests.command import vault
from tests.sso_desk import SsoDesk

CORP = SsoInstance("https://d-1234567890.awsapps.com/start", "eu-west-1", "corp")
PATH = Path("config")
ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"
HOSTILE = {
    "newline": "prod\n[profile default]\ncredential_process = touch /tmp/x\n#",
    "header": "[profile x]",
    "bracket": "prod]",
    "substitution": "$(touch pwned)`id`${IFS}",
    "quotes": "'; rm -rf ~; \"",
    "long": "a" * 200,
    "rtl": "\u202egnitset\u202c",
    "emoji": "\U0001f525\U0001f525",
    "escape": "\x1b]0;pwned\x07\x1b[2J",
    "nul": "prod\0dev",
    "path": "../../etc/passwd",
    "option": "--debug",
    "percent": "%1v%n%(id)",
    "blank": "   ",
    "empty": "",
    "comment": "prod # x ; y",
}


def config(*sections: str) -> ConfigFile:
    return parse_config("\n".join(sections).encode(), PATH)


def added(changes: Changes) -> dict[str, tuple[str, str]]:
    return {name: (role.account_id, role.role) for name, role in changes.added}


def names(
    roles: Iterable[SsoRole], *sections: str, naming: Naming | None = None, taken: Iterable[str] = ()
) -> list[str]:
    changes = compare(config(*sections), CORP, roles, naming or Naming(), taken=tuple(taken))
    return [name for name, _ in changes.added]


def section_of(name: str, role: SsoRole) -> str:
    return profile_section(PATH, name, settings_for(role, CORP, "eu-west-1"))


@pytest.mark.parametrize(
    ("account", "role", "name"),
    [
        ("Main", "AdministratorAccess", "main-administratoraccess"),
        ("My (Prod) Account", "Read_Only.v2", "my-prod-account-read_only.v2"),
        ("", "Admin", f"{ONE}-admin"),
        ("日本", "Admin", f"{ONE}-admin"),
        ("Acme, Inc.", "a+b=c@d", "acme-inc-a-b-c-d"),
        ("-", "+", ONE),
    ],
)
def test_names_are_lower_case_and_plain(account: str, role: str, name: str) -> None:
    assert names([SsoRole(ONE, role, account)])[0].removesuffix("-") == name


def test_two_accounts_of_one_name_both_get_their_number() -> None:
    roles = [SsoRole(ONE, "Admin", "Prod"), SsoRole(TWO, "Admin", "prod"), SsoRole(THREE, "Admin", "Dev")]
    assert names(roles) == [f"prod-admin-{ONE}", f"prod-admin-{TWO}", "dev-admin"]
    assert names(reversed(roles)) == names(roles), "whatever the order in which AWS tells them"


def test_a_later_account_of_the_same_name_does_not_take_the_name_of_the_first() -> None:
    first, second = SsoRole(ONE, "Admin", "Prod"), SsoRole(TWO, "Admin", "Prod")
    changes = compare(config(section_of("prod-admin", first)), CORP, [second, first], Naming())
    assert added(changes) == {f"prod-admin-{TWO}": (TWO, "Admin")}
    assert changes.there == ("prod-admin",)


def test_an_account_called_like_the_long_form_of_another_gets_neither_name() -> None:
    roles = [SsoRole(ONE, "Admin", "Prod"), SsoRole(TWO, "Admin", "Prod"), SsoRole(THREE, ONE, "Prod-Admin")]
    assert names(roles) == [f"prod-admin-{ONE}-admin", f"prod-admin-{TWO}", f"prod-admin-{ONE}-{THREE}"]


def test_roles_that_are_the_same_once_cleaned_are_told_apart_by_a_number() -> None:
    roles = [SsoRole(ONE, "a+b", "Prod"), SsoRole(ONE, "a=b", "Prod")]
    assert names(roles) == [f"prod-a-b-{ONE}-a-b-2", f"prod-a-b-{ONE}-a-b-3"]


@pytest.mark.parametrize("name", ["default", "main-admin"])
def test_a_name_that_is_taken_is_left_to_whoever_has_it(name: str) -> None:
    """[default] lends to every profile, a stored key or a section of the credentials file would win over the role."""
    role = SsoRole(ONE, "Admin", "Main")
    naming = Naming(name)
    changes = compare(config(), CORP, [role], naming, taken=["main-admin"])
    assert added(changes) == {f"{name}-{ONE}": (ONE, "Admin")}
    assert changes.displaced == ((name, f"{name}-{ONE}"),)


def test_a_profile_written_by_hand_under_the_name_for_the_same_role_will_do() -> None:
    by_hand = f"[profile main-admin]\nsso_session = corp\nsso_account_id = {ONE}\nsso_role_name = Admin\n"
    changes = compare(config(by_hand), CORP, [SsoRole(ONE, "Admin", "Main")], Naming())
    assert (changes.added, changes.there) == ((), ("main-admin",))
    changes = compare(config(by_hand), CORP, [], Naming())
    assert changes.gone == (), "and is never ours to take out"


def test_a_profile_of_ours_may_be_renamed_moved_and_edited() -> None:
    role = SsoRole(ONE, "Admin", "Main")
    mine = section_of("prod", role).replace("region = eu-west-1", "region = us-east-1\n# mine\noutput = json")
    assert names([role], "[profile other]\nregion = x\n", mine) == []


def test_what_another_sign_in_has_written_is_none_of_this_ones_business() -> None:
    theirs = section_of("main-admin", SsoRole(ONE, "Admin")).replace("= corp", "= lab")
    changes = compare(config(theirs), CORP, [SsoRole(TWO, "Admin", "Main")], Naming())
    assert (changes.gone, changes.there) == ((), ())
    assert added(changes) == {f"main-admin-{TWO}": (TWO, "Admin")}


def test_what_could_not_be_looked_into_is_not_gone() -> None:
    ours = [section_of("a", SsoRole(ONE, "Admin")), section_of("b", SsoRole(TWO, "Admin"))]
    changes = compare(config(*ours), CORP, [], Naming(), unread=[ONE])
    assert [name for name, _ in changes.gone] == ["b"]


def test_a_template_without_anything_that_differs_still_gives_each_role_a_name() -> None:
    roles = [SsoRole(ONE, "Admin", "Main"), SsoRole(ONE, "ReadOnly", "Main"), SsoRole(TWO, "Admin", "Other")]
    assert names(roles, naming=Naming("aws")) == [f"aws-{ONE}-admin", f"aws-{ONE}-readonly", f"aws-{TWO}"]


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(UsageError, match="braces around what is no field"):
        Naming("{account!r}")


texts = st.one_of(st.sampled_from(list(HOSTILE.values())), st.text(max_size=30))
role_names = st.text(st.sampled_from("Aa1+=,.@_-"), min_size=1, max_size=8)
roles_of_any_name = st.builds(SsoRole, st.sampled_from([ONE, TWO, THREE]), role_names, texts, texts)
all_roles = st.lists(roles_of_any_name, max_size=8, unique_by=lambda role: (role.account_id, role.role))
templates = st.sampled_from(
    ["{account}-{role}", "{account}", "{email}", "{role}.{account_id}", "x", "", "$(id) {role}"]
)


@given(all_roles, templates, texts)
def test_any_names_give_plain_different_profiles_and_a_second_run_finds_them_all(
    roles: list[SsoRole], template: str, prefix: str
) -> None:
    naming = Naming(template, prefix)
    changes = compare(config(), CORP, roles, naming)
    given_names = [name for name, _ in changes.added]
    assert len(set(given_names)) == len(given_names) == len(set(roles))
    assert all(re.fullmatch(r"[a-z0-9_][a-z0-9._-]*", name, re.ASCII) for name in given_names)
    text = "\n".join(section_of(name, role) for name, role in changes.added)
    again = compare(config(text), CORP, reversed(roles), naming)
    assert (again.added, again.gone, again.otherwise) == ((), (), ())
    assert set(again.there) == set(given_names)


def test_hostile_names_through_the_whole_command(home: Path) -> None:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        for number, name in enumerate(HOSTILE.values()):
            desk.center.add_account(f"{number:012}", name, f"{name}@example.com").add_role("Admin")
        for name in ("x\n[profile evil]\nregion = y", "a b", "$(id)", "r" * 65, "Ünï"):
            desk.main.add_role(name)
        desk.sign_in()
        before = desk.config.read_text()
        done = vault(desk, "sso", "sync", "--yes")
        assert done.returncode == 0
        assert all(line.isprintable() for line in done.stderr.splitlines())
        assert done.stderr.count("which no profile can name: it is left out") == 5
        profiles = desk.profiles()
        assert len(profiles) == len(HOSTILE) + 2
        assert "evil" not in profiles
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name, re.ASCII) for name in profiles)
        text = desk.config.read_text()
        assert text.startswith(before)
        assert re.fullmatch(r"(\n\[profile \S+\]\n(\w+ = [\w.@ -]+\n){5})+", text.removeprefix(before), re.ASCII)
        shown = vault(desk, "sso", "sync", "--dry-run", "--prefix", "again-")
        assert (shown.returncode, shown.stdout) == (0, "")
        assert desk.config.read_text() == text
