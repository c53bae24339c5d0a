"""A session goes out of an environment again, and what was there before is there after it, exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shellint.environment import Change, clear
from shellint.variables import (
    CREDENTIALS,
    OURS,
    REPLACED,
    SECRET,
    SETS,
)
from tests.hostile import values
from tests.loading import OTHER, fallen, former, regions, use


@given(env=former, region=regions)
def test_clear_restores_whatever_was_there_before(env: dict[str, str], region: str | None) -> None:
    change = use(env, region=region)
    after = change.applied_to(env)
    assert clear(after, sealed=change.seal).applied_to(after) == env


@given(env=former, second=regions)
def test_a_second_use_leaves_nothing_of_the_first(env: dict[str, str], second: str | None) -> None:
    """It is clear and use in one change: as if the second were alone, and `clear` leads back all the way."""
    first = use(env)
    held_now = first.applied_to(env)
    change = use(held_now, key="ASIA2", region=second, sealed=first.seal)
    after = change.applied_to(held_now)
    assert after == use(env, key="ASIA2", region=second).applied_to(env)
    assert clear(after, sealed=change.seal).applied_to(after) == env


@given(env=former, changed=st.dictionaries(st.sampled_from([*SETS[1:], *REPLACED]), values, min_size=1, max_size=4))
def test_what_was_changed_since_is_left_alone_and_named(env: dict[str, str], changed: dict[str, str]) -> None:
    change = use(env)
    after = change.applied_to(env) | changed
    cleared = clear(after, sealed=change.seal)
    really = {name for name, value in changed.items() if change.set.get(name) != value}
    assert set(cleared.left_alone) == really
    result = cleared.applied_to(after)
    assert result == {name: value for name, value in env.items() if name not in really} | {
        n: changed[n] for n in really
    }


@given(env=former, gone=st.sets(st.sampled_from(SETS[1:])))
def test_what_was_unset_since_stays_unset(env: dict[str, str], gone: set[str]) -> None:
    """`unset AWS_REGION` after `use` is a change like any other."""
    change = use(env)
    after = {name: value for name, value in change.applied_to(env).items() if name not in gone}
    cleared = clear(after, sealed=change.seal)
    assert set(cleared.left_alone) == gone
    assert cleared.applied_to(after) == {name: value for name, value in env.items() if name not in gone}


@given(env=former)
def test_half_a_key_never_comes_back(env: dict[str, str]) -> None:
    """When the former secrets cannot be opened, no part of a key is restored, and each that was there is named."""
    change = use(env)
    after = change.applied_to(env)
    cleared = clear(after, sealed={})
    result = cleared.applied_to(after)
    secret = {name for name in env if name in SECRET}
    key = {*CREDENTIALS, *SECRET} if secret else set()
    lost = {name for name in env if name in key or name in change.seal}
    assert set(cleared.lost) == lost
    assert result == {name: value for name, value in env.items() if name not in lost}


def test_a_key_id_alone_was_alone_before() -> None:
    """Without a former secret there is no pair to break."""
    env = {"AWS_ACCESS_KEY_ID": "AKIA0"}
    after = use(env).applied_to(env)
    assert clear(after, sealed={}).applied_to(after) == env


@given(env=former)
def test_keys_of_somebody_else_are_not_touched(env: dict[str, str]) -> None:
    """Pasted over ours: our own variables go, every AWS variable stays as it is."""
    change = use(env)
    pasted = change.applied_to(env) | {"AWS_ACCESS_KEY_ID": "AKIA9", "AWS_SECRET_ACCESS_KEY": "theirs"}
    cleared = clear(pasted, sealed=change.seal)
    assert not cleared.set
    assert cleared.applied_to(pasted) == {name: value for name, value in pasted.items() if name not in OURS}


@given(env=former)
def test_use_over_pasted_keys_brings_them_back_later(env: dict[str, str]) -> None:
    first = use(env)
    pasted = first.applied_to(env) | {"AWS_ACCESS_KEY_ID": "AKIA9", "AWS_SECRET_ACCESS_KEY": "theirs"}
    second = use(pasted, key="ASIA2", lease="cd34", sealed=first.seal)
    after = second.applied_to(pasted)
    back = clear(after, sealed=second.seal).applied_to(after)
    assert back == {name: value for name, value in pasted.items() if name not in OURS}


@given(env=former)
def test_after_the_fallback_clear_still_restores(env: dict[str, str]) -> None:
    change = use(env)
    left = fallen(change.applied_to(env))
    assert clear(left, sealed=change.seal).applied_to(left) == env


@given(env=former, mine=values)
def test_what_was_set_after_the_fallback_stays(env: dict[str, str], mine: str) -> None:
    change = use(env)
    left = fallen(change.applied_to(env)) | {"AWS_PROFILE": mine}
    assert clear(left, sealed=change.seal).applied_to(left) == env | {"AWS_PROFILE": mine}


@given(env=former)
def test_use_after_the_fallback_remembers_what_was_before_the_first(env: dict[str, str]) -> None:
    first = use(env)
    left = fallen(first.applied_to(env))
    second = use(left, key="ASIA2", lease="cd34", sealed=first.seal)
    after = second.applied_to(left)
    assert clear(after, sealed=second.seal).applied_to(after) == env


@given(env=former, text=values)
def test_without_a_readable_memory_everything_of_ours_goes(env: dict[str, str], text: str) -> None:
    """Better too much than a credential left behind; with nothing loaded nothing is touched."""
    after = use(env).applied_to(env) | {"SHELLINT_SAVED": text}
    assert clear(after, sealed={}).applied_to(after) == OTHER
    assert clear(env, sealed={}) == Change()
