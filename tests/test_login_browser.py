"""`login` in a browser: it gets a one-time address of the loopback, and the console's own in no argument."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import shellint.actions.login
from shellint.cli import call
from shellint.cli.options import Invocation
from shellint.errors import ShellintError
from shellint.sso.loopback import Loopback
from tests.aws import StrictAws
from tests.aws.browser import answer
from tests.command import vault
from tests.desk import Desk
from tests.rig.environment import environment, fresh_home

ROOT = Path(__file__).parents[1]


@pytest.fixture
def aws() -> Iterator[StrictAws]:
    with StrictAws() as strict:
        yield strict


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> Desk:
    made = Desk(aws, fresh_home(tmp_path / "home"))
    made.role("prod")
    return made


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that notes its arguments in `opened`, and where the address leads in `led`."""
    script = tmp_path / "browser"
    person = "import sys; from tests.aws.browser import answer; print(answer(sys.argv[1].rpartition('url=')[2]))"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/opened\n'
        f'cd {ROOT} && exec {sys.executable} -c "{person}" "$1" >{tmp_path}/led\n'
    )
    script.chmod(0o755)
    return script


def opened(tmp_path: Path) -> list[str]:
    return (tmp_path / "opened").read_text().splitlines()


def led(tmp_path: Path) -> str:
    return (tmp_path / "led").read_text().strip()


def test_the_browser_is_led_to_the_console_and_no_argument_has_the_address(
    desk: Desk, browser: Path, tmp_path: Path
) -> None:
    result = vault(desk, "login", "prod", "--path", "ec2/home", BROWSER=str(browser))
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    (address,) = opened(tmp_path)
    assert urlsplit(address).hostname == "127.0.0.1"
    query = parse_qs(urlsplit(led(tmp_path)).query)
    assert query["Destination"] == ["https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1"]
    (token,) = query["SigninToken"]
    assert token not in address + result.stderr
    assert "the console of prod for 59m, in the browser that opens" in result.stderr.replace("for 1h", "for 59m")
    with pytest.raises(OSError, match="refused"):
        answer(address)


def test_w14_browser_names_the_command_with_the_address_where_it_belongs(
    desk: Desk, browser: Path, tmp_path: Path
) -> None:
    """As an extension for containers in Firefox takes it."""
    result = vault(desk, "login", "prod", "--browser", f"{browser} 'ext+container:name=my prod&url=%s' second")
    assert result.returncode == 0, result.stderr
    first, second = opened(tmp_path)
    assert first.startswith("ext+container:name=my prod&url=http://127.0.0.1:")
    assert second == "second"
    assert led(tmp_path).startswith("https://us-east-1.signin.aws.amazon.com/federation?")


def test_logging_out_first_goes_through_the_browser_too(desk: Desk, browser: Path, tmp_path: Path) -> None:
    assert vault(desk, "login", "prod", "-a", BROWSER=str(browser)).returncode == 0
    assert led(tmp_path).startswith("https://us-east-1.signin.aws.amazon.com/oauth?Action=logout&redirect_uri=https")


@pytest.mark.parametrize(
    ("words", "env", "code", "says"),
    [
        ((), {}, 1, "no browser can be opened from here"),
        ((), {"BROWSER": "nosuch"}, 1, "no browser can be opened from here"),
        (("--browser", "nosuch %s"), {}, 2, "no command that is installed: nosuch %s"),
        (("--browser", "'nosuch"), {}, 2, "no command that is installed"),
        (("--browser", ""), {}, 2, "no command that is installed"),
    ],
)
def test_without_a_browser_aws_is_not_asked(
    desk: Desk, words: tuple[str, ...], env: dict[str, str], code: int, says: str
) -> None:
    result = vault(desk, "login", "prod", *words, **env)
    assert (result.returncode, result.stdout) == (code, "")
    assert says in result.stderr
    assert not desk.aws.requests


def test_a_browser_that_fails_is_named_with_the_way_out(desk: Desk) -> None:
    result = vault(desk, "login", "prod", "--browser", "sh -c 'exit 3'")
    assert (result.returncode, result.stdout) == (1, "")
    assert "the browser did not start" in result.stderr
    assert "--print" in result.stderr
    assert "SigninToken" not in result.stderr


def test_a_browser_that_never_comes_is_not_waited_for_without_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shellint.actions.login, "PATIENCE", 0.1)
    env = environment(desk.home, **desk.env)
    with pytest.raises(ShellintError, match="no browser has come") as caught:
        call(["login", "prod", "--no-input", "--browser", "true"], Invocation(env))
    assert "--print" in caught.value.todo


def test_the_loopback_notices_the_first_that_is_led_on() -> None:
    with Loopback("state") as server:
        address = server.one_time("https://example.com/?secret=1")
        assert not server.lead(0.05)
        assert answer(address) == "https://example.com/?secret=1"
        assert server.lead(5)
        with pytest.raises(ValueError, match="410"):
            answer(address)
