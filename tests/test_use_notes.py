"""What `vault use` says besides that it is done: only what is news, and true of this very call."""

from __future__ import annotations

from collections.abc import Mapping

from shellint.cli import call
from shellint.cli.options import Invocation
from tests.aws import StrictAws
from tests.desk import Desk
from tests.rig.environment import environment


def use(desk: Desk, *words: str, **env: str) -> tuple[tuple[str, ...], Mapping[str, str | None]]:
    """Return what `vault use base` says, and the variables that it sets."""
    reply = call(
        ["use", "base", *words], Invocation(environment(desk.home, **desk.env, SHELLINT_PID="42", **env), "bash")
    )
    assert reply.change
    return reply.notes, dict(reply.change.set)


def test_an_endpoint_is_named_only_when_it_was_really_asked(desk: Desk, aws: StrictAws) -> None:
    told = f"STS is asked at {aws.endpoint_url} (AWS_ENDPOINT_URL)"
    assert told in use(desk)[0]
    before = len(aws.requests)
    assert told not in use(desk)[0]
    assert len(aws.requests) == before
    assert told in use(desk, "--force")[0]


def test_only_what_this_shell_had_from_us_it_still_has(desk: Desk) -> None:
    _, variables = use(desk)
    mine = {name: value for name, value in variables.items() if value is not None}
    assert "base still has " in use(desk, **mine)[0][-1]
    pasted = {name: value for name, value in mine.items() if name.startswith("AWS_")}
    assert use(desk, **pasted)[0][-1].startswith("base for ")
