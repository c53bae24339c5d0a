"""Signing in with a real browser, while every process of the machine is watched for what it was started with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from shellint.errors import AwsRefused, ShellintError
from shellint.sso.login import sign_in
from shellint.sso.values import Token
from tests.aws import StrictAws
from tests.chromium import SECONDS, Chromium
from tests.sso_world import SsoWorld


class Watch:
    """Notes the arguments of every process, again and again, until it ends."""

    def __init__(self) -> None:
        self.arguments: set[bytes] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(10)

    def _look(self) -> None:
        while not self._done.wait(0.01):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    self.arguments.add((process / "cmdline").read_bytes())
                except OSError:
                    continue  # it has ended


class Login:
    """A sign-in in a thread of its own, since a person clicks meanwhile."""

    def __init__(self, world: SsoWorld) -> None:
        self.token: Token | None = None
        self.error: ShellintError | None = None
        self._world = world
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        world = self._world
        try:
            self.token = sign_in(world.instance, world.endpoint, world.caller(), seconds=2 * SECONDS)
        except ShellintError as error:
            self.error = error

    def wait(self) -> None:
        self._thread.join(2 * SECONDS)
        assert not self._thread.is_alive()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SsoWorld]:
    with StrictAws() as aws:
        yield SsoWorld(aws, tmp_path)


@pytest.fixture
def chromium(world: SsoWorld, tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(tmp_path) as browser:
        world.env |= {"BROWSER": str(browser.command)}
        yield browser


def test_a_real_browser_ends_on_a_local_page_and_no_process_was_started_with_a_secret(
    world: SsoWorld, chromium: Chromium
) -> None:
    with Watch() as watch:
        login = Login(world)
        chromium.attach()
        chromium.click("button[value=allow]")
        chromium.wait_for_title("Signed in")
        login.wait()
    assert login.error is None
    assert login.token
    assert chromium.text() == "Signed in\nYou can close this page and go back to the terminal."
    sso = world.aws.sso
    (code,) = sso.codes.values()
    (registration,) = sso.clients.values()
    secrets = [*sso.access_tokens, *sso.refresh_tokens, code.code, code.state, code.challenge, registration.secret]
    assert login.token.access in secrets
    everything = b"\n".join(watch.arguments)
    assert not [secret for secret in secrets if secret.encode() in everything]
    assert b"--user-data-dir" in everything, "the watch has seen the browser"
    assert b"http://127.0.0.1:" in everything, "and the address it was started with"


def test_a_real_browser_that_is_told_to_deny_says_that_nobody_is_signed_in(world: SsoWorld, chromium: Chromium) -> None:
    login = Login(world)
    chromium.attach()
    chromium.click("button[value=deny]")
    chromium.wait_for_title("Not signed in")
    login.wait()
    assert isinstance(login.error, AwsRefused)
    assert "was denied" in login.error.what
