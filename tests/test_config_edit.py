"""Adding a profile to the config file leaves everything else in it as it is."""

from __future__ import annotations

import stat
import string
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from botocore.configloader import load_config
from hypothesis import given
from hypothesis import strategies as st

from shellint.config_edit import append_profile, edit_config, with_sections
from shellint.config_file import profile_names, read_config
from shellint.errors import ConfigError, UsageError

MFA = "arn:aws:iam::123456789012:mfa/me"
EXISTING = "# mine\n[profile dev]   ; keep\n  region=eu-west-1 # why\n\n\ns3 =\n   a = b\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".aws" / "config"
    path.parent.mkdir(mode=0o700)
    path.write_text(EXISTING)
    path.chmod(0o640)
    return path


def botocore_profiles(path: Path) -> dict[str, dict[str, str]]:
    profiles: dict[str, dict[str, str]] = load_config(str(path))["profiles"]
    return profiles


def leftovers(path: Path) -> set[str]:
    return {entry.name for entry in path.parent.iterdir()} - {path.name, f".{path.name}.lock"}


def test_what_was_there_stays_byte_for_byte(file: Path) -> None:
    assert append_profile(file, "prod", {"region": "eu-west-1", "mfa_serial": MFA})
    assert file.read_text() == f"{EXISTING}\n[profile prod]\nregion = eu-west-1\nmfa_serial = {MFA}\n"
    assert botocore_profiles(file)["prod"] == {"region": "eu-west-1", "mfa_serial": MFA}
    assert leftovers(file) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"[default]\na = b\n"),
        (b"[profile x]", b"[profile x]\n\n[default]\na = b\n"),
        (b"[profile x]\r\nc = d\r\n", b"[profile x]\r\nc = d\r\n\r\n[default]\r\na = b\r\n"),
        (b"\xef\xbb\xbf# bom\n", b"\xef\xbb\xbf# bom\n\n[default]\na = b\n"),
    ],
)
def test_line_ends_are_those_of_the_file(file: Path, before: bytes, after: bytes) -> None:
    file.write_bytes(before)
    assert append_profile(file, "default", {"a": "b"})
    assert file.read_bytes() == after


@pytest.mark.parametrize("section", ["[profile dev]", "[profile 'dev']", "[profile   dev ] # x"])
def test_a_profile_that_is_there_is_left_alone(file: Path, section: str) -> None:
    file.write_text(f"{section}\n")
    assert not append_profile(file, "dev", {"region": "eu-west-1"})
    assert file.read_text() == f"{section}\n"


@pytest.mark.parametrize("section", ["[default]", "[profile default]"])
def test_default_is_there_under_either_header(file: Path, section: str) -> None:
    file.write_text(f"{section}\n")
    assert not append_profile(file, "default", {"region": "eu-west-1"})
    assert file.read_text() == f"{section}\n"


def test_the_mode_is_kept_and_the_file_replaced_in_one_step(file: Path) -> None:
    before = file.stat().st_ino
    append_profile(file, "prod", {})
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_ino != before


def test_a_missing_file_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / ".aws" / "config"
    assert append_profile(path, "prod", {"region": "eu-west-1"})
    assert path.read_text() == "[profile prod]\nregion = eu-west-1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "dotfiles" / "aws-config"
    target.parent.mkdir()
    if there:
        target.write_text("# mine\n")
    path = tmp_path / "config"
    path.symlink_to(Path("dotfiles") / "aws-config")
    assert append_profile(path, "prod", {})
    assert path.is_symlink()
    assert target.read_text() == ("# mine\n\n[profile prod]\n" if there else "[profile prod]\n")


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "a\nb", "a\n[profile x]", "a]b", "a\tb", "a\x1b[31m", "a\x00", "\u2028", "\udcff"]
)
def test_a_name_that_cannot_be_written_safely_is_refused(file: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        append_profile(file, name, {"region": "eu-west-1"})
    assert "\n" not in caught.value.what
    assert file.read_text() == EXISTING


@pytest.mark.parametrize("value", ["a\nb = c", "a # b", " a", "a\r", "a ;b", "\x7f"])
def test_a_value_that_would_not_read_back_is_refused(file: Path, value: str) -> None:
    with pytest.raises(UsageError, match="cannot be the region"):
        append_profile(file, "prod", {"region": value})
    assert file.read_text() == EXISTING


@pytest.mark.parametrize("name", ["my prod", "it's", 'a"b', "a\\b", "a#b", "a;b", "#a", "é", "a  b", "$(id)", "-a"])
def test_names_are_written_so_that_botocore_reads_them_back(file: Path, name: str) -> None:
    assert append_profile(file, name, {"region": "eu-west-1"})
    assert botocore_profiles(file)[name] == {"region": "eu-west-1"}
    assert profile_names(read_config(file)) == ["dev", name]
    assert not append_profile(file, name, {})


@given(st.text(string.printable + "é€\u00a0", max_size=10), st.text(string.printable, max_size=10))
def test_what_is_written_is_what_botocore_reads(name: str, value: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "config"
        try:
            append_profile(path, name, {"region": value})
        except UsageError:
            assert not path.exists()
            return
        assert botocore_profiles(path) == {name: {"region": value}}


def test_a_malformed_file_is_left_alone_and_its_line_named(file: Path) -> None:
    file.write_text("[profile x]\njunk\n")
    with pytest.raises(ConfigError, match="line 2"):
        append_profile(file, "prod", {})
    assert file.read_text() == "[profile x]\njunk\n"


def test_processes_that_add_at_the_same_time_lose_nothing(file: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from shellint.config_edit import append_profile\n"
        "for n in range(20): append_profile(Path(sys.argv[1]), f'{sys.argv[2]}{n}', {'region': 'eu-west-1'})"
    )
    writers = [subprocess.Popen([sys.executable, "-I", "-c", script, str(file), who]) for who in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    expected = {"dev"} | {f"{who}{n}" for who in "abc" for n in range(20)}
    assert set(profile_names(read_config(file))) == expected
    assert leftovers(file) == set()


def test_a_write_protected_file_is_one_line_and_stays(unprivileged: Path) -> None:
    file = unprivileged / "config"
    file.write_text(EXISTING)
    file.chmod(0o400)
    with pytest.raises(ConfigError, match=r"cannot write .*config: Permission denied"):
        append_profile(file, "prod", {})
    assert file.read_text() == EXISTING
    assert leftovers(file) == set()


@pytest.mark.parametrize("inside", [".aws/config", "config"])
def test_a_read_only_home_is_one_line(unprivileged: Path, inside: str) -> None:
    unprivileged.chmod(0o500)
    with pytest.raises(ConfigError, match=r"cannot write .*config: Permission denied"):
        append_profile(unprivileged / inside, "prod", {})


def test_a_directory_in_the_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        append_profile(tmp_path, "prod", {})


def test_what_another_program_writes_meanwhile_stays(file: Path) -> None:
    asked: list[bytes] = []

    def edit(before: bytes) -> bytes:
        asked.append(before)
        if len(asked) < 3:  # a program that knows nothing of our lock
            with file.open("a") as other:
                other.write(f"[profile other{len(asked)}]\n")
        return with_sections(before, ["[profile prod]\n"])

    assert edit_config(file, edit)
    assert profile_names(read_config(file)) == ["dev", "other1", "other2", "prod"]
    assert len(asked) == 3
    assert leftovers(file) == set()


def test_a_file_that_another_program_makes_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "config"

    def edit(before: bytes) -> bytes:
        if not before:
            file.write_text("[profile other]\n")
        return with_sections(before, ["[profile prod]\n"])

    assert edit_config(file, edit)
    assert profile_names(read_config(file)) == ["other", "prod"]


def test_a_file_that_never_comes_to_rest_is_left_to_its_writer(file: Path) -> None:
    def edit(before: bytes) -> bytes:
        file.write_bytes(before + b"# more\n")
        return with_sections(before, ["[profile prod]\n"])

    with pytest.raises(ConfigError, match="another program keeps writing"):
        edit_config(file, edit)
    assert file.read_text() == EXISTING + "# more\n" * 5
    assert leftovers(file) == set()
