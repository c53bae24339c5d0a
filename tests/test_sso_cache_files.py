"""What may stand where the AWS CLI keeps its sign-ins: all but what it writes itself is ignored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shellint.errors import NeedsHuman
from shellint.sso.cache import CliToken
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.sso_cli import Cli, moment
from tests.store_helpers import needs_root
from tests.sts_helpers import refusal


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with StrictAws() as aws:
        yield Cli(aws, tmp_path)


CHANGES: dict[str, dict[str, Any]] = {
    "no token": {"accessToken": None},
    "a token that is none": {"accessToken": "a\nb"},
    "a number": {"accessToken": 7},
    "no end": {"expiresAt": None},
    "an end that is none": {"expiresAt": "soon"},
    "an end out of reach": {"expiresAt": "9999-12-31T23:59:59-14:00"},
    "another start URL": {"startUrl": "https://elsewhere.awsapps.com/start"},
    "another region": {"region": "us-east-1"},
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_file_without_a_token_for_this_instance_is_none(cli: Cli, change: str) -> None:
    cli.login(**CHANGES[change])
    before = cli.file.read_bytes()
    # A date in the last hours of the calendar can be read, and its token is then the portal's to judge.
    if change == "an end out of reach":
        assert cli.token(NoHuman()) == cli.kept()["accessToken"]
    else:
        assert isinstance(refusal(lambda: cli.token(NoHuman())), NeedsHuman)
    assert cli.file.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"refreshToken": None},
        {"refreshToken": ""},
        {"clientId": None},
        {"clientSecret": 7},
        {"registrationExpiresAt": None},
        {"registrationExpiresAt": "2020-01-01T00:00:00Z"},
    ],
)
def test_without_all_that_a_refresh_takes_a_token_is_used_to_its_end(cli: Cli, change: dict[str, Any]) -> None:
    content = cli.login(seconds=60, **change)
    assert cli.token(NoHuman()) == content["accessToken"]
    cli.pass_time(61)
    assert isinstance(refusal(lambda: cli.token(NoHuman())), NeedsHuman)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%SUTC", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S"]
)
def test_the_end_of_a_token_is_read_in_each_form_it_was_ever_written(cli: Cli, form: str) -> None:
    cli.login(expiresAt=moment(cli.clock() + 1000, form), refreshToken=None)
    token = CliToken(cli.instance, cli.caller()).read()
    assert token
    assert token.expires == pytest.approx(cli.clock() + 1000, abs=2)


def _replace(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _link_to(target: str) -> Callable[[Path], object]:
    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return link


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT: dict[str, Callable[[Path], object]] = {
    "empty": _replace(b""),
    "cut off": _replace(b'{"accessToken": "x'),
    "no text": _replace(b"\xff\xfe\x00"),
    "another shape": _replace(b"[1]"),
    "too deep": _replace(b"[" * 200_000),
    "huge": lambda path: path.write_text(path.read_text() + " " * (1 << 18)),
    "written by anybody": lambda path: path.chmod(0o606),
    "written by a group": lambda path: path.chmod(0o660),
    "a device": _link_to("/dev/zero"),
    "a link to nowhere": _link_to("/nonexistent"),
    "a pipe": _fifo,
    "a directory": _directory,
}


@pytest.mark.parametrize("how", list(SPOILT))
def test_a_file_that_the_cli_would_not_have_written_is_ignored(cli: Cli, how: str) -> None:
    cli.login()
    SPOILT[how](cli.file)
    assert isinstance(refusal(lambda: cli.token(NoHuman())), NeedsHuman)


@needs_root
def test_a_file_of_another_user_is_ignored(cli: Cli) -> None:
    cli.login()
    os.chown(cli.file, 65534, 65534)
    assert isinstance(refusal(lambda: cli.token(NoHuman())), NeedsHuman)
