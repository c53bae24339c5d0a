"""`rotate` in a world that does not help: clocks, stale answers, a dead network, a full disk, other people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shellint import paths
from shellint.errors import AwsRefused, NetworkError, ShellintError, StoreError, StoreLocked
from shellint.rotation import KIND
from shellint.store import Store, sealed_file
from tests.aws import Breakage, StrictAws
from tests.rig.environment import fresh_home
from tests.rotating import Bench
from tests.store_helpers import Person

WRITES = ("intent", "new key", "base", "work", "end")
"""What a run writes that needs no session."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with StrictAws() as aws:
        yield Bench(aws, fresh_home(tmp_path / "home"))


@pytest.mark.parametrize(("first", "then"), [(-3600, 3600), (7200, 0), (0, -86_400)])
def test_a_lost_key_is_known_again_whatever_the_clock_shows(bench: Bench, first: float, then: float) -> None:
    bench.aws.break_next("CreateAccessKey", Breakage.RESET)
    with pytest.raises(NetworkError):
        bench.here(ahead=first)
    bench.here(ahead=then)  # with nobody to ask
    bench.check_finished()


@pytest.mark.parametrize("how", [Breakage.RESET, Breakage.TRUNCATED, Breakage.PORTAL])
@pytest.mark.parametrize("action", ["GetCallerIdentity", "ListAccessKeys", "CreateAccessKey", "DeleteAccessKey"])
def test_a_network_that_is_gone_is_no_more_than_a_pause(bench: Bench, action: str, how: Breakage) -> None:
    attempts = 3 if how is Breakage.RESET and action != "CreateAccessKey" else 1  # as often as it is tried
    bench.aws.break_next(action, how, times=attempts)
    with pytest.raises(NetworkError):
        bench.here()
    bench.check_nobody_is_stranded()
    bench.here()
    bench.check_nobody_is_stranded()
    assert [key.access_key_id for key in bench.alice.keys] == [bench.stored("work").access_key_id]
    assert (bench.stored("base"), bench.store.names(KIND)) == (bench.stored("work"), [])


@pytest.mark.parametrize("last", WRITES)
def test_a_disk_that_is_full_at_any_write_strands_nobody(
    bench: Bench, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = 0

    def write(*given: Any) -> None:
        nonlocal done
        done += 1
        if done > WRITES.index(last):
            raise StoreError("no space left on device")
        paths.write_private(*given)

    monkeypatch.setitem(vars(sealed_file), "write_private", write)
    with pytest.raises(StoreError, match="no space left"):
        bench.here()
    monkeypatch.undo()
    bench.check_nobody_is_stranded()
    assert len(bench.alice.keys) == (2 if last in {"base", "work"} else 1)
    bench.here("work")
    bench.check_nobody_is_stranded()
    assert [key.access_key_id for key in bench.alice.keys] == [bench.stored("work").access_key_id]
    assert (bench.stored("base"), bench.store.names(KIND)) == (bench.stored("work"), [])


@pytest.mark.parametrize("profile", ["base", "work"])
def test_a_keychain_that_locks_itself_before_the_key_is_stored_is_unlocked_and_gone_on_with(
    bench: Bench, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Store.put

    def locked(store: Store, kind: str, name: str, value: bytes, **options: int | None) -> None:
        if (kind, name) == ("key", profile):
            raise StoreLocked("the keychain is locked")
        put(store, kind, name, value, **options)

    monkeypatch.setattr(Store, "put", locked)
    with pytest.raises(StoreLocked):
        bench.here()
    monkeypatch.undo()
    bench.check_nobody_is_stranded()
    bench.here("work")
    bench.check_finished()


def test_what_is_gone_on_with_needs_no_second_code_once_the_key_is_stored(bench: Bench) -> None:
    bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403)
    with pytest.raises(AwsRefused):
        bench.here("prod", mfa_token=bench.mfa.fresh_code())
    assert bench.stored() != bench.key
    bench.here("prod", person=Person())
    bench.check_finished()
    assert sum(record.action == "GetSessionToken" for record in bench.aws.requests) == 1


def test_an_old_key_that_somebody_deactivated_meanwhile_is_no_hindrance(bench: Bench) -> None:
    new = bench.broken_off()
    bench.alice.deactivate(bench.key.access_key_id)
    bench.here()
    assert bench.stored("base").access_key_id == bench.stored("work").access_key_id == new
    assert [key.access_key_id for key in bench.alice.keys] == [new]


def test_a_key_that_somebody_deactivated_before_cannot_be_rotated_and_nothing_is_made(bench: Bench) -> None:
    bench.alice.deactivate(bench.key.access_key_id)
    with pytest.raises(ShellintError, match="deactivated"):
        bench.here()
    assert (len(bench.alice.keys), bench.store.names(KIND)) == (1, [])


def test_an_old_key_that_the_list_lacks_is_deleted_all_the_same(bench: Bench) -> None:
    bench.alice.keys[0].unlisted_for = 10
    bench.here()
    bench.check_finished()


def test_who_may_not_delete_has_a_new_key_that_works_and_is_done_when_somebody_else_deletes(bench: Bench) -> None:
    for _ in range(2):
        bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403)
        with pytest.raises(AwsRefused):
            bench.here()
        bench.check_nobody_is_stranded()
    bench.alice.delete_key(bench.key.access_key_id)
    bench.aws.fail_next("DeleteAccessKey", "AccessDenied", status=403)
    bench.here()
    assert (len(bench.alice.keys), bench.store.names(KIND)) == (1, [])
