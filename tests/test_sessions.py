"""Two requests share a session only when AWS would have made the same one for both."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from shellint.plan import AssumeRole, Endpoint, Plan, SessionToken, StoredKey
from shellint.sessions import forget_key, session_names
from tests.world import HOUR, open_test_store

ROLE = AssumeRole(
    profile="admin",
    role_arn="arn:aws:iam::123456789012:role/admin",
    session_name="alice@laptop",
    external_id="one",
    duration=HOUR,
    mfa_serial="arn:aws:iam::123456789012:mfa/alice",
    mfa_process="echo 123456",
    session_tags=(("team", "red"),),
    transitive_tag_keys=("team",),
    source_identity="alice",
)
OTHER: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/other",
    "session_name": "bob@laptop",
    "external_id": "two",
    "duration": 2 * HOUR,
    "mfa_serial": "arn:aws:iam::123456789012:mfa/other",
    "session_tags": (("team", "blue"),),
    "transitive_tag_keys": (),
    "source_identity": "bob",
}


def _name(plan: Plan, key: str = "AKIAEXAMPLE") -> str:
    return session_names(plan, key)[-1]


def _plan(*steps: SessionToken | AssumeRole, **endpoint: Any) -> Plan:
    sts = Endpoint(**{"region": "eu-west-1"} | endpoint)
    return Plan("admin", None, sts, (StoredKey("base"), *steps))


@pytest.mark.parametrize("field", [field.name for field in fields(AssumeRole)])
def test_every_field_of_a_role_that_shapes_its_session_makes_it_another(field: str) -> None:
    """A field that is added to the step later has to be decided on here."""
    if field in {"profile", "mfa_process"}:
        shapeless: dict[str, Any] = {field: "other"}
        assert _name(_plan(replace(ROLE, **shapeless))) == _name(_plan(ROLE))
    else:
        shaping: dict[str, Any] = {field: OTHER[field]}
        assert _name(_plan(replace(ROLE, **shaping))) != _name(_plan(ROLE))


def test_key_partition_endpoint_and_the_way_there_are_part_of_a_session_and_the_region_is_not() -> None:
    plan = _plan(ROLE)
    device = SessionToken("base", "serial", None, HOUR)
    others = {
        _name(plan),
        _name(plan, "AKIAOTHER"),
        _name(_plan(ROLE, region="cn-north-1")),
        _name(_plan(ROLE, url="https://sts.example.com")),
        _name(_plan(device, ROLE)),
        _name(_plan(replace(device, mfa_serial="other"), ROLE)),
        _name(_plan(replace(device, mfa_serial=None), ROLE)),
        _name(_plan(ROLE, ROLE)),
    }
    assert len(others) == 8
    assert _name(_plan(ROLE, region="us-east-1")) == _name(plan)


def test_a_key_is_forgotten_with_all_its_sessions_and_no_others(tmp_path: Path) -> None:
    store = open_test_store(tmp_path / "data")
    for key in ("AKIAGONE", "AKIASTAYS"):
        for name in session_names(_plan(SessionToken("base", "serial", None, HOUR), ROLE), key)[1:]:
            store.put("session", name, b"a session")
    assert forget_key(store, "AKIAGONE") == 2
    assert forget_key(store, "AKIAGONE") == 0
    assert forget_key(store, "AKIASTAYS") == 2


def test_a_device_has_one_session_whatever_its_length_unless_a_length_was_asked_for() -> None:
    def name(mfa: str | None, duration: int, *, explicit: bool = False) -> str:
        return _name(_plan(SessionToken("base", mfa, None, duration, explicit)))

    assert name("serial", HOUR) == name("serial", 8 * HOUR)
    assert name("serial", HOUR, explicit=True) not in {name("serial", HOUR), name("serial", 2 * HOUR, explicit=True)}
    assert name(None, HOUR) != name(None, 8 * HOUR)
