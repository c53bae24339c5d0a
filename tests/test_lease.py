"""What a shell's own variables say about its session: read exactly, and nothing else is believed."""

from __future__ import annotations

import base64
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellint.lease import Saved, Wish, digest, held
from shellint.variables import FIXED, REPLACED, SAVED_LIMIT, SETS, SHAPING, is_touched
from tests.hostile import VALUES, names, values

SESSION = {
    "AWS_ACCESS_KEY_ID": "ASIA1",
    "AWS_VAULT": "prod",
    "SHELLINT_SESSION": "ab12",
    "SHELLINT_KEY": "ASIA1",
    "SHELLINT_EXPIRES": "1700000000",
    "SHELLINT_OWNER": "42",
    "SHELLINT_REQUEST": Wish("prod", duration=900).encode(),
    "SHELLINT_SAVED": Saved("ab12", {"AWS_REGION": None}, {}).encode(),
}

wishes = st.builds(
    Wish,
    profile=names,
    duration=st.none() | st.integers(1, 10**6),
    minimum=st.none() | st.integers(1, 10**6),
    region=st.none() | values.filter(bool),
    role_arn=st.none() | values.filter(bool),
    source_profile=st.none() | names,
    environment=st.dictionaries(st.sampled_from(SHAPING), values, max_size=4),
)
put = st.dictionaries(
    st.sampled_from([*SETS, *REPLACED, "AWSUME_X1"]), st.none() | values.map(lambda v: digest("l", v))
)


@st.composite
def saves(draw: st.DrawFn) -> Saved:
    """Any Saved: some of the names that were put had a value before, some of these are sealed."""
    placed = draw(put)
    before = draw(st.sets(st.sampled_from(sorted(placed)))) if placed else set()
    secret = draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
    return Saved(draw(values), placed, {name: draw(values) for name in before - secret}, tuple(sorted(secret)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("a\0b") | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
wish_like = st.fixed_dictionaries(
    {},
    optional={field.name: json_values for field in fields(Wish)} | {"more": json_values},
)
saved_like = st.fixed_dictionaries(
    {"lease": json_values, "sealed": json_values | st.lists(st.sampled_from(SETS))},
    optional={
        "put": json_values | st.dictionaries(st.sampled_from(FIXED) | st.text(), json_values),
        "was": json_values | st.dictionaries(st.sampled_from(FIXED) | st.text(), json_values),
        "more": json_values,
    },
)


def opaque(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def test_a_wish_holds_no_variable_but_those_that_shape_a_session() -> None:
    """It comes out of the environment: a forged one must not bring PATH into a renewal."""
    assert Wish.decode(Wish("a", environment={"AWS_ROLE_ARN": "x"}).encode())
    assert Wish.decode(Wish("a", environment={"PATH": "/tmp"}).encode()) is None


@given(wish=wishes)
def test_a_wish_is_read_as_it_was_written(wish: Wish) -> None:
    text = wish.encode()
    assert Wish.decode(text) == wish
    assert text.isascii()
    assert text.isprintable()


@given(saved=saves())
def test_what_was_saved_is_read_as_it_was_written(saved: Saved) -> None:
    text = saved.encode()
    assert text.isascii()
    assert Saved.decode(text) == (saved if len(text) <= SAVED_LIMIT else None)


@given(text=values | st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_any_other_text_is_nothing(text: str) -> None:
    """Never an error, whatever somebody exported under our names."""
    for decode in (Wish.decode, Saved.decode):
        found = decode(text)
        assert found is None or decode(found.encode()) == found


@given(value=wish_like | json_values)
def test_a_wish_of_the_wrong_shape_is_nothing(value: object) -> None:
    wish = Wish.decode(opaque(value))
    if wish is not None:
        assert isinstance(value, dict)
        assert Wish.decode(wish.encode()) == wish
        assert "\0" not in wish.profile


@given(value=saved_like | json_values)
def test_a_saved_text_of_the_wrong_shape_is_nothing(value: object) -> None:
    """What is believed can be put into an environment, and names only variables of the table."""
    saved = Saved.decode(opaque(value))
    if saved is not None:
        assert all(is_touched(name) for name in (*saved.put, *saved.was, *saved.sealed))
        for text in (saved.lease, *saved.was.values()):
            assert b"\0" not in text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "SHELLINT_SAVED",
        "AWS_CONFIG_FILE",
        "LD_PRELOAD",
        "",
        "AWSUME_$(touch hit)",
        "AWSUME_A-B",
        "AWSUME_\xe9",
        "aws_vault",
    ],
)
def test_only_names_of_the_table_are_restored(name: str) -> None:
    """A child could otherwise be given a PATH by way of `vault clear`."""
    good = Saved("l", {"AWS_REGION": None, "AWSUME_X": None}, {"AWSUME_X": "x"})
    assert Saved.decode(good.encode()) == good
    for bad in (
        replace(good, put={**good.put, name: None}),
        replace(good, put={**good.put, name: None}, was={name: "x"}),
        replace(good, was={name: "x"}),
        replace(good, sealed=(name,)),
    ):
        assert Saved.decode(bad.encode()) is None


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"], ids=ascii)
def test_a_value_that_no_environment_can_hold_is_nothing(bad: str) -> None:
    for saved in (Saved(bad, {}, {}), Saved("l", {"AWS_REGION": None}, {"AWS_REGION": bad})):
        assert Saved.decode(saved.encode()) is None
    for wish in (Wish(bad), Wish("a", region=bad), Wish("a", environment={"AWS_ROLE_ARN": bad})):
        assert Wish.decode(wish.encode()) is None


def test_deep_and_huge_texts_are_nothing() -> None:
    for text in ("[" * 5000, '{"profile":' * 2000, f'{{"profile":"a","duration":{"9" * 5000}}}'):
        encoded = base64.urlsafe_b64encode(text.encode()).decode()
        assert Wish.decode(encoded) is None
        assert Saved.decode(encoded) is None
    assert Saved.decode(Saved("l", {"AWS_REGION": None}, {"AWS_REGION": "x" * SAVED_LIMIT}).encode()) is None


@given(value=values, lease=values)
def test_a_variable_is_ours_while_it_holds_what_we_put(value: str, lease: str) -> None:
    saved = Saved(lease, {"AWS_REGION": digest(lease, value), "AWS_PROFILE": None}, {})
    assert saved.is_ours("AWS_REGION", {"AWS_REGION": value})
    assert not saved.is_ours("AWS_REGION", {"AWS_REGION": value + "x"})
    assert not saved.is_ours("AWS_REGION", {})
    assert saved.is_ours("AWS_PROFILE", {})
    assert not saved.is_ours("AWS_PROFILE", {"AWS_PROFILE": value})


def test_a_digest_does_not_carry_from_one_lease_to_another() -> None:
    """Or two shells could tell that they were given the same secret."""
    assert digest("one", "secret") != digest("two", "secret")
    assert "secret" not in digest("one", "secret")


def test_a_session_is_read_from_its_variables() -> None:
    lease = held(SESSION)
    assert lease is not None
    assert (lease.id, lease.profile, lease.expires, lease.owner, lease.is_ours) == (
        "ab12",
        "prod",
        1_700_000_000,
        42,
        True,
    )
    assert lease.wish == Wish("prod", duration=900)
    assert lease.saved == Saved("ab12", {"AWS_REGION": None}, {})


@pytest.mark.parametrize(
    "change",
    [
        {"SHELLINT_SESSION": ""},
        {"SHELLINT_EXPIRES": "soon"},
        {"SHELLINT_EXPIRES": "-5"},
        {"SHELLINT_EXPIRES": "1e9"},
        {"SHELLINT_EXPIRES": " 5"},
        {"SHELLINT_EXPIRES": "\u0661"},
        {"SHELLINT_EXPIRES": "9" * 400},
        {"SHELLINT_EXPIRES": "a[$(touch hit)]"},
    ],
    ids=ascii,
)
def test_no_session_without_an_id_or_with_an_odd_time(change: dict[str, str]) -> None:
    assert held(SESSION | change) is None


def test_a_session_without_a_time_never_ends() -> None:
    """As the hooks have it, which show such a one without a time."""
    for env in (SESSION | {"SHELLINT_EXPIRES": ""}, {n: v for n, v in SESSION.items() if n != "SHELLINT_EXPIRES"}):
        lease = held(env)
        assert lease is not None
        assert (lease.profile, lease.expires, lease.is_ours) == ("prod", None, True)


def test_other_keys_are_not_ours() -> None:
    for change in ({"AWS_ACCESS_KEY_ID": "AKIA2"}, {"SHELLINT_KEY": ""}, {"SHELLINT_KEY": "ASIA9"}):
        lease = held(SESSION | change)
        assert lease is not None
        assert not lease.is_ours
    without = {name: value for name, value in SESSION.items() if name != "AWS_ACCESS_KEY_ID"}
    lease = held(without)
    assert lease is not None
    assert not lease.is_ours


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
def test_hostile_values_are_read_without_an_error(value: str) -> None:
    """In any of our variables: at worst there is no session."""
    for name in SESSION:
        lease = held(SESSION | {name: value})
        assert lease is None or lease.id
