"""`rotate` that cannot go on: what AWS refuses, what stands in the way, and what the next run makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint import rotation
from shellint.credentials import LongTermKey
from shellint.errors import AwsRefused, NeedsHuman, NetworkError, ShellintError, StoreError
from shellint.rotation import KIND, Rotation, UserKey
from shellint.store import Store
from tests.aws import Breakage, StrictAws
from tests.aws.client import sts_client
from tests.command import vault
from tests.rig.environment import fresh_home
from tests.rotating import Bench
from tests.store_helpers import Person


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with StrictAws() as aws:
        yield Bench(aws, fresh_home(tmp_path / "home"))


def made(bench: Bench) -> int:
    """Return how many keys AWS has made."""
    return sum(record.action == "CreateAccessKey" and not record.error for record in bench.aws.requests)


@pytest.mark.parametrize(
    ("action", "keys", "journals"),
    [
        ("ListAccessKeys", 1, []),
        ("CreateAccessKey", 1, []),
        ("DeleteAccessKey", 2, ["base"]),
    ],
)
def test_w15_what_aws_forbids_is_said_with_what_is_needed_and_can_be_gone_on_with(
    bench: Bench, action: str, keys: int, journals: list[str]
) -> None:
    bench.aws.fail_next(action, "AccessDenied", status=403, message=f"not authorized to perform: iam:{action}")
    refused = vault(bench, "rotate", "base", "--yes")
    assert refused.returncode == 3
    assert f"iam:{action}" in refused.stderr
    assert "iam:ListAccessKeys, iam:CreateAccessKey and iam:DeleteAccessKey" in refused.stderr
    bench.check_nobody_is_stranded()
    assert (len(bench.alice.keys), bench.store.names(KIND)) == (keys, journals)
    assert ("`vault rotate base` goes on with it" in refused.stderr) == bool(journals)
    bench.here()
    bench.check_finished()
    assert made(bench) == 1


def test_status_says_what_is_not_finished_until_it_is(bench: Bench) -> None:
    bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403)
    with pytest.raises(AwsRefused):
        bench.here()
    line = "the rotation of the key of base is not finished: `vault rotate base` goes on with it"
    assert line in vault(bench, "status").stderr
    bench.here()
    assert vault(bench, "status").stderr == ""


def test_two_keys_are_seen_before_anything_is_made(bench: Bench) -> None:
    other = bench.alice.add_key()
    bench.store_key("laptop", other)
    assert vault(bench, "exec", "laptop", "true").returncode == 0
    refused = vault(bench, "rotate", "base", "--yes")
    assert refused.returncode == 1
    assert f"the other one is AKIA…{other.access_key_id[-4:]} (active, made 20" in refused.stderr
    assert "last used 20" in refused.stderr
    assert "stored for laptop)" in refused.stderr
    assert (made(bench), bench.store.names(KIND), len(bench.alice.keys)) == (0, [], 2)


@pytest.mark.parametrize("used", [True, False])
def test_a_second_key_that_nothing_uses_is_deleted_only_when_a_person_says_so(bench: Bench, used: bool) -> None:
    other = bench.alice.add_key()
    if used:
        bench.store_key("spare", other)
        assert vault(bench, "exec", "spare", "true").returncode == 0
        assert vault(bench, "remove", "spare", "--yes").returncode == 0
        bench.alice.deactivate(other.access_key_id)
    assert vault(bench, "rotate", "base", "--yes").returncode == NeedsHuman.exit_code
    with pytest.raises(ShellintError, match="nothing was changed"):
        bench.here(person=Person("n"))
    assert len(bench.alice.keys) == 2
    person = Person("y")
    bench.here(person=person)
    assert ("inactive, made" if used else "never used") in person.asked[0]
    (key,) = bench.alice.keys
    assert key.access_key_id == bench.stored().access_key_id


def test_where_the_last_use_may_not_be_seen_an_active_key_counts_as_used(bench: Bench) -> None:
    bench.alice.add_key()
    bench.aws.fail_next("GetAccessKeyLastUsed", "AccessDenied", status=403)
    with pytest.raises(ShellintError, match="unknown without iam:GetAccessKeyLastUsed"):
        bench.here(person=Person("y"))
    assert len(bench.alice.keys) == 2


def test_a_key_whose_secret_never_arrived_is_deleted_and_made_again(bench: Bench) -> None:
    bench.aws.break_next("CreateAccessKey", Breakage.RESET)
    with pytest.raises(NetworkError):
        bench.here()
    assert len(bench.alice.keys) == 2
    assert made(bench) == 1, "asked once: another try would have been one key too many"
    person = Person()
    bench.here(person=person)
    assert "nobody has its secret: it is deleted" in "".join(person.said)
    bench.check_finished()


@pytest.mark.parametrize(("ago", "used", "outcome"), [(3600, False, "nothing was changed"), (0, True, "last used 20")])
def test_somebody_elses_key_is_not_taken_for_the_lost_one(bench: Bench, ago: int, used: bool, outcome: str) -> None:
    """One that was made long after the intent is asked about; one that has been used is left alone."""
    old = bench.key.access_key_id
    bench.store.put(KIND, "base", Rotation(old, (old,), (int(bench.aws.now()) - ago,)).to_bytes())
    theirs = bench.alice.add_key()
    if used:
        sts_client(bench.aws.endpoint_url, theirs).get_caller_identity()
    with pytest.raises(ShellintError, match=outcome):
        bench.here(person=Person("n"))
    assert theirs.access_key_id in {key.access_key_id for key in bench.alice.keys}


def test_a_new_key_that_cannot_be_kept_is_deleted_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Store.put

    def full(store: Store, kind: str, name: str, value: bytes, **options: int | None) -> None:
        if kind == KIND and Rotation.from_bytes(value).new:
            raise StoreError("no space left")
        put(store, kind, name, value, **options)

    monkeypatch.setattr(Store, "put", full)
    with pytest.raises(StoreError, match="no space left"):
        bench.here()
    assert [key.access_key_id for key in bench.alice.keys] == [bench.key.access_key_id]
    monkeypatch.undo()
    bench.here()
    bench.check_finished()


def test_a_new_key_that_was_deleted_meanwhile_is_made_again(bench: Bench) -> None:
    iam = sts_client(bench.aws.endpoint_url, bench.key, service="iam")
    iam.delete_access_key(AccessKeyId=bench.broken_off())
    bench.here()
    bench.check_finished()


def test_a_new_key_that_was_deactivated_meanwhile_is_said(bench: Bench) -> None:
    new = bench.broken_off()
    bench.alice.deactivate(new)
    with pytest.raises(ShellintError, match="is inactive"):
        bench.here()
    assert bench.stored() == bench.key
    bench.alice.activate(new)
    bench.here()
    bench.check_finished()


def test_an_old_key_that_was_deleted_meanwhile_needs_no_more(bench: Bench) -> None:
    bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403, times=2)
    with pytest.raises(AwsRefused):
        bench.here()
    bench.alice.delete_key(bench.key.access_key_id)
    bench.here("work")  # who may not delete is told so again, though there is nothing to delete
    assert bench.store.names(KIND) == []
    assert {bench.stored("base"), bench.stored("work")} == {bench.stored()}
    assert [key.access_key_id for key in bench.alice.keys] == [bench.stored().access_key_id]


def test_a_journal_about_a_key_that_was_replaced_by_hand_goes_on_under_who_still_has_it(bench: Bench) -> None:
    new = bench.broken_off()
    bobs = bench.aws.add_user("bob").add_key()
    bench.store_key("base", bobs)  # past `add`, which would have seen to the journal
    bench.here()
    assert bench.stored("base") != bobs
    assert (bench.stored("work"), bench.store.names(KIND)) == (bench.key, ["work"])
    bench.here("work")
    assert (bench.stored("work").access_key_id, bench.store.names(KIND)) == (new, [])


def test_a_journal_that_is_damaged_is_no_hindrance(bench: Bench) -> None:
    bench.store.put(KIND, "base", b"{}")
    bench.here()
    bench.check_finished()


def test_a_lost_key_is_one_that_appeared_with_the_intent_and_is_in_no_journal() -> None:
    intent = Rotation("OLD", ("OLD", "KNOWN"), (1000, 5000))
    assert intent.may_have_lost(UserKey("X", True, 1000))
    assert intent.may_have_lost(UserKey("X", True, 1100))
    assert intent.may_have_lost(UserKey("X", True, 5100)), "of a later try"
    assert not intent.may_have_lost(UserKey("KNOWN", True, 1000))
    assert not intent.may_have_lost(UserKey("X", True, 990))
    assert not intent.may_have_lost(UserKey("X", True, 1200))
    kept = Rotation("OLD", ("OLD",), (1000,), LongTermKey("NEW", "s"))
    assert not kept.may_have_lost(UserKey("NEW", True, 1000))


def test_a_journal_is_read_as_it_was_written_and_shows_no_secret() -> None:
    for new in (None, LongTermKey("NEW", "hidden")):
        written = Rotation("OLD", ("OLD",), (1000,), new)
        assert Rotation.from_bytes(written.to_bytes()) == written
        assert "hidden" not in repr(written)
        assert [written.is_about(key) for key in ("OLD", "NEW", "X")] == [True, new is not None, False]
    for wrong in (b"", b"{}", b"[]", json.dumps({"old": 1, "known": 2, "asked": 3, "new": None}).encode()):
        with pytest.raises((ValueError, TypeError, KeyError)):
            Rotation.from_bytes(wrong)
    assert rotation.masked("AKIAIOSFODNN7EXAMPLE") == "AKIA…MPLE"
