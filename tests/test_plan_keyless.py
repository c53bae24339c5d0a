"""What is said when a profile has no key to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellint.errors import ConfigError, ShellintError
from tests.planning import KEY, NOWHERE, PATH, ROLE, TWO, plan_of


def keyless(text: str, name: str = "prod", credentials_file: Path = NOWHERE) -> ShellintError:
    with pytest.raises(ConfigError) as caught:
        plan_of(text, name, keys=(), credentials_file=credentials_file)
    assert "\n" not in caught.value.what + caught.value.todo
    return caught.value


def test_a_profile_with_neither_key_nor_source() -> None:
    error = keyless("[profile prod]\n")
    assert (error.what, error.todo) == ("prod has no key and no source", "`vault add prod` stores a key for it")


def test_a_role_without_a_source_names_what_is_missing() -> None:
    error = keyless(f"[profile prod]\nrole_arn = {ROLE}\n")
    assert error.what == f"prod has a role ({PATH} line 2), but nothing to assume it with"
    assert "source_profile or credential_source" in error.todo
    assert "`vault add prod`" in error.todo


def test_a_source_without_a_key_is_the_one_that_is_named() -> None:
    error = keyless(TWO, "deep")
    assert error.what == "deep needs the credentials of base: base has no key and no source"
    assert "`vault add base`" in error.todo


def test_a_name_with_blanks_is_quoted_in_the_command_to_type() -> None:
    assert "`vault add 'my prod'`" in keyless("[profile my prod]\n", "my prod").todo


def test_a_stored_key_is_used_even_where_another_way_is_configured() -> None:
    assert plan_of("[profile base]\ncredential_process = /bin/x\n", "base").steps[0] == KEY


def test_a_key_in_the_credentials_file_alone_names_the_import(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[prod]\naws_access_key_id = AKIA\naws_secret_access_key = s3cr3t\n")
    error = keyless("[profile prod]\n", credentials_file=file)
    assert error.what == f"the key of prod is only in {file}, unencrypted"
    assert error.todo == "`vault import prod` stores it"


def test_a_key_in_the_config_file_is_told_by_its_line_and_never_shown() -> None:
    error = keyless("[profile prod]\naws_access_key_id = AKIAX\naws_secret_access_key = s3cr3t\n")
    assert error.what == f"the key of prod is only in {PATH} line 2, unencrypted"
    assert "s3cr3t" not in error.todo
