"""`import --scrub`: the lines of what is stored, and no others, leave the file, and a copy stays until it may go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.config_file import parse_credentials
from shellint.credentials import LongTermKey
from shellint.errors import ConfigError
from shellint.importers.aws_credentials import KeyFile, without_keys
from shellint.importers.haul import Found
from shellint.origin import Origin
from tests.importing import SECRET, Home, key_id
from tests.store_helpers import Person

FILE = KeyFile(Path("/nowhere/credentials"), parse_credentials)


def found(profile: str, number: int) -> Found:
    return Found(profile, LongTermKey(key_id(number), SECRET), Origin(str(FILE.path), 1))


STRANGE = (
    f"\ufeff# mine \u00e9\r\n[default]\r\n  AWS_Access_Key_Id:{key_id(1)}\r\n"
    f"  ; between\r\n  aws_secret_access_key =   {SECRET}   \r\n  region = x\r\n\r\n\r\n"
    f"[other]\naws_secret_access_key={SECRET}\n#aws_access_key_id = {key_id(5)}\naws_access_key_id={key_id(2)} ; c\n"
    f"s3 =\n  max = 1\n[kept]\naws_access_key_id = {key_id(3)}\naws_secret_access_key = {SECRET}"
).encode()


def test_the_lines_of_imported_keys_go_and_every_other_byte_stays() -> None:
    lines = STRANGE.splitlines(keepends=True)
    assert without_keys(STRANGE, FILE, [found("default", 1), found("other", 2)]) == b"".join(
        line for number, line in enumerate(lines, 1) if number not in {3, 5, 10, 12}
    )


def test_a_key_that_was_changed_meanwhile_or_is_gone_is_passed_over() -> None:
    assert without_keys(STRANGE, FILE, [found("default", 8), found("gone", 1)]) == STRANGE


@pytest.mark.parametrize(
    "text",
    [
        f"[a]\naws_access_key_id = {key_id(7)}\naws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\n",
        f"[a]\naws_secret_access_key = {SECRET}\n[a]\naws_access_key_id = {key_id(1)}\n"
        f"aws_secret_access_key = {SECRET}\n",
    ],
)
def test_where_another_key_would_come_to_light_nothing_is_taken_out(text: str) -> None:
    with pytest.raises(ConfigError, match="more than one of a"):
        without_keys(text.encode(), FILE, [found("a", 1)])


def test_a_secret_that_goes_on_in_the_next_line_is_another_one_and_stays() -> None:
    text = f"[a]\naws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\n  more\n".encode()
    assert without_keys(text, FILE, [found("a", 1)]) == text


LINES = st.sampled_from(
    [
        "[a]",
        "[b]",
        "",
        "# x",
        f"aws_access_key_id = {key_id(1)}",
        f" aws_access_key_id = {key_id(1)}",
        f"aws_secret_access_key = {SECRET}",
        f"  aws_secret_access_key = {SECRET}",
        "region = r",
        "  more",
        "s3 =",
        "  size = 1",
    ]
)


@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n", "\r"]))
def test_whatever_the_file_it_says_the_same_as_before_but_for_the_keys(lines: list[str], newline: str) -> None:
    data = newline.join(["[first]", *lines]).encode()
    try:
        before = parse_credentials(data, FILE.path)
        after = parse_credentials(without_keys(data, FILE, [found("a", 1)]), FILE.path)
    except ConfigError:
        return
    for name, section in before.profiles.items():
        now = {key: value for key, (value, _) in after.profiles[name].settings.items()}
        was = {key: value for key, (value, _) in section.settings.items()}
        whole = (was.get("aws_access_key_id"), was.get("aws_secret_access_key")) == (key_id(1), SECRET)
        if name == "a" and whole:
            del was["aws_access_key_id"], was["aws_secret_access_key"]
        assert now == was


ONE = f"[a]\naws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\nregion = x\n"


def test_the_file_keeps_its_mode_and_the_copy_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    home.credentials.chmod(0o644)
    reply = home.import_keys(scrub=True, yes=True)
    assert home.credentials.read_text() == "[a]\nregion = x\n"
    assert home.credentials.stat().st_mode & 0o777 == 0o644
    (backup,) = home.backups
    assert (backup.read_text(), backup.stat().st_mode & 0o777) == (ONE, 0o600)
    assert reply.notes[-1] == f"{backup} still has them in plain text: delete it when all is well"


@pytest.mark.parametrize(("answer", "there"), [("y", False), ("n", True)])
def test_a_person_decides_whether_the_copy_goes(tmp_path: Path, answer: str, there: bool) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    person = Person(answer)
    home.import_keys(human=person, scrub=True)
    assert person.asked == [f"Delete {home.credentials}.before-import, which still has the keys in plain text?"]
    assert bool(home.backups) is there


def test_an_older_copy_is_never_overwritten(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    home.import_keys(scrub=True)
    second = ONE.replace(key_id(1), key_id(2)).replace("[a]", "[b]")
    home.credentials.write_text(second)
    home.import_keys(scrub=True)
    assert [backup.read_text() for backup in home.backups] == [ONE, second]


def test_a_link_stays_a_link_and_its_target_is_scrubbed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    target = tmp_path / "dotfiles"
    home.credentials.rename(target)
    home.credentials.symlink_to(target)
    home.import_keys(scrub=True)
    assert home.credentials.is_symlink()
    assert target.read_text() == "[a]\nregion = x\n"


def test_a_file_with_a_second_name_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    os.link(home.credentials, tmp_path / "second")
    with pytest.raises(ConfigError, match="is one file under several names"):
        home.import_keys(scrub=True)
    assert home.stored() == {}
    assert home.credentials.read_text() == ONE


def test_a_scrub_after_an_import_takes_out_what_is_stored_already(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    home.import_keys()
    home.import_keys(scrub=True)
    assert home.credentials.read_text() == "[a]\nregion = x\n"
