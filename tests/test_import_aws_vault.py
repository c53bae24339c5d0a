"""`import --from aws-vault`, its `file` keyring: what aws-vault 7.2.0 wrote, in `aws_vault_keys`, and damaged forms.

Three keys and a session are sealed with one passphrase; `other` has another one.
"""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest

from shellint.errors import ConfigError, NeedsHuman, StoreLocked
from shellint.importers.aws_vault import read_aws_vault
from shellint.importers.aws_vault_file import key_names, keyring_directory, read_directory
from shellint.importers.aws_vault_item import is_key
from shellint.importers.haul import Haul
from shellint.importers.jwe import WrongPassphraseError, open_jwe, read_jwe
from shellint.terminal import NoHuman
from tests.importing import SECRET
from tests.store_helpers import Person

REAL = Path(__file__).with_name("aws_vault_keys")
PASSPHRASE, OTHER = "correct horse", "other words"
KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The directory, without the item that has another passphrase."""
    return shutil.copytree(REAL, tmp_path / "keys", ignore=shutil.ignore_patterns("other"))


def ids(haul: Haul) -> dict[str, str]:
    assert all(each.key.secret_access_key == SECRET for each in haul.keys)
    return {each.profile: each.key.access_key_id for each in haul.keys}


def test_the_keys_are_read_under_their_names_and_sessions_are_not(keys: Path) -> None:
    haul = read_directory(keys, {"AWS_VAULT_FILE_PASSPHRASE": PASSPHRASE}, NoHuman())
    assert ids(haul) == dict.fromkeys(("plain", "team/prod", "with space"), KEY)
    assert haul.left == ()


def test_a_person_has_three_tries(keys: Path) -> None:
    person = Person("wrong", "too", PASSPHRASE)
    assert len(read_directory(keys, {}, person).keys) == 3
    assert person.asked == [f"Passphrase of aws-vault's {keys}"] * 3
    with pytest.raises(StoreLocked, match="does not open what aws-vault keeps"):
        read_directory(keys, {}, Person("a", "b", "c", PASSPHRASE))


def test_a_variable_has_one_try_and_asks_nobody(keys: Path) -> None:
    with pytest.raises(StoreLocked):
        read_directory(keys, {"AWS_VAULT_FILE_PASSPHRASE": "wrong"}, Person())
    with pytest.raises(NeedsHuman):
        read_directory(keys, {}, NoHuman())


def test_what_another_passphrase_opens_is_left_and_told(keys: Path) -> None:
    shutil.copy(REAL / "other", keys)
    haul = read_directory(keys, {"AWS_VAULT_FILE_PASSPHRASE": PASSPHRASE}, NoHuman())
    assert haul.left == (f"{keys / 'other'} is left there: another passphrase opens it",)
    haul = read_directory(keys, {"AWS_VAULT_FILE_PASSPHRASE": OTHER}, NoHuman())
    assert ids(haul) == {"other": "AKIAIOSFODNN7OTHERS"}
    assert len(haul.left) == 3


def test_names_need_no_passphrase(keys: Path) -> None:
    assert key_names(keys) == ["plain", "team/prod", "with space"]
    assert key_names(keys / "none") == []


@pytest.mark.parametrize(
    "name",
    [
        "sts.GetSessionToken,cGxhaW4,,1795600000",
        "session,plain,arn,1600000000",
        "session:plain:arn:1600000000",
        "plain session (1600000000)",
        "oidc:https://d.awsapps.com/start",
    ],
)
def test_sessions_of_every_version_are_no_keys(name: str) -> None:
    assert not is_key(name)


@pytest.mark.parametrize("name", ["plain", "a,b", "team/prod", "session", "x session", "my,own,profile"])
def test_a_profile_of_any_name_is_a_key(name: str) -> None:
    assert is_key(name)


def changed(part: int, old: bytes = b"", new: bytes = b"") -> bytes:
    parts = (REAL / "plain").read_bytes().split(b".")
    parts[part] = parts[part].replace(old, new) if old else parts[part][:-4] + b"AAAA"
    return b".".join(parts)


def with_header(**values: object) -> bytes:
    protected, *rest = (REAL / "plain").read_bytes().split(b".")
    header = json.loads(base64.urlsafe_b64decode(protected + b"=="))
    return b".".join([base64.urlsafe_b64encode(json.dumps(header | values).encode()).rstrip(b"="), *rest])


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (b"", "compact"),
        (b"a.b.c.d.e", "."),
        (changed(3), "changed"),
        (changed(4), "changed"),
        (with_header(x=1), "changed"),
        (with_header(alg="dir"), "another way"),
        (with_header(zip="DEF"), "another way"),
        (with_header(p2c=10**9), "numbers"),
        (with_header(p2c="8192"), "numbers"),
    ],
)
def test_what_was_changed_is_refused_at_once(token: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        open_jwe(read_jwe(token), PASSPHRASE.encode())
    assert not isinstance(caught.value, WrongPassphraseError)


def test_a_damaged_item_does_not_take_the_others_with_it(keys: Path) -> None:
    (keys / "plain").write_bytes(changed(3))
    haul = read_directory(keys, {"AWS_VAULT_FILE_PASSPHRASE": PASSPHRASE}, NoHuman())
    assert list(ids(haul)) == ["team/prod", "with space"]
    assert haul.left == (f"{keys / 'plain'} is left there: it was changed",)


def test_the_directory_is_where_aws_vault_has_it() -> None:
    assert keyring_directory({"HOME": "/h"}) == Path("/h/.awsvault/keys")
    assert keyring_directory({"HOME": "/h", "AWS_VAULT_FILE_DIR": "~/k"}) == Path("/h/k")
    assert keyring_directory({"HOME": "/h", "AWS_VAULT_FILE_DIR": "/k"}) == Path("/k")


def test_a_keyring_that_cannot_be_read_is_told_with_the_way_around() -> None:
    for env in ({"AWS_VAULT_BACKEND": "pass"}, {}):
        with pytest.raises(ConfigError) as caught:
            read_aws_vault({"HOME": "/nowhere"} | env, NoHuman())
        assert "aws-vault exec PROFILE --no-session -- vault add PROFILE --env" in caught.value.todo


JUNK = {
    "empty": b"",
    "~note.txt": b"words",
    "dots": b"a.b.c.d.e",
    "deep": base64.urlsafe_b64encode(b"[" * 100_000) + b".a.b.c.d",
    "bytes": b"\xff.\xff.\xff.\xff.\xff",
    "unsealed": with_header(alg="dir"),
}


@pytest.fixture
def littered(keys: Path) -> Path:
    """The directory, with files in it that are no items."""
    for name, data in JUNK.items():
        (keys / name).write_bytes(data)
    return keys


def test_files_that_are_no_items_do_not_make_a_wrong_passphrase_right(littered: Path) -> None:
    with pytest.raises(StoreLocked, match="does not open what aws-vault keeps"):
        read_directory(littered, {"AWS_VAULT_FILE_PASSPHRASE": "wrong"}, NoHuman())
    person = Person("wrong", PASSPHRASE)
    haul = read_directory(littered, {}, person)
    assert (len(haul.keys), person.said) == (3, ["wrong passphrase, once more"])
    assert [
        line.removeprefix(f"{littered}/").partition(" is left there: it is none of aws-vault's: ")[::2]
        for line in haul.left
    ] == [
        (name, "sealed in another way" if name == "unsealed" else "not a JWE in compact form") for name in sorted(JUNK)
    ]


def test_where_there_is_no_item_no_passphrase_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("words")
    assert len(read_directory(tmp_path, {}, NoHuman()).left) == 1
    assert key_names(tmp_path) == []


def test_a_file_that_is_too_large_does_not_take_the_others_with_it(keys: Path) -> None:
    with (keys / "large").open("wb") as file:
        file.truncate(2**25)
    haul = read_directory(keys, {"AWS_VAULT_FILE_PASSPHRASE": PASSPHRASE}, NoHuman())
    assert len(haul.keys) == 3
    assert haul.left == (f"{keys / 'large'} is left there: cannot read {keys / 'large'}: it has more than 16 MB",)


def test_the_right_passphrase_of_the_only_item_is_right_though_the_item_was_changed(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(changed(3))
    haul = read_directory(tmp_path, {}, Person(PASSPHRASE))
    assert haul.left == (f"{tmp_path / 'plain'} is left there: it was changed",)
