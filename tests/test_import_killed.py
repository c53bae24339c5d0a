"""`import --scrub` of 200 keys, killed between any two system calls: every key is in the store, the file, or both.

And the next run finishes: all are stored, the file has every other byte, nothing is left over.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.importing import SECRET, Home, key_id
from tests.store_helpers import Person
from tests.test_store_writers import killed_at

NUMBERS = range(200)


def text(*, scrubbed: bool) -> bytes:
    """Return the file: sections of several styles, with comments, in two ways to end a line, and a mark before all."""
    sections = ["\ufeff# mine\r\n"]
    for number in NUMBERS:
        key = (f"  aws_access_key_id = {key_id(number)}\n", f"  aws_secret_access_key={SECRET}  \n")
        first, second = ("", "") if scrubbed else key
        lines = f"[p{number}]\n{first}  ; of {number}\n{second}  region = x\n\n"
        sections.append(lines.replace("\n", "\r\n" if number % 3 else "\n"))
    return "".join(sections).encode()


BEFORE, AFTER = text(scrubbed=False), text(scrubbed=True)
ALL = {f"p{number}": key_id(number) for number in NUMBERS}


def plain(directory: Path) -> Home:
    return Home(directory, credentials=BEFORE)


def linked(directory: Path) -> Home:
    """Return a home where the file is a link to one in a directory of its own."""
    home = Home(directory, credentials=BEFORE)
    target = directory / "dotfiles" / "aws"
    target.parent.mkdir()
    home.credentials.rename(target)
    home.credentials.symlink_to(target)
    return home


@pytest.mark.parametrize("made", [plain, linked])
def test_killed_anywhere_no_key_is_lost_and_the_next_run_finishes(tmp_path: Path, made: Callable[[Path], Home]) -> None:
    made(tmp_path / "warm").import_keys(scrub=True)  # imports everything before the fork
    states = set()
    for point in itertools.count(1):
        home = made(tmp_path / str(point))
        files = {path for path in home.directory.rglob("*") if not path.is_dir()}

        def run(home: Home = home) -> None:
            home.import_keys(human=Person("y"), scrub=True)

        killed = killed_at(point, run)
        found, stored = home.credentials.read_bytes(), home.stored()
        assert found in {BEFORE, AFTER}
        assert stored.items() <= ALL.items()
        assert len(stored) % 50 == 0
        assert stored == ALL or found == BEFORE
        states.add((found == BEFORE, len(stored), bool(home.backups)))
        person = Person("y")
        reply = home.import_keys(human=person, scrub=True)
        assert reply.error is None
        assert (home.credentials.read_bytes(), home.stored()) == (AFTER, ALL)
        left = {path for path in home.directory.rglob("*") if not path.is_dir()} - files
        assert {path.name.strip(".") for path in left} <= {
            *("aws.lock", "credentials.lock", "rotate.lock"),
            *("store.json", "store.lock"),
        }
        shutil.rmtree(home.directory)
        if not killed:
            break
    assert point > 100
    assert states >= {
        *((True, stored, False) for stored in (0, 50, 100, 150, 200)),
        (True, 200, True),
        (False, 200, True),
        (False, 200, False),
    }
