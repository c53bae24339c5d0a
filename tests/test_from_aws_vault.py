"""docs/from-aws-vault.md is complete, and what it says of options, variables and tests is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import click
import pytest

from shellint.errors import UsageError
from shellint.layers import SETTINGS
from tests.examples import ROOT, command_of


def words_of(text: str) -> list[str]:
    """Return the words of a list that is written as text."""
    return text.split()


TEXT = (ROOT / "docs" / "from-aws-vault.md").read_text()
STRINGS = {
    node.value
    for file in (ROOT / "shellint").rglob("*.py")
    for node in ast.walk(ast.parse(file.read_text()))
    if isinstance(node, ast.Constant)
}
"""What the code names, word for word; a docstring that mentions a variable is longer."""

COMMANDS = [f"C{number}" for number in range(1, 14)]
GLOBALS = [f"G{number}" for number in range(1, 11)]
GLOBAL_FLAGS = words_of("""
--debug --backend --prompt --keychain --secret-service-collection --pass-dir --pass-cmd --pass-prefix --file-dir
--op-timeout --op-vault-id --op-item-title-prefix --op-item-tag --op-connect-host --op-desktop-account-id
--proton-pass-share-id --proton-pass-item-title-prefix --proton-pass-api-base --proton-pass-timeout --biometrics
""")
FLAGS = {
    "add": "--env --add-config --no-add-config",
    "list": "--profiles --sessions --credentials",
    "rotate": "-n --no-session",
    "exec": "-d --duration -n --no-session --region -t --mfa-token -j --json -s --server --ec2-server --ecs-server "
    "--lazy --stdout --profile-env",
    "export": "-d --duration -n --no-session --region -t --mfa-token --format --stdout",
    "login": "-d --duration -n --no-session -a --auto-logout -t --mfa-token --path --region -s --stdout",
    "remove": "-f --force -s --sessions-only",
    "migrate-backend": "--from --to --profile --dry-run --overwrite --delete-source",
}
KEYS = words_of("""
region output source_profile include_profile role_arn role_session_name external_id duration_seconds mfa_serial
mfa_process session_tags transitive_session_tags source_identity credential_process web_identity_token_file
web_identity_token_process sso_session sso_start_url sso_region sso_account_id sso_role_name sso_registration_scopes
sts_regional_endpoints endpoint_url
""")
VARIABLES = words_of("""
AWS_CONFIG_FILE AWS_VAULT AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_STS_REGIONAL_ENDPOINTS AWS_ENDPOINT_URL
AWS_MFA_SERIAL AWS_ASSUME_ROLE_TTL AWS_SESSION_TOKEN_TTL AWS_CHAINED_SESSION_TOKEN_TTL AWS_FEDERATION_TOKEN_TTL
AWS_MIN_TTL AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SESSION_TAGS AWS_TRANSITIVE_TAGS AWS_SOURCE_IDENTITY
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN SHELL AWS_VAULT_DURATION AWS_VAULT_STDOUT
AWS_VAULT_PROFILE_ENV AWS_VAULT_AUTO_LOGOUT AWS_VAULT_DISABLE_HELP_MESSAGE AWS_VAULT_FILE_PASSPHRASE
YKMAN_OATH_CREDENTIAL_NAME YKMAN_OATH_DEVICE_SERIAL AWS_VAULT_YKMAN_VERSION AWS_VAULT_OP_CONNECT_TOKEN
OP_CONNECT_TOKEN AWS_VAULT_OP_SERVICE_ACCOUNT_TOKEN OP_SERVICE_ACCOUNT_TOKEN OP_VAULT_ID OP_CONNECT_HOST
OP_DESKTOP_ACCOUNT_ID PROTON_PASS_PERSONAL_ACCESS_TOKEN PROTON_PASS_SHARE_ID PROTON_PASS_API_BASE PASSWORD_STORE_DIR
PASSAGE_DIR DISABLE_KWALLET DBUS_SESSION_BUS_ADDRESS AWS_VAULT_BACKEND AWS_VAULT_PROMPT AWS_VAULT_KEYCHAIN_NAME
AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME AWS_VAULT_PASS_PASSWORD_STORE_DIR AWS_VAULT_PASS_CMD AWS_VAULT_PASS_PREFIX
AWS_VAULT_FILE_DIR AWS_VAULT_OP_VAULT_ID AWS_VAULT_BIOMETRICS
""")
SHOWN = re.findall(r"`(\w+)::(\w+)`", TEXT)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its first two lines."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert section, heading
    lines = [line for line in section[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    """Return what stands between backquotes."""
    return re.findall(r"`([^`]+)`", text)


def flags() -> Iterator[tuple[str, str, str]]:
    """Yield each flag of a command: the command, the flag, and what the document says about it."""
    for there, here, _ in rows("Flags of the commands"):
        command, _, first = quoted(there)[0].partition(" ")
        yield from ((command, flag, here) for flag in (first, *quoted(there)[1:]) if flag.startswith("-"))


def test_every_command_has_its_row() -> None:
    assert [row[0] for row in rows("Commands")] == COMMANDS


def test_every_flag_for_all_commands_has_its_row() -> None:
    table = rows("Flags that every command has there")
    assert [row[0] for row in table] == GLOBALS
    assert [flag for row in table for flag in quoted(row[1])] == GLOBAL_FLAGS


def test_every_flag_of_a_command_has_its_row() -> None:
    assert {(command, flag) for command, flag, _ in flags()} == {
        (command, flag) for command, words in FLAGS.items() for flag in words_of(words)
    }


@pytest.mark.parametrize(("command", "flag", "here"), list(flags()))
def test_a_flag_that_is_called_the_same_is_an_option_of_that_command(command: str, flag: str, here: str) -> None:
    if not here.startswith("none"):
        assert here.startswith("the same")
        assert {flag, *(each for each in quoted(here) if each.startswith("--"))} <= options(command)
    else:
        assert command == "migrate-backend" or flag not in options(command)


@pytest.mark.parametrize("command", ["use", "exec", "export", "login", "rotate", "add", "list", "whoami"])
def test_debug_and_prompt_are_options_of_every_command(command: str) -> None:
    assert {"--debug", "--prompt"} <= options(command)


def test_every_key_of_the_config_file_has_its_row_and_is_read_where_it_says_so() -> None:
    table = rows("Keys of the config file")
    assert sorted(key for row in table for key in quoted(row[0])) == sorted(KEYS)
    for keys, here, _ in table:
        assert all((key in SETTINGS) != here.startswith("not read") for key in quoted(keys)), keys
    others = re.search("^Read here and not there: (.*)", TEXT, re.MULTILINE)
    assert others
    assert set(quoted(others[1])) <= {*SETTINGS} - {*KEYS}


def test_every_variable_has_its_row_and_is_read_where_it_says_so() -> None:
    table = rows("Variables")
    assert sorted(name for row in table for name in quoted(row[0])) == sorted(VARIABLES)
    for names, here, _ in table:
        for name in quoted(names):
            assert (name in STRINGS) != here.startswith("not read"), name
    assert set(re.findall(r"\bSHELLINT_\w+", TEXT)) <= STRINGS


def test_every_row_is_shown_by_a_test_unless_there_is_nothing_to_show() -> None:
    for heading in ("Commands", "Flags that every command has there", "Flags of the commands"):
        for *_, here, shown in rows(heading):
            assert shown or here.startswith(("none", "not yet")), here
    for heading in ("Keys of the config file", "Variables"):
        for names, here, shown in rows(heading):
            assert shown or here.startswith("not read"), names


@pytest.mark.parametrize(("file", "name"), sorted(set(SHOWN)))
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert re.search(rf"^def test_{name}\(", (ROOT / "tests" / f"test_{file}.py").read_text(), re.MULTILINE)


def options(name: str) -> set[str]:
    """Return all names of all options of a command of ours; none where there is no such command."""
    try:
        command, _ = command_of([name])
    except UsageError:
        return set()
    return {
        option
        for each in command.params
        if isinstance(each, click.Option)
        for option in (*each.opts, *each.secondary_opts)
    }
