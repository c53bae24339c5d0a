"""`import --scrub` that is killed between any two system calls: every key is in the store, the file, or both."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from tests.importing import SECRET, Home, key_id
from tests.store_helpers import Person
from tests.test_store_writers import killed_at

THREE = "# mine\n" + "".join(
    f"[p{number}]\naws_access_key_id = {key_id(number)}\naws_secret_access_key = {SECRET}\nregion = x\n"
    for number in range(3)
)
SCRUBBED = "# mine\n" + "".join(f"[p{number}]\nregion = x\n" for number in range(3))
ALL = {f"p{number}": key_id(number) for number in range(3)}


def test_killed_anywhere_no_key_is_lost_and_the_next_run_finishes(tmp_path: Path) -> None:
    Home(tmp_path / "warm", credentials=THREE).import_keys(scrub=True)  # imports everything before the fork
    states = set()
    for point in itertools.count(1):
        home = Home(tmp_path / str(point), credentials=THREE)
        person = Person("y")

        def run(home: Home = home, person: Person = person) -> None:
            home.import_keys(human=person, scrub=True)

        killed = killed_at(point, run)
        text, stored = home.credentials.read_text(), home.stored()
        assert text in {THREE, SCRUBBED}
        assert stored in ({}, ALL)
        assert stored == ALL or text == THREE
        states.add((text == THREE, stored == ALL, bool(home.backups)))
        home.import_keys(human=Person("y"), scrub=True)
        assert (home.credentials.read_text(), home.stored()) == (SCRUBBED, ALL)
        leftover = {file.name for file in home.credentials.parent.iterdir()} - {"credentials", ".credentials.lock"}
        assert leftover <= {"credentials.before-import"} if killed else not leftover
        shutil.rmtree(home.directory)
        if not killed:
            break
    assert point > 60
    assert states >= {(True, False, False), (True, True, False), (True, True, True), (False, True, True)}
