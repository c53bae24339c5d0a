"""The copies that `import --scrub` makes: whichever run left one, the next names it and offers to delete it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from shellint.actions.scrubbing import scrub_files
from shellint.config_file import parse_credentials
from shellint.importers.aws_credentials import KeyFile
from shellint.importers.scrub import backups_of
from shellint.paths import sweep_temporary
from tests.importing import SECRET, Home, key_id
from tests.store_helpers import Person, forked

ONE = f"[a]\naws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\nregion = x\n"
REST = "[a]\nregion = x\n"


class Killed(Person):
    """A person at whose first question the process is killed."""

    def confirm(self, question: str, *, default: bool = False) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return default


def copies(home: Home) -> list[Path]:
    return [path for path, _ in backups_of(KeyFile(home.credentials, parse_credentials))]


def copy_beside(home: Home, suffix: str, text: str = ONE) -> Path:
    copy = home.credentials.with_name(f"credentials.{suffix}")
    copy.write_text(text)
    return copy


@pytest.fixture
def scrubbed(tmp_path: Path) -> Home:
    """A home whose import was killed when the file was scrubbed and nothing had been said of the copy."""
    home = Home(tmp_path / "home", credentials=ONE)
    home.import_keys()  # imports everything before the fork

    def run() -> None:
        home.import_keys(human=Killed(), scrub=True)

    assert forked(run) == -signal.SIGKILL
    assert home.credentials.read_text() == REST
    assert [copy.read_text() for copy in home.backups] == [ONE]
    return home


def test_what_a_killed_run_left_is_offered_by_the_next_though_no_key_is_in_the_file(scrubbed: Home) -> None:
    person = Person("y")
    reply = scrubbed.import_keys(human=person, scrub=True)
    assert person.asked == [f"Delete {scrubbed.credentials}.before-import, which still has the keys in plain text?"]
    assert (reply.notes, scrubbed.backups) == ((f"{scrubbed.credentials}.before-import is deleted",), [])


@pytest.mark.parametrize("yes", [True, False])
def test_where_no_person_answers_it_is_named_and_stays(scrubbed: Home, yes: bool) -> None:
    reply = scrubbed.import_keys(scrub=True, yes=yes)
    assert reply.notes == (
        f"{scrubbed.credentials}.before-import still has them in plain text: delete it when all is well",
    )
    assert len(scrubbed.backups) == 1


def test_a_gap_in_the_numbers_hides_none(scrubbed: Home) -> None:
    names = [copy_beside(scrubbed, f"before-import-{number}") for number in (10, 3)]
    scrubbed.backups[0].unlink()
    assert copies(scrubbed) == names[::-1]
    person = Person("y", "y")
    scrubbed.import_keys(human=person, scrub=True)
    assert (len(person.asked), copies(scrubbed)) == (2, [])


def test_every_copy_is_offered_beside_the_one_that_is_made_now(scrubbed: Home) -> None:
    scrubbed.credentials.write_text(ONE + "# more\n")
    person = Person("n", "y")
    scrubbed.import_keys(human=person, scrub=True)
    assert len(person.asked) == 2
    assert [copy.read_text() for copy in scrubbed.backups] == [ONE]


def test_the_copy_that_writing_a_profile_left_is_one_if_it_has_keys(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", credentials=ONE)
    copy = copy_beside(home, "before-shellint")
    home.import_keys(human=Person("y", "y"), scrub=True)
    assert not copy.exists()
    copy.write_text(REST)
    assert copies(home) == []
    home.import_keys(human=Person(), scrub=True)
    assert copy.exists()


def test_one_with_a_key_that_is_nowhere_else_is_named_and_not_offered(scrubbed: Home) -> None:
    copy = copy_beside(scrubbed, "before-import-2", ONE.replace(key_id(1), key_id(2)))
    reply = scrubbed.import_keys(human=Person("y"), scrub=True)
    assert reply.notes[-1] == f"{copy} has keys in plain text that are nowhere else: a"
    assert scrubbed.backups == [copy]


def test_one_with_a_key_that_stays_in_the_file_may_go(tmp_path: Path) -> None:
    other = f"[b]\naws_access_key_id = {key_id(2)}\naws_secret_access_key = {SECRET}\n"
    home = Home(tmp_path / "home", credentials=ONE + other)
    home.import_keys("a", human=Person("y"), scrub=True)
    assert (home.credentials.read_text(), home.backups) == (REST + other, [])


def test_one_that_makes_no_sense_is_named_and_what_is_no_file_of_ours_is_not(scrubbed: Home) -> None:
    scrubbed.backups[0].write_text("no sense")
    copy_beside(scrubbed, "before-import-x")
    scrubbed.credentials.with_name("credentials.before-import-4").symlink_to(copy_beside(scrubbed, "mine"))
    scrubbed.credentials.with_name("credentials.before-import-5").mkdir()
    assert copies(scrubbed) == [scrubbed.credentials.with_name("credentials.before-import")]


def test_one_that_cannot_be_deleted_is_a_failure_after_all_was_told(
    scrubbed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    reply = scrubbed.import_keys(human=Person("y"), scrub=True)
    assert reply.notes == (f"{scrubbed.credentials}.before-import still has keys in plain text",)
    assert reply.error is not None
    assert reply.error.what == f"cannot delete {scrubbed.credentials}.before-import: Operation not permitted"


@pytest.mark.parametrize("linked", [False, True])
def test_what_a_killed_run_was_writing_goes_wherever_it_was_though_no_key_is_in_the_file(
    tmp_path: Path, linked: bool
) -> None:
    home = Home(tmp_path / "home", credentials=REST)
    names = [".credentials.x1.tmp", ".credentials.before-import-2.x1.tmp"]
    stale = [home.credentials.with_name(name) for name in names]
    if linked:
        target = tmp_path / "dot[files]" / "my [keys]"
        target.parent.mkdir()
        home.credentials.rename(target)
        home.credentials.symlink_to(target)
        stale.append(target.with_name(".my [keys].x1.tmp"))
    kept = home.credentials.with_name(".other.x1.tmp")
    for path in (*stale, kept):
        path.write_text(ONE)
    home.import_keys(scrub=True)
    assert [path for path in (*stale, kept) if path.exists()] == [kept]


def test_secret_keys_that_stay_in_the_file_are_told_by_their_lines(tmp_path: Path) -> None:
    odd = f"#aws_secret_access_key = {SECRET}\n[b]\nAWS_Secret_Access_Key: mine\naws_secret_access_key =\n"
    home = Home(tmp_path / "home", credentials=ONE + odd)
    notes = home.import_keys(scrub=True, yes=True).notes
    assert f"{home.credentials} still has secret keys in plain text: lines 3, 5" in notes
    assert not any(SECRET in note for note in notes)


def test_many_lines_are_counted(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "credentials", parse_credentials)
    file.path.write_text("[a]\n" + f"# aws_secret_access_key = {SECRET}\n" * 10)
    told = list(scrub_files([(file, ())], Person(), lambda _: True, yes=False))
    assert told == [f"{file.path} still has secret keys in plain text: lines 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"]


def test_the_sweep_looks_beside_what_a_link_points_to_whatever_its_name(tmp_path: Path) -> None:
    target, link = tmp_path / "real [1]" / "keys [2]*", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(target)
    stale, other = target.with_name(".keys [2]*.x1.tmp"), target.with_name(".keys 2.x1.tmp")
    for path in (target, stale, other):
        path.touch()
    sweep_temporary(link)
    assert sorted(target.parent.iterdir()) == sorted([other, target])
