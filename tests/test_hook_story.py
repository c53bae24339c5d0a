"""The story at a real shell: a code is typed, credentials are there, and everything comes back as it was."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.aws.client import sts_client
from tests.hostile import NAMES, VALUES, encoded
from tests.rig.kinds import Kind
from tests.seat import Seat, changes, seated, segment

OURS = {"EXPIRES", "SESSION", "KEY", "OWNER", "REQUEST", "SAVED"}
SET = {
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_VAULT", "AWS_REGION"),
    *("AWS_DEFAULT_REGION", "AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"),
    *(f"SHELLINT_{name}" for name in OURS),
}
"""What `use` sets, written out once more: the contract, not what the program thinks it is."""
REPLACED = {
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_FILE", "AWS_ACCOUNT_ID"),
    *("AWS_CREDENTIAL_SCOPE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    *("AWSU_PROFILE", "AWSUME_PROFILE", "AWS_SSO_PROFILE"),
}
LONG = 6_000
"""Longer values are no command line that a terminal of the tests takes in good time."""


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def test_a_code_is_typed_and_the_child_gets_exactly_the_contract(seat: Seat) -> None:
    sh = seat.sit()
    assert segment(sh) == ""
    before = sh.environ()
    seat.code(sh, "vault use dev")
    assert sh.status() == 0
    assert re.fullmatch(r"dev (60|59)m", segment(sh))
    after = sh.environ()
    got = changes(before, after)
    assert set(got) == SET
    value = {name: (text or b"").decode() for name, text in got.items()}
    assert value["AWS_VAULT"] == "dev"
    assert value["AWS_REGION"] == value["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert value["SHELLINT_KEY"] == value["AWS_ACCESS_KEY_ID"]
    assert value["SHELLINT_OWNER"] == str(sh.pid)
    assert re.fullmatch(r"[0-9a-f]+", value["SHELLINT_SESSION"])
    assert value["AWS_CREDENTIAL_EXPIRATION"] == value["AWS_SESSION_EXPIRATION"]

    token, role = seat.aws.requests
    assert (token.action, token.mfa_code, token.error) == ("GetSessionToken", True, None)
    assert (role.action, role.arn, role.error) == ("AssumeRole", seat.alice.arn, None)
    ends = datetime.strptime(value["AWS_CREDENTIAL_EXPIRATION"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    assert int(role.time) - 1 <= ends - 3600 <= role.time
    assert abs(int(value["SHELLINT_EXPIRES"]) - ends) <= 1

    keys = {"AccessKeyId": "ACCESS_KEY_ID", "SecretAccessKey": "SECRET_ACCESS_KEY", "SessionToken": "SESSION_TOKEN"}
    given = {name: value[f"AWS_{variable}"] for name, variable in keys.items()}
    identity = sts_client(seat.aws.endpoint_url, given).get_caller_identity()
    assert identity["Arn"].startswith(f"arn:aws:sts::{seat.aws.account}:assumed-role/dev/tester@")
    assert seat.aws.requests[-1].access_key_id == value["SHELLINT_KEY"]

    sh.run("vault clear")
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    secret = value["AWS_SECRET_ACCESS_KEY"]
    assert not sh.showed(secret)
    assert not sh.showed(seat.key.secret_access_key)


def test_whatever_was_there_before_comes_back_byte_for_byte(seat: Seat) -> None:
    """Hostile former values pass through the capture and the eval; long ones through the store."""
    sh = seat.sit()
    hostile = [encoded(value) for value in VALUES.values() if len(value) < LONG]
    former = {name: hostile[number] for number, name in enumerate(sorted(REPLACED))}
    former |= {f"AWSUME_X{number}": value for number, value in enumerate(hostile)}
    former |= {
        "AWS_ACCESS_KEY_ID": b"AKIA'\\",
        "AWS_SECRET_ACCESS_KEY": encoded(VALUES["quotes-mixed"] + VALUES["newline-command"]),
        "AWS_SESSION_TOKEN": encoded(VALUES["all-high-bytes"]),
        "AWS_SECURITY_TOKEN": encoded(VALUES["subscript"]),
        "AWS_VAULT": encoded(VALUES["percent-open"]),
        "AWS_REGION": b"us-west-2",
        "AWS_CREDENTIAL_EXPIRATION": b"",
    }
    # From a file: a line editor takes its time over thousands of keys, most of all that of bash 3.2.
    (seat.home / "former").write_text("".join(f"{sh.kind.export(*each)}\n" for each in former.items()))
    sh.run("source ./former")
    before = sh.environ()
    assert {name: before.get(name.encode()) for name in former} == former
    sh.run("vault use plain")
    assert sh.status() == 0
    during = sh.environ()
    assert changes(before, during) == {
        **dict.fromkeys(former.keys() - SET),
        **{name: during[name.encode()] for name in SET if name != "AWS_REGION"},
    }
    assert during[b"AWS_REGION"] == b"us-west-2"
    assert former["AWS_SECRET_ACCESS_KEY"] not in b"".join(during.values())
    sh.run("vault clear")
    assert sh.status() == 0
    assert changes(before, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


def test_a_second_use_leaves_nothing_of_the_first_and_clear_goes_back_before_both(seat: Seat) -> None:
    seat.profile("other", source_profile="base", role_arn=seat.role("other-role").arn, region="ap-south-1")
    sh = seat.sit(env={"AWS_PROFILE": "mine", "AWSUME_X": "y"})
    before = sh.environ()
    sh.run("vault use plain")
    first = sh.environ()
    sh.run("vault use other")
    second = sh.environ()
    assert sh.status() == 0
    assert set(changes(first, second)) == SET - {"SHELLINT_SESSION", "SHELLINT_OWNER"} - same(first, second)
    assert second[b"AWS_REGION"] == second[b"AWS_DEFAULT_REGION"] == b"ap-south-1"
    assert not {first[name] for name in (b"AWS_ACCESS_KEY_ID", b"AWS_SECRET_ACCESS_KEY", b"AWS_SESSION_TOKEN")} & {
        *second.values()
    }
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}


def same(first: dict[bytes, bytes], second: dict[bytes, bytes]) -> set[str]:
    """The expirations of two sessions made within one second are the same, and nothing else may be."""
    expirations = {b"AWS_CREDENTIAL_EXPIRATION", b"AWS_SESSION_EXPIRATION", b"SHELLINT_EXPIRES"}
    return {name.decode() for name in expirations if first[name] == second[name]}


def test_clear_leaves_a_variable_changed_since_and_names_it(seat: Seat) -> None:
    sh = seat.sit(env={"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-north-1"})
    sh.run("vault use plain")
    sh.run("vault use base")
    sh.run("export AWS_REGION=us-east-2 AWS_SSO_PROFILE=sso")
    shown = sh.output("vault clear")
    assert "vault: AWS_REGION was changed since and is left as it is" in shown
    assert "vault: AWS_SSO_PROFILE was changed since and is left as it is" in shown
    assert len(shown.splitlines()) == 2
    after = sh.environ()
    assert {name: value for name, value in after.items() if name.startswith((b"AWS_", b"SHELLINT_"))} == {
        b"AWS_PROFILE": b"mine",
        b"AWS_REGION": b"us-east-2",
        b"AWS_SSO_PROFILE": b"sso",
        b"AWS_DEFAULT_REGION": b"eu-north-1",
        b"AWS_ENDPOINT_URL": seat.aws.endpoint_url.encode(),
        b"SHELLINT_AGENT": b"off",
        b"SHELLINT_FILE_PASSPHRASE": seat.env["SHELLINT_FILE_PASSPHRASE"].encode(),
    }
    assert sh.output("vault clear") == "vault: nothing is loaded in this shell"


def test_an_unknown_profile_changes_nothing_and_the_nearest_is_named(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("vault use plain")
    before = sh.environ()
    shown = sh.output("vault use prodd && touch hit")
    assert sh.status() == 1
    assert "prodd" in shown
    assert re.search(r"\bprod\b", shown)
    assert changes(before, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


def test_hostile_names_of_profiles_are_loaded_and_shown_as_plain_text(seat: Seat) -> None:
    arn = seat.role("named").arn
    rows = ("quotes", "substitution", "backtick", "percent-open", "percent-psvar", "prompt-escape", "control", "wide")
    for row in rows:
        seat.profile(shlex.quote(NAMES[row]), role_arn=arn, source_profile="base")
    sh = seat.sit(first=seat.kind.expands)
    for row in rows:
        name = NAMES[row]
        sh.run(f"vault use {sh.kind.quote(encoded(name))}")
        visible = re.sub(r"[\x00-\x1f\x7f]", "", name)
        assert re.fullmatch(re.escape(visible) + r" (60|59)m", segment(sh)), row
        assert sh.value("AWS_VAULT") == encoded(name)
    assert not (seat.home / "hit").exists()
