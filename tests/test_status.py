"""What `vault status` says where nothing was loaded by `vault use`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.rig.environment import fresh_home

STATUS = ("vault", "status")
FOREIGN = "nothing is loaded in this shell (AWS_ACCESS_KEY_ID …0000 is set by something else)\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path / "home"))
        desk.role("plain")
        yield desk


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plain",), r"a session of plain, from `vault exec`, until 20[0-9T:-]+Z"),
        (("--serve", "plain"), "a session of plain, from `vault exec`"),
        (("--no-session", "base"), "the long-term key of base, from `vault exec`"),
    ],
)
def test_a_command_of_exec_is_told_whose_credentials_it_has(words: tuple[str, ...], says: str, desk: Desk) -> None:
    done = vault(desk, "exec", *words, "--", *STATUS)
    assert done.returncode == 0
    assert re.fullmatch(f"{says}\n", done.stdout)


@pytest.mark.parametrize("left", [{}, {"AWS_VAULT": "plain", "SHELLINT_HOOK": "1"}])
def test_keys_from_elsewhere_are_not_taken_for_ours(left: dict[str, str], desk: Desk) -> None:
    """Also in a shell that let a session go: its name is still there."""
    done = vault(desk, "status", AWS_ACCESS_KEY_ID="AKIAPASTED0000", AWS_SECRET_ACCESS_KEY="x", **left)
    assert done.stdout == FOREIGN
