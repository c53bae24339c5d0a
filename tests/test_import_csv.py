"""`import --from csv`: the file of the IAM console, in the forms it has had."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellint.errors import ConfigError, ShellintError, UsageError
from shellint.importers.iam_csv import read_csv
from tests.importing import SECRET, key_id

TODAY = f"\ufeffAccess key ID,Secret access key\r\n{key_id(1)},{SECRET}\r\n".encode()
FORMER = (
    "User name,Password,Access key ID,Secret access key,Console login link\n"
    f"alice,,{key_id(1)},{SECRET},https://1.signin.aws.amazon.com/console\n"
    f'"bob, jr",,{key_id(2)},{SECRET},\n'
).encode()


def file_with(directory: Path, data: bytes, name: str = "alice_accessKeys.csv") -> Path:
    file = directory / name
    file.write_bytes(data)
    return file


def ids(path: Path, *name: str) -> dict[str, str]:
    haul = read_csv(path, *name)
    assert all(each.key.secret_access_key == SECRET for each in haul.keys)
    return {each.profile: each.key.access_key_id for each in haul.keys}


def test_the_file_of_today_is_called_as_told_or_else_after_the_user_in_its_name(tmp_path: Path) -> None:
    assert ids(file_with(tmp_path, TODAY), "work") == {"work": key_id(1)}
    assert ids(file_with(tmp_path, TODAY)) == {"alice": key_id(1)}
    assert ids(file_with(tmp_path, TODAY, "alice_accessKeys (2).csv")) == {"alice": key_id(1)}


def test_without_any_name_one_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not say whose key it has"):
        read_csv(file_with(tmp_path, TODAY, "rootkey.csv"))


def test_the_former_file_says_whose_keys_they_are(tmp_path: Path) -> None:
    assert ids(file_with(tmp_path, FORMER, "new_user_credentials.csv")) == {"alice": key_id(1), "bob, jr": key_id(2)}


def test_two_keys_cannot_have_one_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has 2 keys, which cannot all be called work"):
        read_csv(file_with(tmp_path, FORMER), "work")


def test_a_row_without_a_key_is_left_with_its_line(tmp_path: Path) -> None:
    haul = read_csv(file_with(tmp_path, FORMER + b"carol,pw,,,\n\n"))
    assert len(haul.keys) == 2
    assert "line 4: the key of 'carol' is left there" in haul.left[0]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00", b"AWSAccessKeyId=AKIA\r\nAWSSecretKey=x\r\n", b"a,b\n1,2\n", b'"' + b"x" * 200_000],
)
def test_any_other_file_is_refused_and_not_repeated(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ConfigError, match="is no CSV file of the IAM console") as caught:
        read_csv(file_with(tmp_path, data))
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShellintError, match="there is no file"):
        read_csv(tmp_path / "none.csv")


def test_a_console_password_is_left_and_told_without_being_shown(tmp_path: Path) -> None:
    data = FORMER.replace(b"alice,,", b"alice,hunter2,")
    haul = read_csv(file_with(tmp_path, data))
    assert len(haul.keys) == 2
    assert [line.partition("line ")[2] for line in haul.left] == ["2: the console password of 'alice' is left there"]
