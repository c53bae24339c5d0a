"""`add`, `list`, `remove`: what a person does with long-term keys."""

from __future__ import annotations

import json

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, PASSPHRASE, Desk
from tests.rig.environment import environment
from tests.rig.terminal import Terminal


def as_json(desk: Desk) -> str:
    """Return alice's key as `aws iam create-access-key` prints it."""
    key_id, secret = desk.key
    return json.dumps({"AccessKey": {"UserName": "alice", "AccessKeyId": key_id, "SecretAccessKey": secret}})


def caller(desk: Desk, aws: StrictAws, profile: str) -> str | None:
    """Return who AWS was asked by when `profile` gets a new session."""
    assert vault(desk, "exec", "--force", profile, "true").returncode == 0
    return aws.requests[-1].access_key_id


def test_a_key_from_json_on_stdin_works(desk: Desk, aws: StrictAws) -> None:
    added = vault(desk, "add", "work", "--stdin", stdin=as_json(desk))
    assert (added.returncode, added.stdout) == (0, "")
    assert caller(desk, aws, "work") == desk.key.access_key_id


def test_a_key_from_the_environment_works(desk: Desk, aws: StrictAws) -> None:
    key_id, secret = desk.key
    added = vault(desk, "add", "work", "--env", AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret)
    assert added.returncode == 0, added
    assert caller(desk, aws, "work") == key_id


def test_what_cannot_be_an_mfa_device_is_refused_before_the_key_is_stored(desk: Desk) -> None:
    before = desk.config.read_bytes()
    added = vault(desk, "add", "work", "--stdin", "--mfa-serial", "foo", stdin=as_json(desk))
    assert (added.returncode, "--mfa-serial: mfa_serial must be" in added.stderr) == (2, True)
    assert "work" not in vault(desk, "list").stdout
    assert desk.config.read_bytes() == before


def test_a_key_that_comes_before_another_source_is_said_to_when_it_is_added(desk: Desk) -> None:
    desk.profile("work", credential_process="/bin/key")
    added = vault(desk, "add", "work", "--stdin", stdin=as_json(desk))
    line = len(desk.config.read_text().splitlines())
    said = f"it comes before the credential_process of work ({desk.config} line {line}), which is not used any more"
    assert said in added.stderr


def test_a_removed_key_leaves_its_section_and_says_so(desk: Desk) -> None:
    vault(desk, "add", "work", "--stdin", stdin=as_json(desk))
    line = desk.config.read_text().splitlines().index("[profile work]") + 1
    assert f"its section stays where it is: {desk.config} line {line}" in vault(desk, "remove", "work", "-y").stderr
    assert "its section" not in vault(desk, "remove", "base", "-y").stderr


def test_adding_over_a_key_asks_first(desk: Desk, aws: StrictAws) -> None:
    other = aws.add_user("bob").add_key()
    wanted = json.dumps({"AccessKeyId": other.access_key_id, "SecretAccessKey": other.secret_access_key})
    refused = vault(desk, "add", "base", "--stdin", stdin=wanted)
    assert (refused.returncode, "A key is stored for base" in refused.stderr) == (4, True)
    assert caller(desk, aws, "base") == desk.key.access_key_id
    assert vault(desk, "add", "base", "--stdin", "--yes", stdin=wanted).returncode == 0
    assert caller(desk, aws, "base") == other.access_key_id


def test_a_person_is_asked_for_the_key_and_the_secret_is_not_shown(desk: Desk, aws: StrictAws) -> None:
    key_id, secret = desk.key
    env = environment(desk.home, **{**desk.env, "SHELLINT_FILE_PASSPHRASE": PASSPHRASE})
    with Terminal([str(BIN / "vault"), "add", "typed"], env, cwd=desk.home) as terminal:
        for question, answer in (
            ("Access key id:", key_id),
            ("Secret access key:", secret),
            ("MFA device", "foo"),
            ("it looks like arn:aws:iam", ""),
        ):
            terminal.see(question)
            terminal.send(answer + "\r")
        assert terminal.wait_exit() == 0
        assert not terminal.showed(secret)
    assert caller(desk, aws, "typed") == key_id


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "JSON"),
        ("[1]", "JSON"),
        ('{"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA"}', "JSON"),
        ('{"AccessKeyId": "ASIAAAAAAAAAAAAAAAAA", "SecretAccessKey": "' + "s" * 40 + '"}', "temporary"),
        ('{"AccessKeyId": "not a key", "SecretAccessKey": "' + "s" * 40 + '"}', "access key id"),
        ('{"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "SecretAccessKey": "two words"}', "secret access key"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(desk: Desk, text: str, says: str) -> None:
    result = vault(desk, "add", "work", "--stdin", stdin=text)
    assert result.returncode == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert "two words" not in result.stderr
    assert vault(desk, "list").stdout == "default\t-\nbase\tkey\n"


def test_listing_shows_profiles_and_keys_for_people_and_programs(desk: Desk) -> None:
    desk.role("prod")
    assert vault(desk, "list").stdout.splitlines() == ["default\t-", "prod\t-", "base\tkey"]
    rows = {row["profile"]: row for row in json.loads(vault(desk, "list", "--json").stdout)}
    assert rows["base"] == {
        "profile": "base",
        "in_config": False,
        "has_key": True,
        "role_arn": None,
        "source_profile": None,
        "provider": None,
        "region": None,
        "sessions": [],
    }
    assert rows["prod"]["source_profile"] == "base"


def test_on_a_terminal_the_list_is_a_table(desk: Desk) -> None:
    desk.role("prod")
    with Terminal([str(BIN / "vault"), "list"], environment(desk.home, **desk.env), cwd=desk.home) as terminal:
        terminal.see(r"^Profile +Key +Role")
        terminal.see(r"^base +stored")
        assert terminal.wait_exit() == 0


def test_removing_what_is_not_there_names_the_nearest(desk: Desk) -> None:
    result = vault(desk, "remove", "bsae", "--yes")
    assert result.returncode == 1
    assert "did you mean base?" in result.stderr


def test_no_secret_lies_in_any_file(desk: Desk) -> None:
    vault(desk, "add", "work", "--stdin", stdin=as_json(desk))
    granted = vault(desk, "exec", "base", "--", "sh", "-c", 'echo "$AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN"')
    secrets = [desk.key.secret_access_key, *granted.stdout.split()]
    assert len(secrets) == 3
    for file in desk.home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), file
            if "shellint" in file.parts:
                assert file.stat().st_mode & 0o077 == 0, file
