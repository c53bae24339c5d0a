"""The journal of a rotation: who keeps it, who may still need it, and that no secret in it is ever lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellint.actions.journals import changing_keys
from shellint.credentials import LongTermKey
from shellint.errors import AwsRefused, ShellintError
from shellint.request import Request
from shellint.rotation import KIND, Rotation
from tests.aws import Breakage, KeyPair, StrictAws
from tests.command import vault
from tests.desk import BIN
from tests.rig.environment import environment, fresh_home
from tests.rotating import Bench
from tests.store_helpers import Person


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with StrictAws() as aws:
        yield Bench(aws, fresh_home(tmp_path / "home"))


def journal(bench: Bench, name: str = "base") -> Rotation:
    return Rotation.from_bytes(bench.store.get(KIND, name) or b"")


def as_json(key: KeyPair) -> str:
    return json.dumps({"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key})


def add(bench: Bench, profile: str, key: KeyPair) -> subprocess.CompletedProcess[str]:
    return vault(bench, "add", profile, "--stdin", "--yes", "--no-config", stdin=as_json(key))


def test_a_key_that_was_lost_an_hour_ago_and_is_not_listed_yet_survives_a_second_break(bench: Bench) -> None:
    old, hour_ago = bench.key.access_key_id, int(bench.aws.now()) - 3600
    before = Rotation(old, (old,), (hour_ago,))
    bench.store.put(KIND, "base", before.to_bytes())
    bench.alice.add_key()
    lost = bench.alice.keys[-1]
    lost.created, lost.unlisted_for = hour_ago, 1
    bench.aws.fail_next("CreateAccessKey", "InternalFailure", status=500)
    with pytest.raises(AwsRefused):
        bench.here()
    after = journal(bench)
    assert (after.known, after.asked[0], len(after.asked)) == ((old,), hour_ago, 2)
    person = Person()
    bench.here(person=person)
    assert "nobody has its secret: it is deleted" in "".join(person.said)
    (key,) = bench.alice.keys
    assert key.access_key_id == bench.stored().access_key_id
    assert key.access_key_id not in {old, lost.access_key_id}


@pytest.mark.parametrize("code", ["LimitExceeded", "AccessDenied"])
def test_that_aws_made_no_key_now_does_not_mean_that_it_made_none_before(bench: Bench, code: str) -> None:
    bench.aws.break_next("CreateAccessKey", Breakage.RESET)
    with pytest.raises(ShellintError):
        bench.here()
    bench.alice.keys[-1].unlisted_for = 1
    before = journal(bench)
    bench.aws.fail_next("CreateAccessKey", code, status=409)
    with pytest.raises(AwsRefused):
        bench.here()
    assert journal(bench) == before
    bench.here()
    assert [key.access_key_id for key in bench.alice.keys] == [bench.stored().access_key_id]


def test_a_new_key_that_aws_neither_knows_nor_lists_yet_keeps_its_secret(bench: Bench) -> None:
    new = bench.broken_off()
    made = bench.alice.keys[-1]
    # It looks deleted: by both lists of a run, so that another key is asked for, or by the first alone.
    for lists, says in ((2, "LimitExceeded"), (1, "is not known to all of AWS yet")):
        made.unknown_for, made.unlisted_for = 100, lists
        with pytest.raises(ShellintError, match=says):
            bench.here()
        assert journal(bench).new == LongTermKey(new, made.secret)
    made.unknown_for = 0
    bench.here()
    assert bench.stored("base") == bench.stored("work") == KeyPair(new, made.secret)
    assert (bench.alice.keys, bench.store.names(KIND)) == ([made], [])


def test_a_removed_profile_leaves_the_journal_to_another_one_with_the_same_key(bench: Bench) -> None:
    new = bench.broken_off()
    assert vault(bench, "remove", "base", "--yes").returncode == 0
    assert bench.store.names(KIND) == ["work"]
    assert "`vault rotate work` goes on with it" in vault(bench, "status").stderr
    bench.here("work")
    assert (bench.stored("work").access_key_id, bench.store.names(KIND)) == (new, [])
    assert [key.access_key_id for key in bench.alice.keys] == [new]


def test_the_last_profile_that_is_removed_gives_the_rotation_up_and_says_which_key_is_left_at_aws(bench: Bench) -> None:
    new = bench.broken_off()
    vault(bench, "remove", "work", "--yes")
    assert bench.store.names(KIND) == ["base"]
    removed = vault(bench, "remove", "base", "--yes")
    assert (removed.returncode, bench.store.names(KIND)) == (0, [])
    assert f"is given up: delete the new key AKIA…{new[-4:]} in the IAM console" in removed.stderr


def test_a_removed_profile_whose_key_was_replaced_does_not_take_the_journal_along(bench: Bench) -> None:
    bench.broken_off()
    bench.store_key("base", bench.aws.add_user("bob").add_key())
    assert vault(bench, "remove", "base", "--yes").returncode == 0
    assert bench.store.names(KIND) == ["work"]


def test_a_journal_that_is_damaged_goes_with_its_profile(bench: Bench) -> None:
    bench.store.put(KIND, "base", b"{}")
    assert vault(bench, "remove", "base", "--yes").returncode == 0
    assert bench.store.names(KIND) == []


def test_a_key_that_is_replaced_leaves_the_journal_to_whoever_still_has_it(bench: Bench) -> None:
    bench.broken_off()
    assert add(bench, "base", bench.aws.add_user("bob").add_key()).returncode == 0
    assert bench.store.names(KIND) == ["work"]


def test_a_key_is_not_replaced_while_a_new_one_waits_that_nobody_else_has(bench: Bench) -> None:
    bench.broken_off()
    vault(bench, "remove", "work", "--yes")
    kept = journal(bench)
    refused = add(bench, "base", bench.aws.add_user("bob").add_key())
    assert refused.returncode == 1
    assert "`vault rotate base` goes on with it; `vault remove base` gives it up" in refused.stderr
    assert (bench.stored(), journal(bench)) == (bench.key, kept)


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_key_that_the_rotation_is_about_may_be_stored_anew(bench: Bench, which: str) -> None:
    bench.broken_off()
    made = bench.alice.keys[-1]
    key = bench.key if which == "old" else KeyPair(made.access_key_id, made.secret)
    assert add(bench, "base", key).returncode == 0
    bench.here()
    assert bench.stored("base") == bench.stored("work") == KeyPair(made.access_key_id, made.secret)
    assert bench.store.names(KIND) == []


def test_what_may_have_been_made_is_said_when_the_key_is_replaced(bench: Bench) -> None:
    vault(bench, "remove", "work", "--yes")
    bench.aws.break_next("CreateAccessKey", Breakage.RESET)
    with pytest.raises(ShellintError):
        bench.here()
    added = add(bench, "base", bench.aws.add_user("bob").add_key())
    assert (added.returncode, bench.store.names(KIND)) == (0, [])
    assert "is given up: delete a new key that it may have made in the IAM console" in added.stderr


def test_a_journal_whose_key_nobody_has_is_not_overwritten_and_can_be_finished(bench: Bench) -> None:
    new = bench.broken_off()
    vault(bench, "remove", "work", "--yes")
    bobs = bench.aws.add_user("bob").add_key()
    bench.store_key("base", bobs)  # past `add`
    with pytest.raises(
        ShellintError, match=f"the rotation of {bench.key.access_key_id}, once the key of base"
    ) as error:
        bench.here()
    assert "`vault rotate NAME` goes on with it" in error.value.todo
    assert (journal(bench).new is not None, bench.stored()) == (True, bobs)
    assert add(bench, "alice", bench.key).returncode == 0
    bench.here("alice")
    assert bench.stored("alice").access_key_id == new
    bench.here("base")
    assert bench.stored() != bobs
    assert bench.store.names(KIND) == []


def test_a_move_that_was_broken_off_leaves_two_journals_and_both_are_finished(bench: Bench) -> None:
    bench.broken_off()
    kept = journal(bench)
    bench.store.put(KIND, "work", Rotation(kept.old, kept.known, kept.asked).to_bytes())
    bench.here("work")
    bench.check_finished()


def test_a_renamed_profile_goes_on_with_what_its_former_name_began(bench: Bench) -> None:
    new = bench.broken_off()
    assert add(bench, "renamed", bench.key).returncode == 0
    for name in ("base", "work"):
        assert vault(bench, "remove", name, "--yes").returncode == 0
    assert bench.store.names(KIND) == ["renamed"]
    bench.here("renamed")
    assert bench.stored("renamed").access_key_id == new


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: vault(bench, "rotate", "base", "--yes"),
        lambda bench: vault(bench, "remove", "base", "--yes"),
        lambda bench: add(bench, "base", bench.key),
    ],
    ids=["rotate", "remove", "add"],
)
def test_while_one_changes_keys_another_says_why_it_does_not(
    bench: Bench, change: Callable[[Bench], subprocess.CompletedProcess[str]]
) -> None:
    with changing_keys(Request(environment(bench.home, **bench.env), Person(), now=bench.aws.now)):
        refused = change(bench)
    assert (refused.returncode, bench.stored()) == (1, bench.key)
    assert "another vault is rotating or storing a key" in refused.stderr
    assert change(bench).returncode == 0


def test_of_two_rotations_at_once_one_goes_and_one_says_why_not(bench: Bench) -> None:
    bench.aws.break_next("CreateAccessKey", Breakage.SLOW, seconds=6)
    command, env = [str(BIN / "vault"), "rotate", "base", "--yes"], environment(bench.home, **bench.env)
    pair = [
        subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in "ab"
    ]
    said = {process.wait(60): process.communicate()[1] for process in pair}
    assert sorted(said) == [0, 1], said
    assert "another vault is rotating or storing a key" in said[1]
    bench.check_finished()
