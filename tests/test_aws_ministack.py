"""The strict AWS stand-in and ministack, an independent emulator, agree wherever ministack checks at all.

Both meet the same calls and must give the same HTTP status and the same error code.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from tests.aws.client import outcome, send, sign
from tests.aws.worlds import IDENTITY, World, ministack_world, strict_world

TAGS = [{"Key": "team", "Value": "red"}]

Case: TypeAlias = Callable[[World], "tuple[int, str]"]


def who(key: Callable[[World], Any]) -> Case:
    return lambda world: outcome(world.sts(key(world)).get_caller_identity)


def unsigned(world: World) -> tuple[int, str]:
    request = sign(world.url, IDENTITY, world.alice)
    return send(world.url, replace(request, headers=request.headers[:-1])).outcome


def changed_body(world: World) -> tuple[int, str]:
    request = sign(world.url, IDENTITY, world.alice)
    return send(world.url, replace(request, body=request.body + b"&DurationSeconds=900")).outcome


def reordered_query(world: World) -> tuple[int, str]:
    request = sign(world.url, IDENTITY, world.alice, method="GET")
    return send(world.url, replace(request, query="&".join(reversed(request.query.split("&"))))).outcome


AGREED: Mapping[str, Case] = {
    "a good key": who(lambda world: world.alice),
    "a wrong secret": who(lambda world: (world.alice[0], "wrong")),
    "an unknown key": who(lambda world: ("AKIAIOSFODNN7EXAMPLE", world.alice[1])),
    "an inactive key": who(lambda world: world.inactive),
    "a deleted key": who(lambda world: world.deleted),
    "a session": who(lambda world: world.session()),
    "a session without its token": who(lambda world: dict(world.session()) | {"SessionToken": None}),
    "a session with another token": who(lambda world: dict(world.session()) | {"SessionToken": "tampered"}),
    "a session with a wrong secret": who(lambda world: dict(world.session()) | {"SecretAccessKey": "wrong"}),
    "a session that has ended": who(lambda world: world.lapsed()),
    "signed by hand": lambda world: world.raw(),
    "signed by hand, GET": lambda world: world.raw(method="GET"),
    "no signature": unsigned,
    "a body changed after signing": changed_body,
    "a query in another order": reordered_query,
    "scoped to another day": lambda world: world.raw(scope={"date": "20150830"}),
    "scoped to another thing": lambda world: world.raw(scope={"terminator": "aws5_request"}),
    "20 minutes late": lambda world: world.raw(at=time.time() - 1200),
    "20 minutes early": lambda world: world.raw(at=time.time() + 1200),
    "14 minutes late": lambda world: world.raw(at=time.time() - 840),
    "14 minutes early": lambda world: world.raw(at=time.time() + 840),
    "a role": lambda world: world.assume("open"),
    "a role that does not exist": lambda world: world.assume(world.roles["open"] + "-missing"),
    "a role that trusts another": lambda world: world.assume("closed"),
    "a role that trusts the account": lambda world: world.assume("account"),
    "a role through a role": lambda world: world.assume("behind", world.as_role("open")),
    "a role through a role, straight": lambda world: world.assume("behind"),
    "a role through a session": lambda world: world.assume("open", world.sts(world.session())),
    "a role that wants MFA, without": lambda world: world.assume("mfa"),
    "an external id, right": lambda world: world.assume("vendor", ExternalId="known"),
    "an external id, wrong": lambda world: world.assume("vendor", ExternalId="other"),
    "an external id, none": lambda world: world.assume("vendor"),
    "a malformed ARN": lambda world: world.assume("arn:aws:iam::12:role/malformed"),
    "a malformed policy": lambda world: world.assume("open", Policy="{"),
    "a policy too long": lambda world: world.assume("open", Policy=json.dumps({"Statement": "x" * 2048})),
    "duplicate tags": lambda world: world.assume("tags", Tags=[*TAGS, {"Key": "Team", "Value": ""}]),
    "tags allowed": lambda world: world.assume("tags", Tags=TAGS),
    "tags not allowed": lambda world: world.assume("open", Tags=TAGS),
    "a session token for a session": lambda world: outcome(world.sts(world.session()).get_session_token),
    "a session token for a role": lambda world: outcome(world.as_role("open").get_session_token),
    "an unknown action": lambda world: send(world.url, sign(world.url, {"Action": "GetMoney"}, world.alice)).outcome,
}

NOT_CHECKED = "ministack does not check it"
# What the stand-in says, what ministack says, and why they differ.
DIFFERENT: Mapping[str, tuple[Case, tuple[int, str], tuple[int, str], str]] = {
    "a session token of 899 seconds": (
        lambda world: outcome(world.sts().get_session_token, DurationSeconds=899),
        (400, "ValidationError"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a session token of more than 36 hours": (
        lambda world: outcome(world.sts().get_session_token, DurationSeconds=129601),
        (400, "ValidationError"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a role for 899 seconds": (
        lambda world: world.assume("open", DurationSeconds=899),
        (400, "ValidationError"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a role for longer than its maximum": (
        lambda world: world.assume("open", DurationSeconds=7200),
        (400, "ValidationError"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a chained role for two hours": (
        lambda world: world.assume("open", world.sts(world.session()), DurationSeconds=7200),
        (400, "ValidationError"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a session name of one letter": (
        lambda world: world.assume("open", RoleSessionName="a"),
        (400, "ValidationError"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a wrong MFA code": (
        lambda world: outcome(world.sts().get_session_token, SerialNumber=world.mfa_serial, TokenCode="000000"),
        (403, "AccessDenied"),
        (200, ""),
        NOT_CHECKED,
    ),
    "an MFA device of nobody's": (
        lambda world: outcome(world.sts().get_session_token, SerialNumber="GAHT12345678", TokenCode=world.mfa_code()),
        (403, "AccessDenied"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a role that wants MFA, with it": (
        lambda world: world.assume("mfa", SerialNumber=world.mfa_serial, TokenCode=world.mfa_code()),
        (200, ""),
        (403, "AccessDenied"),
        "ministack never sets aws:MultiFactorAuthPresent",
    ),
    "a header of AWS's left out of the signature": (
        lambda world: world.raw(headers={"x-amz-note": "a"}, unsigned=("x-amz-note",)),
        (403, "SignatureDoesNotMatch"),
        (200, ""),
        NOT_CHECKED,
    ),
    "a managed policy that does not exist": (
        lambda world: world.assume("open", PolicyArns=[{"arn": "arn:aws:iam::aws:policy/Nothing"}]),
        (200, ""),
        (400, "ValidationError"),
        "the stand-in has no managed policies and looks at the shape of the ARN alone",
    ),
}


@pytest.fixture(scope="module")
def double() -> Iterator[World]:
    with strict_world() as world:
        yield world


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ministack_world(tmp_path_factory.mktemp("ministack")) as world:
        yield world


@pytest.mark.parametrize("case", AGREED)
def test_both_say_the_same(case: str, double: World, ministack: World) -> None:
    assert AGREED[case](double) == AGREED[case](ministack)


@pytest.mark.parametrize("case", DIFFERENT)
def test_where_they_differ_is_known(case: str, double: World, ministack: World) -> None:
    call, ours, theirs, reason = DIFFERENT[case]
    assert (call(double), call(ministack)) == (ours, theirs), reason


def test_the_cases_reach_both_ends(double: World) -> None:
    """A set of cases in which nothing is ever allowed, or nothing refused, would agree too easily."""
    codes = {case(double)[1] for case in AGREED.values()}
    assert codes >= {"", "SignatureDoesNotMatch", "InvalidClientTokenId", "ExpiredToken", "AccessDenied"}
