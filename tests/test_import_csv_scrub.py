"""`import --from csv --scrub`: the file goes when its key is stored and the person agrees, else it is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.aws import KeyPair, StrictAws
from tests.command import vault
from tests.desk import BIN, PASSPHRASE, Desk
from tests.rig.environment import environment
from tests.rig.terminal import Terminal
from tests.secret_service import asked_by


@pytest.fixture
def key(aws: StrictAws) -> KeyPair:
    return aws.add_user(f"carol{len(aws.requests)}").add_key()


@pytest.fixture
def file(desk: Desk, key: KeyPair) -> Path:
    file = desk.home / "Downloads" / "carol_accessKeys.csv"
    file.parent.mkdir()
    return written(file, key)


def written(file: Path, key: KeyPair, password: str = "") -> Path:
    file.write_text(f"User name,Password,Access key ID,Secret access key\r\ncarol,{password},{','.join(key[:2])}\r\n")
    return file


def imported(desk: Desk, file: Path, *words: str) -> tuple[int, list[str]]:
    done = vault(desk, "import", "--from", "csv", str(file), "--scrub", *words)
    assert done.stdout == ""
    return done.returncode, [line.removeprefix("vault: ") for line in done.stderr.splitlines()]


@pytest.mark.parametrize(("answer", "there"), [("y", False), ("n", True)])
def test_a_person_decides(desk: Desk, aws: StrictAws, key: KeyPair, file: Path, answer: str, there: bool) -> None:
    env = environment(desk.home, **{**desk.env, "SHELLINT_FILE_PASSPHRASE": PASSPHRASE})
    words = [str(BIN / "vault"), "import", "--from", "csv", "Downloads/carol_accessKeys.csv", "--scrub"]
    with Terminal(words, env, cwd=desk.home) as terminal:
        terminal.see("which still has the keys in plain text?")
        terminal.send(f"{answer}\r")
        terminal.see("delete it when all is well" if there else "is deleted")
        assert terminal.wait_exit() == 0
    assert file.exists() is there
    assert asked_by(desk, aws, "carol") == key.access_key_id


def test_yes_agrees(desk: Desk, aws: StrictAws, key: KeyPair, file: Path) -> None:
    assert imported(desk, file, "--yes") == (0, ["1 key is stored: carol", f"{file} is deleted"])
    assert not file.exists()
    assert asked_by(desk, aws, "carol") == key.access_key_id


def test_a_script_is_told_which_option_agrees_and_the_next_run_goes_on(desk: Desk, file: Path) -> None:
    code, told = imported(desk, file)
    assert (code, told[:2]) == (4, ["1 key is stored: carol", f"{file} still has keys in plain text"])
    assert f"Delete {file}" in told[2]
    assert told[3].strip() == "--yes answers it"
    assert imported(desk, file, "--yes") == (0, ["1 key is there already: carol", f"{file} is deleted"])


def test_a_dry_run_deletes_nothing(desk: Desk, file: Path) -> None:
    done = vault(desk, "import", "--from", "csv", str(file), "--scrub", "--yes", "--dry-run")
    assert (done.returncode, done.stderr) == (
        0,
        f"vault: {file} still has it in plain text: delete the file, or let --scrub do it\n",
    )
    assert file.exists()


def test_it_stays_when_it_has_more_than_is_stored(desk: Desk, key: KeyPair, file: Path) -> None:
    written(file, key, "hunter2")
    code, told = imported(desk, file, "--yes")
    assert (code, told) == (
        0,
        [
            f"{file} line 2: the console password of 'carol' is left there",
            "1 key is stored: carol",
            f"{file} still has keys in plain text, and is not deleted: not all that it has is stored",
        ],
    )
    assert file.exists()


def test_it_stays_when_the_stored_key_is_kept(desk: Desk, aws: StrictAws, key: KeyPair, file: Path) -> None:
    desk.store_key("carol", aws.add_user("other").add_key())
    env = environment(desk.home, **{**desk.env, "SHELLINT_FILE_PASSPHRASE": PASSPHRASE})
    with Terminal(
        [str(BIN / "vault"), "import", "--from", "csv", str(file), "--scrub"], env, cwd=desk.home
    ) as terminal:
        terminal.see("Replace it by AKIA")
        terminal.send("n\r")
        terminal.see("is not deleted: not all that it has is stored")
        assert terminal.wait_exit() == 0
    assert file.exists()


@pytest.mark.parametrize("make", [os.link, os.symlink])
def test_a_file_that_would_stay_under_another_name_is_named_and_stays(desk: Desk, file: Path, make: object) -> None:
    assert callable(make)
    make(file, desk.home / "second.csv")
    code, told = imported(desk, desk.home / "second.csv", "--yes")
    assert code == 0
    assert "second.csv still has keys in plain text, and is not deleted: it is" in told[-1]
    assert file.exists()
    assert (desk.home / "second.csv").exists()


def test_when_the_key_cannot_be_stored_it_stays(desk: Desk, file: Path) -> None:
    store = next(desk.home.rglob("store.json"))
    former = store.read_bytes()
    done = vault(
        desk, "import", "--from", "csv", str(file), "--scrub", "--yes", SHELLINT_FILE_PASSPHRASE="not the right one"
    )
    assert done.returncode == 1
    assert f"vault: {file} is not deleted" in done.stderr.splitlines()
    assert (store.read_bytes(), file.exists()) == (former, True)
