"""Signing in by the browser: every way in which it ends, and when a code takes its place."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from shellint.errors import AwsRefused, NeedsHuman, NetworkError, ShellintError
from shellint.providers import SsoInstance
from shellint.sources import client
from shellint.sso import oidc as sso_oidc
from shellint.sso.login import sign_in
from shellint.sso.values import Token
from shellint.terminal import NoHuman, Terminal, somebody
from tests.aws import Breakage, StrictAws
from tests.sso_browser import visit
from tests.sso_world import Naps, SsoWorld, browser_script
from tests.sts_helpers import refusal


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SsoWorld]:
    monkeypatch.setattr(sso_oidc, "aws_client", partial(client.aws_client, read_timeout=2.0))
    with StrictAws() as aws:
        world = SsoWorld(aws, tmp_path)
        world.env |= browser_script(tmp_path)
        yield world


def login(world: SsoWorld, *, browser: bool | None = None, seconds: float = 30.0) -> Token:
    sleep = Naps(world, [world.aws.sso.approve])
    return sign_in(world.instance, world.endpoint, world.caller(), browser=browser, seconds=seconds, sleep=sleep)


def opened(world: SsoWorld) -> list[str]:
    """Return the addresses with which the browser was started."""
    log = world.home / "opened"
    return log.read_text().splitlines() if log.exists() else []


def registered(world: SsoWorld) -> list[str]:
    """Return the grants of each client that was registered."""
    return [record.parameters["grantTypes"] for record in world.aws.requests if record.action == "RegisterClient"]


def test_the_browser_signs_in(world: SsoWorld) -> None:
    token = login(world)
    assert token.refresh
    assert world.calls() == ["RegisterClient", "Authorize", "AuthorizeAnswer", "CreateToken"]
    created = world.aws.requests[-1].parameters
    assert created["grantType"] == "authorization_code"


def test_the_browser_is_started_with_a_one_time_address_of_the_loopback(world: SsoWorld) -> None:
    login(world)
    (address,) = opened(world)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}", address)


def test_the_person_is_shown_another_address_that_works_too(world: SsoWorld) -> None:
    """The browser has used up its own, and may have been the wrong one."""
    world.env["BROWSER"] = "/bin/true"
    outcome: list[Token] = []
    thread = threading.Thread(target=lambda: outcome.append(login(world)))
    thread.start()
    while not world.human.said:
        thread.join(0.02)
    (line,) = world.human.said
    visit(line.rsplit(" ", 1)[1])
    thread.join(20)
    assert outcome
    assert line.startswith("sign in to corp in the browser that opens, or at http://127.0.0.1:")


def test_the_scopes_of_the_config_are_what_is_asked_for(world: SsoWorld) -> None:
    world.instance = SsoInstance(world.center.start_url, "eu-west-1", "corp", ("sso:account:access", "aws"))
    login(world)
    asked = {record.action: record.parameters for record in world.aws.requests}
    assert asked["RegisterClient"]["scopes"] == "sso:account:access aws"
    assert asked["Authorize"]["scopes"] == "sso:account:access aws"


def test_a_registration_serves_until_it_ends(world: SsoWorld) -> None:
    login(world)
    login(world)
    assert len(registered(world)) == 1
    login(world, browser=False)
    assert len(registered(world)) == 2, "a code takes another one"
    world.pass_time(90 * 86400 - 3600)
    login(world)
    assert len(registered(world)) == 3


def test_a_registration_that_aws_forgot_is_made_anew_once(world: SsoWorld) -> None:
    login(world, browser=False)
    world.aws.sso.expire_clients()
    assert login(world, browser=False).access
    assert len(registered(world)) == 2


def test_after_a_browser_that_never_came_back_the_client_is_registered_anew(world: SsoWorld) -> None:
    """Of a client that AWS forgot, the browser shows an error, and nobody tells this program."""
    login(world)
    world.aws.sso.clients.clear()
    error = refusal(lambda: login(world, seconds=1.0))
    assert isinstance(error, NeedsHuman)
    assert "nobody has signed in to corp in the browser" in error.what
    assert login(world).access
    assert len(registered(world)) == 2


def test_a_denied_sign_in_is_one_line(world: SsoWorld) -> None:
    world.env |= browser_script(world.home, "--deny")
    error = refusal(lambda: login(world))
    assert isinstance(error, AwsRefused)
    assert (error.what, error.code) == ("the sign-in to corp was denied in the browser", "AccessDeniedException")


@pytest.mark.parametrize(
    ("how", "kind"),
    [(how, NetworkError) for how in Breakage if how is not Breakage.SLOW]
    + [("TooManyRequestsException", AwsRefused), ("InternalServerException", AwsRefused)],
)
def test_a_code_that_cannot_be_redeemed_is_one_line_and_keeps_no_token(
    world: SsoWorld, how: Breakage | str, kind: type[ShellintError]
) -> None:
    if isinstance(how, Breakage):
        world.aws.break_next("CreateToken", how)
    else:
        world.aws.fail_next("CreateToken", how)
    assert isinstance(refusal(lambda: login(world)), kind)
    assert world.caller().store.names("sso") == []
    assert world.calls().count("CreateToken") + world.calls().count("CreateToken!") == 1, "a code is sent once"


def test_where_aws_gives_browsers_no_code_a_device_gets_one(world: SsoWorld) -> None:
    """The browser is opened all the same, at the page that has the code filled in."""
    world.aws.fail_next("RegisterClient", "UnsupportedGrantTypeException")
    token = sign_in(world.instance, world.endpoint, world.caller(), sleep=Naps(world, [partial(wait_for, world)]))
    assert token.access
    (address,) = opened(world)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}", address)


def wait_for(world: SsoWorld) -> None:
    """Wait, for real, until the person in the browser has allowed it."""
    until = time.monotonic() + 20
    while world.aws.sso.waiting and time.monotonic() < until:
        time.sleep(0.02)


@pytest.mark.parametrize(
    "env",
    [
        {"BROWSER": ""},
        {"BROWSER": "/nonexistent/browser"},
        {"BROWSER": "/bin/false"},
        {"BROWSER": "", "DISPLAY": ":0", "PATH": "/nonexistent"},
        {"BROWSER": "", "SSH_CONNECTION": "1 2 3 4"},
    ],
)
def test_where_no_browser_opens_a_code_takes_its_place(world: SsoWorld, env: dict[str, str]) -> None:
    world.env |= env
    assert login(world).access
    assert "in a browser, on any device" in world.human.said[0]


def test_a_person_who_wants_the_browser_gets_the_address_even_if_it_does_not_open(world: SsoWorld) -> None:
    world.env["BROWSER"] = "/bin/false"
    error = refusal(lambda: login(world, browser=True, seconds=0.1))
    assert isinstance(error, NeedsHuman)
    assert world.human.said[0].startswith("sign in to corp in a browser on this machine, at http://127.0.0.1:")


def test_without_a_browser_option_a_code_is_used_although_one_would_open(world: SsoWorld) -> None:
    assert login(world, browser=False).access
    assert opened(world) == []


def test_no_input_and_no_terminal_are_nobody(tmp_path: Path) -> None:
    assert not somebody(NoHuman())
    asks = "from shellint.terminal import Terminal, somebody;print(somebody(Terminal()))"
    done = subprocess.run(
        [sys.executable, "-c", asks], capture_output=True, text=True, start_new_session=True, check=True
    )
    assert done.stdout == "False\n"


def test_ctrl_c_ends_it_at_once_and_leaves_nothing(world: SsoWorld) -> None:
    world.env["BROWSER"] = "/bin/true"

    def interrupt() -> None:
        while not world.human.said:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    before = threading.active_count()
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        login(world, seconds=60)
    thread.join(10)
    address = world.human.said[0].rsplit(" ", 1)[1]
    with pytest.raises(OSError, match="refused"):
        visit(address)
    assert world.caller().store.names("sso") == []
    assert threading.active_count() <= before + 1


def test_no_secret_is_shown_by_what_holds_it(world: SsoWorld) -> None:
    token = login(world)
    assert token.refresh
    assert token.registration
    shown = repr(token)
    for secret in (token.access, token.refresh, token.registration.secret):
        assert secret not in shown
        assert secret not in "".join(world.human.said)


def test_a_terminal_is_somebody_only_where_it_can_be_opened() -> None:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        assert not somebody(Terminal())
    else:
        assert somebody(Terminal())
