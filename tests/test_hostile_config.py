"""A config that means harm: one clear line, nothing of it reaches the terminal raw, and nothing of it runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from shellint.config_file import credentials_sections, parse_config, read_config
from shellint.errors import ConfigError
from shellint.layers import SETTINGS
from tests.command import vault
from tests.desk import Desk
from tests.explaining import clear, explain, furnish, told
from tests.hostile import NAMES
from tests.planning import PATH, arn

MEGABYTE = 2**20


# Files that are none


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def vast(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(16 * MEGABYTE + 1)


NO_FILES: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (pipe, "it is not a file"),
    "directory": (Path.mkdir, "it is a directory"),
    "endless": (lambda path: path.symlink_to("/dev/zero"), "it is not a file"),
    "socket": (listening, "No such device or address"),
    "link to itself": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "vast": (vast, "it has more than 16 MB"),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("words", ["explain base", "exec base true", "list", "add new --stdin"])
def test_what_is_no_config_file_is_one_line_at_once(desk: Desk, kind: str, words: str) -> None:
    make, why = NO_FILES[kind]
    desk.config.unlink()
    make(desk.config)
    key = '{"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "SecretAccessKey": "ssssssssssssssssssssssssssssssssssssssss"}'
    result = vault(desk, *words.split(), stdin=key)
    told = [line for line in result.stderr.splitlines() if "cannot" in line]
    assert len(told) == 1
    assert f"{desk.config}: {why if 'add' not in words else ''}" in told[0]
    assert result.stdout == ""
    if "add" not in words:  # the key is stored all the same
        assert (result.returncode, len(result.stderr.splitlines())) == (1, 2)


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_credentials_file_has_no_profiles(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    NO_FILES[kind][0](tmp_path / "credentials")
    assert credentials_sections(tmp_path / "credentials") == []


def test_a_config_that_may_not_be_read_is_one_line(unprivileged: Path) -> None:
    file = unprivileged / "config"
    file.write_text("[profile a]\n")
    file.chmod(0)
    with pytest.raises(ConfigError, match=f"cannot read {file}: Permission denied"):
        read_config(file)


def test_the_null_device_is_an_empty_config() -> None:
    assert read_config(Path(os.devnull)).profiles == {}


@pytest.mark.parametrize(
    ("data", "line"), [(b"[profile a]\nregion = \0x\n", 2), ("[profile a]".encode("utf-16-le"), 1)]
)
def test_a_nul_is_told_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(ConfigError, match=f"^{PATH} line {line}: a NUL"):
        parse_config(data, PATH)


def test_windows_line_ends_change_nothing(home: Path) -> None:
    text = f"[profile prod]\nrole_arn = {arn('prod')}\nsource_profile = base\n[profile base]\nregion = eu-west-1\n"
    furnish(home, text, "base")
    plain = explain(home, "prod")
    furnish(home, text.replace("\n", "\r\n"))
    assert explain(home, "prod") == plain
    assert plain.error is None


# Names and values


IN_A_FILE = [name for name in NAMES if name != "invalid-utf-8"]


@pytest.mark.parametrize("name", IN_A_FILE)
def test_a_name_is_shown_without_what_steers_a_terminal_and_its_words_are_not_run(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    profile = NAMES[name]
    furnish(home, f"[profile {profile}]\nrole_arn = {arn('x')}\nsource_profile = no {profile}\n")
    names = list(read_config(home / ".aws" / "config").profiles)
    page, error = told(home, "--", *names)
    assert "source_profile" in page
    assert error
    assert not (home / "hit").exists()


@pytest.mark.parametrize("name", ["substitution", "escape", "right-to-left", "emoji", "quotes", "control"])
def test_a_hostile_name_through_the_real_command(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.home)
    desk.config.write_text(f"[profile {NAMES[name]}]\nrole_arn = $(touch hit)\nsource_profile = base\n")
    (profile,) = read_config(desk.config).profiles
    for words in (("explain", "--", profile), ("exec", profile, "--", "true")):
        result = vault(desk, *words)
        assert result.returncode == 1
        assert len(result.stderr.splitlines()) == 2
        assert all(line.isprintable() for line in (result.stdout + result.stderr).splitlines())
        assert "role_arn must be the ARN of a role" in result.stderr
    assert not (desk.home / "hit").exists()


@pytest.mark.parametrize("key", SETTINGS)
def test_a_megabyte_in_any_setting_is_refused_in_a_line_or_of_no_account(home: Path, key: str) -> None:
    furnish(home, f"[profile base]\n{key} = {'x' * MEGABYTE}\n", "base")
    page, error = told(home, "base")
    assert page.count("x" * 100) < 5
    assert error or f"({MEGABYTE} characters)" in page


def test_a_megabyte_that_is_a_command_is_not_run(desk: Desk) -> None:
    desk.profile("long", credential_process=f"touch {desk.home}/hit {'x' * MEGABYTE}")
    result = vault(desk, "exec", "long", "true")
    assert result.returncode == 1
    assert "credential_process must be one line, of 20,000 characters at most" in result.stderr
    assert len(result.stderr) < 1500
    assert not (desk.home / "hit").exists()


@pytest.mark.parametrize("name", ["x" * MEGABYTE, "'" + "x" * MEGABYTE, " " * MEGABYTE + "x"])
def test_a_section_with_a_megabyte_for_a_name_is_told_with_its_line(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"[profile a]\n[profile {name}]\n[profile b{name}]\n".encode(), PATH)
    assert clear(caught.value).startswith(f"{PATH} line ")


def test_the_password_in_a_url_is_not_shown(home: Path) -> None:
    furnish(home, "[profile base]\nendpoint_url = https://me:s3cr3t@host\n", "base")
    reply = explain(home, "base")
    assert reply.error
    assert "s3cr3t" not in reply.out + reply.error.what
    assert "https://…@host" in reply.out
