"""A question where nobody is: one line that says what it was, and one that names what answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import PASSPHRASE, Desk
from tests.rig.environment import fresh_home

GIVES_PASSPHRASE = (
    "run it in a terminal, or give it: SHELLINT_FILE_PASSPHRASE_FILE, SHELLINT_FILE_PASSPHRASE or --passphrase-fd N"
)
GIVEN = {"SHELLINT_FILE_PASSPHRASE": PASSPHRASE}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path / "home"))
        del desk.env["SHELLINT_FILE_PASSPHRASE"]
        yield desk


@pytest.mark.parametrize(
    ("words", "env", "todo"),
    [
        ("exec base -- true", {}, GIVES_PASSPHRASE),
        ("store add-passphrase", {}, GIVES_PASSPHRASE),
        ("store add-passphrase", GIVEN, "run it in a terminal: where a passphrase opens the store, a new one is typed"),
        ("remove base", GIVEN, "--yes answers it"),
        ("add new", GIVEN, "run it in a terminal, or let --env or --stdin give the key"),
        ("setup bash", {}, "--yes answers it"),
        ("use", GIVEN | {"SHELLINT_SHELL": "bash", "SHELLINT_PID": "1"}, "name it: vault use PROFILE"),
    ],
)
@pytest.mark.parametrize("no_input", [False, True])
def test_the_second_line_names_the_answer(
    words: str, env: Mapping[str, str], todo: str, no_input: bool, desk: Desk
) -> None:
    done = vault(desk, *words.split(), **env, **({"SHELLINT_NO_INPUT": "1"} if no_input else {}))
    *_, what, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout, last.strip()) == (4, "", todo)
    why = "input was ruled out by --no-input or SHELLINT_NO_INPUT" if no_input else "there is no terminal"
    assert what.startswith(f"vault: a person has to answer and {why}: ")
