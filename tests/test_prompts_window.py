"""A window asks a person: who types wrong is asked again there, who closes it has declined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellint.credentials import Credentials
from shellint.errors import ConfigError, Interrupted, UsageError
from shellint.sources.mfa import MfaCodes
from shellint.sources.session_token import get_session_token
from shellint.steps import SessionToken
from tests.aws import StrictAws
from tests.prompting import Shelf, Turn
from tests.sts_helpers import ask
from tests.world import Script, World

_SCRIPT = [
    "on run argv",
    'display dialog (item 1 of argv) with title "vault" default answer "" buttons {"Cancel", "OK"} '
    'default button "OK" cancel button "Cancel"',
    "return text returned of result",
    "end run",
]
WINDOWS: dict[str, Callable[[str], list[str]]] = {
    # zenity takes `_` for the mark of an access key, and reads `\` as C does.
    "zenity": lambda text: ["--entry", "--title=vault", "--text=" + text.replace("\\", "\\\\").replace("_", "__")],
    "kdialog": lambda text: ["--title", "vault", "--inputbox", text],
    "osascript": lambda text: [*(word for line in _SCRIPT for word in ("-e", line)), text],
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "bin")


class Asking:
    """The device of a world, asked for in a window."""

    def __init__(self, world: World, shelf: Shelf, name: str) -> None:
        self.world = world
        self.shelf = shelf
        self.name = name
        self.question = f"MFA code for {world.mfa.serial}"

    def argv(self, *lines: str) -> list[str]:
        """Return the arguments of a call that shows these lines."""
        return WINDOWS[self.name]("\n".join(lines))

    def obtain(self) -> Credentials:
        """Ask AWS for the device's session, on the platform that has the program."""
        env = {"PATH": self.shelf.path, "AWS_VAULT_PROMPT": self.name, "DISPLAY": ":0"}
        codes = MfaCodes(self.world.human, env, platform="darwin" if self.name == "osascript" else "linux")
        step, sts = self.world.device(), ask(self.world.aws.endpoint_url, self.world.key)
        return codes.use(step, lambda code: get_session_token(sts, step, code))


@pytest.fixture(params=list(WINDOWS))
def asking(request: pytest.FixtureRequest, world: World, shelf: Shelf) -> Asking:
    return Asking(world, shelf, request.param)


def test_what_is_typed_into_a_window_is_the_code(asking: Asking) -> None:
    code = asking.world.mfa.fresh_code()
    asking.shelf.put(asking.name, Turn(asking.argv(asking.question), f"{code[:3]} {code[3:]}\n"))
    asking.obtain()
    assert asking.world.calls() == ["GetSessionToken"]
    assert asking.world.human.asked == []


def test_a_wrong_code_is_asked_for_again_with_the_reason_in_the_window(asking: Asking) -> None:
    wrong = Turn(None, f"{_wrong(asking.world)}\n")
    asking.shelf.put(asking.name, Turn(None, "secret words\n"), wrong, wrong)
    with pytest.raises(UsageError, match="AWS takes a code only once"):
        asking.obtain()
    first, second, third = (call["argv"] for call in asking.shelf.calls(asking.name))
    said = asking.world.human.said
    assert first == asking.argv(asking.question)
    assert second == asking.argv(
        "that is not an MFA code: it has six digits; type what the device shows now", asking.question
    )
    assert third == asking.argv(said[1], asking.question)
    assert said[1].startswith(f"AWS did not accept the MFA code for {asking.world.mfa.serial}")
    assert asking.world.calls() == ["GetSessionToken!"]


def test_a_window_that_is_closed_is_an_interruption(asking: Asking) -> None:
    asking.shelf.put(asking.name, Turn(asking.argv(asking.question), "123456\n", code=1))
    with pytest.raises(Interrupted) as caught:
        asking.obtain()
    assert caught.value.exit_code == 130
    assert asking.world.calls() == []


def test_a_window_that_fails_is_none_that_was_closed(asking: Asking) -> None:
    asking.shelf.put(asking.name, Turn(None, code=255, stderr="cannot open display\n"))
    with pytest.raises(ConfigError, match=f"^{asking.name} failed with exit code 255$") as caught:
        asking.obtain()
    assert caught.value.todo == "choose another with AWS_VAULT_PROMPT"


def test_nothing_in_a_serial_can_steer_a_window(world: World, shelf: Shelf) -> None:
    serial = 'a_b\\n" & (do shell script "id") & "\x1b[2J\u202e'
    shown = 'MFA code for a_b\\n" & (do shell script "id") & "[2J'
    for name, argv in WINDOWS.items():
        shelf.put(name, Turn(argv(shown), "123456\n"))
        env = {"PATH": shelf.path, "AWS_VAULT_PROMPT": name, "WAYLAND_DISPLAY": "wayland-0"}
        codes = MfaCodes(Script(), env, platform="darwin" if name == "osascript" else "linux")
        got: list[str | None] = []

        def call(code: str | None, got: list[str | None] = got) -> Credentials:
            got.append(code)
            return Credentials("ASIA", "secret", "token", None, None, 0)

        codes.use(SessionToken("base", serial, None, 900), call)
        assert got == ["123456"]


def _wrong(world: World) -> str:
    """Return a code that the device never shows near this time."""
    right = {world.mfa.code(world.aws.now() + 30 * step) for step in range(-3, 4)}
    return next(code for code in map("{:06d}".format, range(10, 30)) if code not in right)
