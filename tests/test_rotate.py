"""`rotate`: which key is replaced, what signs, what is asked, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.errors import ConfigError, NeedsHuman, ShellintError, UsageError
from shellint.rotation import KIND
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal
from tests.rotating import Bench
from tests.store_helpers import Person


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with StrictAws() as aws:
        yield Bench(aws, fresh_home(tmp_path / "home"))


def signers(bench: Bench, *actions: str) -> set[str | None]:
    """Return the ids that signed these actions."""
    return {record.access_key_id for record in bench.aws.requests if record.action in actions}


@pytest.mark.parametrize("option", [(), ("--no-session",)])
def test_d7_the_key_is_found_where_it_is_stored_however_many_sources_away(bench: Bench, option: tuple[str]) -> None:
    for name, source in (("one", "base"), ("two", "one"), ("three", "two"), ("four", "three")):
        bench.profile(name, source_profile=source)
    bench.profile("five", source_profile="four", role_arn="arn:aws:iam::123456789012:role/any")
    rotated = vault(bench, "rotate", "five", "--yes", *option)
    assert (rotated.returncode, rotated.stdout) == (0, ""), rotated
    bench.check_finished()


def test_w15_one_mfa_code_is_enough_for_all_of_it(bench: Bench) -> None:
    person = Person(bench.mfa.fresh_code())
    bench.here("prod", person=person)
    bench.check_finished()
    assert [question for question in person.asked if "MFA" in question] == [f"MFA code for {bench.mfa.serial}"]
    (session,) = signers(bench, "ListAccessKeys", "CreateAccessKey", "DeleteAccessKey")
    assert (session or "").startswith("ASIA")
    last = bench.aws.requests[-len(["base", "work"]) - 1]  # before `check_finished` tried what is stored
    assert last.action == "DeleteAccessKey", "a session may end with its key: nothing more is asked of it"
    assert not signers(bench, "UpdateAccessKey")


def test_w15_a_session_that_is_there_already_serves_and_nobody_is_asked(bench: Bench) -> None:
    assert vault(bench, "exec", "prod", "--mfa-token", bench.mfa.fresh_code(), "true").returncode == 0
    bench.here("prod")
    bench.check_finished()
    assert sum(record.action == "GetSessionToken" for record in bench.aws.requests) == 1


def test_the_device_of_the_holder_counts_where_the_role_names_none(bench: Bench) -> None:
    bench.role("plain")
    bench.profile("base", mfa_serial=bench.mfa.serial)
    bench.here("plain", mfa_token=bench.mfa.fresh_code())
    assert any(record.mfa_code for record in bench.aws.requests)
    bench.check_finished()


def test_without_a_session_the_key_itself_signs(bench: Bench) -> None:
    bench.here("prod", session=False)
    bench.check_finished()
    old, new = bench.key.access_key_id, bench.stored().access_key_id
    assert signers(bench, "CreateAccessKey") == {old}
    assert signers(bench, "DeleteAccessKey") == {new}
    assert not [record for record in bench.aws.requests if record.action == "GetSessionToken"]


def test_a_session_that_was_revoked_meanwhile_is_made_anew_with_the_new_key(bench: Bench) -> None:
    bench.aws.fail_next("DeleteAccessKey", "InvalidClientTokenId", status=403)
    person = Person(bench.mfa.fresh_code(), bench.mfa.fresh_code())
    bench.here("prod", person=person)
    bench.check_finished()
    assert signers(bench, "GetSessionToken") == {bench.key.access_key_id, bench.stored().access_key_id}
    assert bench.store.names("session") != []  # the new key's


def test_the_person_is_told_which_key_of_whom_and_asked(bench: Bench) -> None:
    env = environment(bench.home, **bench.env)
    with Terminal([str(BIN / "vault"), "rotate", "base"], env, cwd=bench.home) as terminal:
        key_id = bench.key.access_key_id
        terminal.see(f"Replace the key {key_id[:4]}…{key_id[-4:]} of user alice, stored for base and work")
        terminal.send("y\r")
        assert terminal.wait_exit() == 0
        assert not terminal.showed(bench.stored().secret_access_key)
    bench.check_finished()


def test_who_says_no_keeps_the_key(bench: Bench) -> None:
    with pytest.raises(ShellintError, match="nothing was changed"):
        bench.here(person=Person("n"), yes=False)
    assert (bench.stored(), bench.store.names(KIND)) == (bench.key, [])
    assert signers(bench, "ListAccessKeys", "CreateAccessKey") == set()


def test_with_nobody_to_ask_it_is_exit_code_4(bench: Bench) -> None:
    refused = vault(bench, "rotate", "base", "--no-input")
    assert (refused.returncode, "--yes answers it" in refused.stderr) == (4, True)
    assert bench.stored() == bench.key


def test_every_profile_that_stores_the_key_gets_the_new_one_and_no_other_does(bench: Bench) -> None:
    bobs = bench.aws.add_user("bob").add_key()
    bench.store_key("bob", bobs)
    reply = bench.here("work")
    assert reply.notes[0].startswith("base and work: ")
    bench.check_finished()
    assert bench.stored("bob") == bobs


def test_sessions_of_the_old_key_are_forgotten_and_others_are_not(bench: Bench) -> None:
    bench.store_key("bob", bench.aws.add_user("bob").add_key())
    for profile in ("base", "bob"):
        assert vault(bench, "exec", profile, "true").returncode == 0
    bench.here()
    assert len(bench.store.names("session")) == 1
    assert vault(bench, "exec", "work", "true").returncode == 0


def test_a_new_key_is_given_time_to_become_known_before_it_takes_over(bench: Bench) -> None:
    bench.aws.propagation = 3
    person = Person()
    bench.here(person=person)
    bench.check_finished()
    assert bench.waited == [1, 1, 2]
    assert "waiting until AWS knows the new key everywhere" in person.said


def test_iam_may_know_a_new_key_later_than_sts_does(bench: Bench) -> None:
    bench.aws.fail_next("DeleteAccessKey", "InvalidClientTokenId", status=403, times=3)
    bench.here()
    bench.check_finished()
    assert bench.waited == [1, 1]


def test_a_key_that_stays_unknown_does_not_take_over_and_the_next_run_tries_again(bench: Bench) -> None:
    bench.aws.propagation = 100
    with pytest.raises(ShellintError, match="AWS does not know"):
        bench.here()
    assert sum(bench.waited) == 30
    assert (bench.stored(), bench.store.names(KIND)) == (bench.key, ["base"])
    bench.check_nobody_is_stranded()
    for key in bench.alice.keys:
        key.unknown_for = 0
    bench.here("work")
    bench.check_finished()


def test_without_a_name_the_only_key_is_meant_or_the_rotation_that_is_not_finished(bench: Bench) -> None:
    with pytest.raises(UsageError, match="keys are stored for base, work"):
        bench.here(None)
    bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403)
    with pytest.raises(ShellintError):
        bench.here("work")
    bench.here(None)
    bench.check_finished()


def test_what_starts_from_no_stored_key_cannot_be_rotated(bench: Bench) -> None:
    bench.profile("tool", credential_process="false")
    with pytest.raises(ConfigError, match="tool does not start from a stored key"):
        bench.here("tool")


def test_a_new_key_is_not_asked_for_where_it_would_travel_in_the_clear(bench: Bench) -> None:
    bench.env["AWS_ENDPOINT_URL_IAM"] = "http://iam.example.com"
    with pytest.raises(ConfigError, match=r"http://iam\.example\.com would be asked for a new key unencrypted"):
        bench.here()


def test_nobody_there_for_the_code_is_known_before_anything_is_made(bench: Bench) -> None:
    refused = vault(bench, "rotate", "prod", "--yes")
    assert refused.returncode == NeedsHuman.exit_code
    assert len(bench.alice.keys) == 1
    assert bench.store.names(KIND) == []


def test_no_secret_of_the_new_key_is_shown_or_lies_about(bench: Bench) -> None:
    bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403)
    rotated = vault(bench, "rotate", "base", "--yes", "--debug")
    assert rotated.returncode == 3
    secret = bench.stored().secret_access_key
    assert secret not in rotated.stderr + rotated.stdout
    assert not [file for file in bench.home.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
