"""`import` from ~/.aws: which keys it takes, under which names, and what it asks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shellint.credentials import LongTermKey
from shellint.errors import ConfigError, NeedsHuman
from tests.importing import SECRET, Home, key_id
from tests.store_helpers import Person

TWO = f"""[default]
aws_access_key_id = {key_id(1)}
aws_secret_access_key = {SECRET}

[my dev]
aws_access_key_id={key_id(2)}
aws_secret_access_key={SECRET}
region = eu-west-1
"""


def test_the_keys_of_both_files_are_stored_and_both_files_stay(tmp_path: Path) -> None:
    config = f"[profile ops]\naws_access_key_id = {key_id(3)}\naws_secret_access_key = {SECRET}\n"
    home = Home(tmp_path / "home", credentials=TWO, config=config)
    reply = home.import_keys()
    assert home.stored() == {"default": key_id(1), "my dev": key_id(2), "ops": key_id(3)}
    assert reply.notes == ("3 keys are stored: default, my dev, ops",)
    assert (home.credentials.read_text(), home.config.read_text(), home.backups) == (TWO, config, [])


def test_named_profiles_alone_are_stored(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=TWO)
    home.import_keys("my dev")
    assert home.stored() == {"my dev": key_id(2)}


def test_a_profile_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=TWO)
    with pytest.raises(ConfigError) as caught:
        home.import_keys("default", "mydev")
    assert (caught.value.what, caught.value.todo) == ("there is no key of 'mydev' to import", "did you mean my dev?")
    assert home.stored() == {}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (f"aws_access_key_id = ASIA{1:016d}\naws_secret_access_key = {SECRET}\naws_session_token = t", "temporary"),
        (f"aws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\naws_session_token = t", "temporary"),
        (f"aws_access_key_id = {key_id(1)}", "not a secret access key"),
        (f"aws_secret_access_key = {SECRET}", "not an access key id"),
        ("aws_access_key_id = minioadmin\naws_secret_access_key = minioadmin", "not an access key id"),
        (f"aws_access_key_id = WASABI{1:014d}\naws_secret_access_key = {SECRET}", "does not begin with AKIA"),
        (f"aws_access_key_id = {key_id(1)}\naws_secret_access_key = two words {SECRET}", "not a secret access key"),
    ],
)
def test_what_is_no_long_term_key_is_left_and_told_without_being_shown(tmp_path: Path, lines: str, why: str) -> None:
    before = f"[odd]\n{lines}\n{TWO}"
    home = Home(tmp_path / "home", credentials=before)
    reply = home.import_keys(scrub=True)
    assert home.stored() == {"default": key_id(1), "my dev": key_id(2)}
    assert why in reply.notes[0]
    assert f"{home.credentials} line" in reply.notes[0]
    assert not any(SECRET in note or key_id(1) in note for note in reply.notes)
    assert home.credentials.read_text().startswith(f"[odd]\n{lines}\n")
    with pytest.raises(ConfigError, match=why):
        home.import_keys("odd")


def test_of_two_keys_under_one_name_the_one_the_sdks_take_is_stored_and_the_other_is_left(tmp_path: Path) -> None:
    other = f"[default]\naws_access_key_id = {key_id(9)}\naws_secret_access_key = {SECRET}\n"
    home = Home(tmp_path / "home", credentials=TWO, config=other)
    reply = home.import_keys(scrub=True)
    assert home.stored()["default"] == key_id(1)
    assert f"{home.config} line 2: another key of default is left there" in reply.notes[0]
    assert home.config.read_text() == other
    assert SECRET not in home.credentials.read_text()


def test_the_same_key_in_both_files_is_taken_out_of_both(tmp_path: Path) -> None:
    same = f"[default]\naws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\n"
    home = Home(tmp_path / "home", credentials=same, config=same)
    home.import_keys(scrub=True)
    assert home.credentials.read_text() == home.config.read_text() == "[default]\n"
    assert len(home.backups) == 2


def test_a_key_that_is_there_already_is_said_and_not_asked_about(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=TWO)
    home.import_keys()
    before = home.store.path.read_bytes()
    assert home.import_keys().notes == ("2 keys are there already: default, my dev",)
    assert home.store.path.read_bytes() == before


@pytest.fixture
def contested(tmp_path: Path) -> Home:
    """A home with another key stored as `my dev`, and a session of it."""
    home = Home(tmp_path / "home", credentials=TWO)
    home.store.put("key", "my dev", LongTermKey(key_id(7), SECRET).to_bytes())
    return home


def test_another_key_under_the_name_is_asked_about_before_anything_is_stored(contested: Home) -> None:
    with pytest.raises(NeedsHuman) as caught:
        contested.import_keys(scrub=True)
    assert caught.value.todo == "--overwrite answers it"
    assert contested.stored() == {"my dev": key_id(7)}
    assert contested.credentials.read_text() == TWO


def test_a_person_who_declines_keeps_the_stored_key_and_the_line_in_the_file(contested: Home) -> None:
    person = Person("n", "n")
    contested.import_keys(human=person, scrub=True)
    assert "AKIA…0007. Replace it by AKIA…0002" in person.asked[0]
    assert contested.stored() == {"default": key_id(1), "my dev": key_id(7)}
    left = contested.credentials.read_text()
    assert key_id(2) in left
    assert key_id(1) not in left


@pytest.mark.parametrize(("overwrite", "yes"), [(True, False), (False, True)])
def test_it_is_replaced_without_a_question_when_told_so(contested: Home, overwrite: bool, yes: bool) -> None:
    contested.import_keys(overwrite=overwrite, yes=yes)
    assert contested.stored()["my dev"] == key_id(2)


def test_a_person_who_agrees_replaces_it(contested: Home) -> None:
    contested.import_keys(human=Person("y"))
    assert contested.stored()["my dev"] == key_id(2)


def test_a_dry_run_lists_what_it_would_do_and_does_nothing(contested: Home) -> None:
    before = contested.store.path.read_bytes()
    reply = contested.import_keys(scrub=True, dry_run=True)
    assert reply.out.splitlines() == [
        f"store default AKIA…0001 ({contested.credentials} line 2)",
        f"replace my dev AKIA…0002 ({contested.credentials} line 6)",
    ]
    assert (contested.store.path.read_bytes(), contested.credentials.read_text()) == (before, TWO)


def test_a_damaged_file_is_told_by_its_line_and_nothing_is_stored(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=TWO + "no sense\n")
    with pytest.raises(ConfigError, match="line 9: neither a section nor KEY = VALUE"):
        home.import_keys()
    assert home.stored() == {}


def test_two_hundred_keys_cost_little_more_than_one(tmp_path: Path) -> None:
    """Fifty in one write of the store: a put for each would take some hundred times as long as one."""
    sections = (
        f"[p{number}]\naws_access_key_id = {key_id(number)}\naws_secret_access_key = {SECRET}\n"
        for number in range(200)
    )
    many, one = Home(tmp_path / "many", credentials="".join(sections)), Home(tmp_path / "one", credentials=TWO)
    seconds = []
    for home in (one, many):
        start = time.perf_counter()
        home.import_keys()
        seconds.append(time.perf_counter() - start)
    assert len(many.stored()) == 200
    assert many.import_keys().notes[0].endswith("p6, p7 and 192 more")
    assert seconds[1] < 20 * seconds[0] + 1
