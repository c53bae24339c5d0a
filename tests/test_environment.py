"""A session goes into an environment, is renewed there, moved, and handed to commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.environment import Change, clear, exec_environment, load, move, original, renew
from shellint.lease import Saved, digest
from shellint.variables import (
    CREDENTIALS,
    EXPIRATIONS,
    LONGEST_LEASE,
    OURS,
    REGIONS,
    REPLACED,
    SAVED_LIMIT,
    SECRET,
    SETS,
)
from tests.loading import NOW, OTHER, SECRETS, WISH, credentials, former, lease_of, regions, use


@given(env=former, region=regions)
def test_use_sets_exactly_the_table(env: dict[str, str], region: str | None) -> None:
    after = use(env, region=region).applied_to(env)
    session = {*SETS, *OURS} - {"SHELLINT_LOCK"} - (set() if region else set(REGIONS))
    assert after.keys() == {*OTHER, *session}
    assert {name: after[name] for name in OTHER} == OTHER


def test_what_each_variable_of_the_table_holds() -> None:
    change = use(OTHER)
    saved = change.set["SHELLINT_SAVED"]
    assert change.set == {
        "AWS_ACCESS_KEY_ID": "ASIA1",
        "AWS_SECRET_ACCESS_KEY": SECRETS[0],
        "AWS_SESSION_TOKEN": SECRETS[1],
        "AWS_VAULT": "prod",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CREDENTIAL_EXPIRATION": "2023-11-14T23:13:20Z",
        "AWS_SESSION_EXPIRATION": "2023-11-14T23:13:20Z",
        "SHELLINT_EXPIRES": "1700003600",
        "SHELLINT_SESSION": "ab12",
        "SHELLINT_KEY": "ASIA1",
        "SHELLINT_OWNER": "42",
        "SHELLINT_REQUEST": WISH.encode(),
        "SHELLINT_SAVED": saved,
    }
    assert Saved.decode(saved) is not None
    assert set(REPLACED) <= set(change.unset)
    assert change.renew_at == NOW + 3600 - 300


def test_a_short_session_is_renewed_in_its_second_half() -> None:
    change = load(OTHER, WISH, credentials(seconds=100), region=None, lease="l", owner=1, minimum=300, sealed={})
    assert change.renew_at == NOW + 50


@given(env=former)
def test_no_secret_stands_in_what_is_saved(env: dict[str, str]) -> None:
    """Neither ours nor a former one: those are sealed, and the text is short enough for any environment."""
    secret = {"AWS_SECRET_ACCESS_KEY": "former-s3cret", "AWS_SESSION_TOKEN": "former-t0ken"}
    change = use(env | secret)
    saved = Saved.decode(change.set["SHELLINT_SAVED"])
    assert saved is not None
    assert len(change.set["SHELLINT_SAVED"]) <= SAVED_LIMIT
    assert not saved.was.keys() & SECRET
    assert secret.items() <= change.seal.items()
    written = [*saved.was.values(), *(text for text in saved.put.values() if text)]
    assert not {*secret.values(), *SECRETS} & set(written)


def test_a_long_former_value_is_sealed_too() -> None:
    """32 kB of AWS_ROLE_ARN must not end in every child's environment twice."""
    env = {"AWS_ROLE_ARN": "x" * 32_000, "AWS_PROFILE": "mine", "AWS_SSO_PROFILE": "y" * 9_000}
    change = use(env)
    assert change.seal == {name: env[name] for name in ("AWS_ROLE_ARN", "AWS_SSO_PROFILE")}
    after = change.applied_to(env)
    assert clear(after, sealed=change.seal).applied_to(after) == env
    lost = clear(after, sealed={})
    assert lost.applied_to(after) == {"AWS_PROFILE": "mine"}
    assert set(lost.lost) == {"AWS_ROLE_ARN", "AWS_SSO_PROFILE"}


@given(env=former)
def test_a_renewal_keeps_what_was_saved(env: dict[str, str]) -> None:
    first = use(env)
    before = first.applied_to(env)
    change = renew(before, lease_of(before), WISH, credentials("ASIA2", 7200), minimum=300)
    after = change.applied_to(before)
    assert change.left_alone == ()
    assert after == use(env, key="ASIA2").applied_to(env) | {
        name: after[name] for name in (*EXPIRATIONS, "SHELLINT_EXPIRES", "SHELLINT_SAVED")
    }
    assert after["SHELLINT_EXPIRES"] == str(NOW + 7200)
    assert clear(after, sealed=first.seal).applied_to(after) == env


def test_a_renewal_leaves_alone_what_was_changed_since() -> None:
    before = use(OTHER).applied_to(OTHER) | {"AWS_REGION": "mine", "AWS_VAULT": "renamed"}
    change = renew(before, lease_of(before), WISH, credentials("ASIA2"), minimum=300)
    after = change.applied_to(before)
    assert (after["AWS_REGION"], after["AWS_VAULT"], after["AWS_ACCESS_KEY_ID"]) == ("mine", "renamed", "ASIA2")
    assert change.left_alone == ("AWS_VAULT",)
    cleared = clear(after, sealed={})
    assert cleared.applied_to(after) == OTHER | {"AWS_REGION": "mine", "AWS_VAULT": "renamed"}


@given(env=former)
def test_another_region_is_taken_out_as_the_first_was(env: dict[str, str]) -> None:
    first = use(env)
    before = first.applied_to(env)
    change = move(lease_of(before), WISH, "ap-south-1")
    after = change.applied_to(before)
    assert {name for name in after if after[name] != before[name]} <= {*REGIONS, "SHELLINT_SAVED", "SHELLINT_REQUEST"}
    assert [after[name] for name in REGIONS] == ["ap-south-1"] * 2
    assert clear(after, sealed=first.seal).applied_to(after) == env


@given(env=former)
def test_the_original_is_what_was_before_without_what_is_sealed(env: dict[str, str]) -> None:
    change = use(env)
    key = {*CREDENTIALS, *SECRET} if any(name in SECRET for name in env) else set()
    kept = {name: value for name, value in env.items() if name not in change.seal and name not in key}
    assert original(change.applied_to(env)) == kept


@given(env=former, outer=st.booleans())
def test_a_command_gets_the_session_and_nothing_of_ours(env: dict[str, str], outer: bool) -> None:
    """Also within a shell that holds another session: that one's variables are taken out."""
    env |= {"SHELLINT_FILE_PASSPHRASE": "s3cret", "SHELLINT_NO_INPUT": "1"}
    around = use(env, key="ASIA9", region="us-east-1").applied_to(env) if outer else env
    seen = exec_environment(around, WISH, credentials(), region=None)
    assert seen == {name: value for name, value in OTHER.items() if not name.startswith("AWSUME_")} | {
        "AWS_ACCESS_KEY_ID": "ASIA1",
        "AWS_SECRET_ACCESS_KEY": SECRETS[0],
        "AWS_SESSION_TOKEN": SECRETS[1],
        "AWS_VAULT": "prod",
        **dict.fromkeys(EXPIRATIONS, "2023-11-14T23:13:20Z"),
    }


def test_a_subshell_holds_a_session_of_its_own_and_nothing_to_restore() -> None:
    around = use(OTHER | {"AWS_PROFILE": "mine"}, key="ASIA9").applied_to(OTHER)
    seen = exec_environment(around, WISH, credentials(), region="eu-west-1", lease="cd34", owner=7)
    lease = lease_of(seen)
    assert (lease.id, lease.owner, lease.is_ours) == ("cd34", 7, True)
    assert lease.saved == Saved("cd34", {name: digest("cd34", seen[name]) for name in SETS}, {})
    assert clear(seen, sealed={}).applied_to(seen) == {n: v for n, v in OTHER.items() if not n.startswith("AWSUME_")}


def test_the_longest_session_is_within_what_the_hook_believes() -> None:
    """GetSessionToken gives 36 hours; the hook takes what is further ahead for no time at all."""
    assert 36 * 3600 < LONGEST_LEASE < 38 * 3600


@pytest.mark.parametrize("changed", [Change(set={"A": "s3cret"}), Change(seal={"A": "s3cret"})])
def test_a_change_does_not_show_its_values(changed: Change) -> None:
    assert "s3cret" not in repr(changed)
