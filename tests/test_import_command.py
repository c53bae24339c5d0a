"""`vault import` as a person and a script meet it: real commands, real terminals, and AWS as the judge of the keys."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from shellint.actions.grant import caller_of
from shellint.actions.planning import plan_for, wish_for
from shellint.broker import Broker
from shellint.lease import Wish
from shellint.request import Request
from shellint.terminal import NoHuman
from tests.aws import KeyPair, StrictAws
from tests.command import vault
from tests.desk import BIN, PASSPHRASE, Desk
from tests.rig.environment import environment
from tests.rig.terminal import Terminal
from tests.secret_service import asked_by
from tests.test_import_aws_vault import REAL


def section(name: str, key: KeyPair) -> str:
    return f"[{name}]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret_access_key}\n"


def credentials_of(desk: Desk, text: str) -> Path:
    file = desk.config.with_name("credentials")
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_w19_two_hundred_profiles_are_usable_and_their_file_is_scrubbed(desk: Desk, aws: StrictAws) -> None:
    keys = {f"p{number}": aws.add_user(f"u{number}").add_key() for number in range(200)}
    line = "output = json\n\n# mine\n"
    file = credentials_of(desk, "".join(section(name, key) + line for name, key in keys.items()))
    before = file.read_text()
    done = vault(desk, "import", "--scrub", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert "vault: 200 keys are stored: p0, p1, p2, p3, p4, p5, p6, p7 and 192 more" in done.stderr
    assert file.read_text() == "".join(f"[{name}]\n{line}" for name in keys)
    assert file.with_name("credentials.before-import").read_text() == before
    request = Request(environment(desk.home, **desk.env), NoHuman(), time.time)
    for name, key in keys.items():
        Broker(caller_of(request)).obtain(plan_for(request, wish_for(request, Wish(name))), min_ttl=60)
        assert aws.requests[-1].access_key_id == key.access_key_id


def test_a_person_imports_one_key_and_agrees_to_everything(desk: Desk, aws: StrictAws) -> None:
    old, new = aws.add_user("old").add_key(), aws.add_user("new").add_key()
    desk.store_key("dev", old)
    file = credentials_of(desk, section("dev", new) + section("other", old))
    env = environment(desk.home, **{**desk.env, "SHELLINT_FILE_PASSPHRASE": PASSPHRASE})
    with Terminal([str(BIN / "vault"), "import", "dev", "--scrub"], env, cwd=desk.home) as terminal:
        terminal.see("Replace it by AKIA")
        terminal.send("y\r")
        terminal.see("still has the keys in plain text")
        terminal.send("y\r")
        assert terminal.wait_exit() == 0
        assert not terminal.showed(new.secret_access_key)
    assert file.read_text() == "[dev]\n" + section("other", old)
    assert sorted(each.name for each in file.parent.iterdir()) == [".credentials.lock", "config", "credentials"]
    assert asked_by(desk, aws, "dev") == new.access_key_id


def test_a_script_is_told_which_option_answers_and_nothing_has_happened(desk: Desk, aws: StrictAws) -> None:
    file = credentials_of(desk, section("base", aws.add_user("new").add_key()))
    before = file.read_text()
    refused = vault(desk, "import", "--scrub")
    assert refused.returncode == 4
    assert "Another key is stored for base" in refused.stderr
    assert "--overwrite answers it" in refused.stderr
    assert file.read_text() == before
    assert asked_by(desk, aws, "base") == desk.key.access_key_id


def test_what_is_still_in_plain_text_is_said(desk: Desk) -> None:
    credentials_of(desk, section("dev", desk.key))
    done = vault(desk, "import")
    assert done.returncode == 0
    assert "`vault import --scrub` takes them out" in done.stderr


def test_nothing_to_import_is_no_failure(desk: Desk) -> None:
    done = vault(desk, "import")
    assert (done.returncode, done.stderr) == (0, "vault: there is no long-term key to import\n")


def test_the_csv_file_of_the_console(desk: Desk, aws: StrictAws) -> None:
    key = aws.add_user("carol").add_key()
    file = desk.home / "carol_accessKeys.csv"
    file.write_text(f"\ufeffAccess key ID,Secret access key\r\n{key.access_key_id},{key.secret_access_key}\r\n")
    done = vault(desk, "import", "--from", "csv", str(file), "work")
    assert done.returncode == 0, done
    assert f"{file} still has it in plain text: delete the file" in done.stderr
    assert asked_by(desk, aws, "work") == key.access_key_id


def test_the_keyring_of_aws_vault(desk: Desk) -> None:
    shutil.copytree(REAL, desk.home / ".awsvault" / "keys")
    done = vault(desk, "import", "--from", "aws-vault", AWS_VAULT_FILE_PASSPHRASE="correct horse")
    assert done.returncode == 0, done
    assert done.stderr.splitlines() == [
        f"vault: {desk.home}/.awsvault/keys/other is left there: another passphrase opens it",
        "vault: 3 keys are stored: plain, team/prod, with space",
    ]
    assert vault(desk, "list", "--credentials").stdout.splitlines() == ["base", "plain", "team/prod", "with space"]


@pytest.mark.parametrize(
    "words", [("--from", "csv"), ("--from", "csv", "a", "b", "c"), ("--from", "aws-vault", "--scrub"), ("--from", "x")]
)
def test_wrong_words_are_wrong_usage(desk: Desk, words: tuple[str, ...]) -> None:
    assert vault(desk, "import", *words).returncode == 2


def test_a_script_keeps_the_copy_that_only_a_person_may_delete(desk: Desk) -> None:
    file = credentials_of(desk, section("dev", desk.key))
    done = vault(desk, "import", "--scrub")
    assert done.returncode == 0
    assert "delete it when all is well" in done.stderr
    assert file.with_name("credentials.before-import").exists()
