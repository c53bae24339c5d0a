"""Which way a code is asked for: the person's choice, else what can reach a person here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shellint.errors import ConfigError, NeedsHuman
from shellint.prompts.choice import choose
from shellint.prompts.driver import Place
from shellint.terminal import Human, NoHuman
from tests.asking import Asked
from tests.prompting import Shelf
from tests.world import Script

SERIAL = "arn:aws:iam::123456789012:mfa/alice"
ALL = ("ykman", "pass", "op", "zenity", "kdialog", "osascript")
X11 = {"DISPLAY": ":0"}
WAYLAND = {"WAYLAND_DISPLAY": "wayland-0"}
REMEDY = "give it with --mfa-token CODE, or let mfa_process or AWS_VAULT_PROMPT fetch it"
CHOICES = "it takes terminal, ykman, pass-otp, op, zenity, kdialog, osascript"
# In a process of its own, which has a terminal or none; its stdout is a pipe either way.
CHOOSE = """
from shellint.prompts.choice import choose
from shellint.prompts.driver import Place
print(choose(Place(terminal, {env}, {platform!r}), {serial!r}, programs={programs}).name)
"""


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked()
    yield made
    made.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "bin")
    for name in ALL:
        shelf.put(name)
    return shelf


def chosen(
    asked: Asked,
    shelf: Shelf,
    env: Mapping[str, str],
    *,
    terminal: bool,
    platform: str = "linux",
    programs: bool = True,
) -> tuple[int, str]:
    """Return the exit code, and the name of the driver or the error."""
    given = {"PATH": shelf.path, **env}
    code = CHOOSE.format(env=given, platform=platform, serial=SERIAL, programs=programs)
    asked.run(code, controlling=terminal)
    exit_code, out = asked.end()
    return exit_code, out.strip()


@pytest.mark.parametrize("env", [{}, X11, {"AWS_VAULT_PROMPT": ""}, {"AWS_VAULT_PROMPT": "terminal"}])
def test_a_terminal_is_asked_whatever_stdout_is(asked: Asked, shelf: Shelf, env: dict[str, str]) -> None:
    assert chosen(asked, shelf, env, terminal=True) == (0, "terminal")


@pytest.mark.parametrize(
    ("env", "platform", "name"),
    [(X11, "linux", "zenity"), (WAYLAND, "linux", "zenity"), ({}, "darwin", "osascript"), (X11, "darwin", "zenity")],
)
def test_without_a_terminal_a_window_is_opened_where_someone_sees_it(
    asked: Asked, shelf: Shelf, env: dict[str, str], platform: str, name: str
) -> None:
    assert chosen(asked, shelf, env, terminal=False, platform=platform) == (0, name)


@pytest.mark.parametrize(
    ("env", "options"),
    [
        ({}, {}),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, {}),
        (X11 | {"PATH": ""}, {}),
        (X11, {"programs": False}),
        ({"AWS_VAULT_PROMPT": "terminal"} | X11, {}),
    ],
)
def test_with_neither_the_remedy_is_named_and_no_noise(
    asked: Asked, shelf: Shelf, env: dict[str, str], options: dict[str, bool]
) -> None:
    exit_code, said = chosen(asked, shelf, env, terminal=False, **options)  # type: ignore[arg-type]
    assert exit_code == 4
    assert said == f"NeedsHuman the MFA code for {SERIAL} has to come from a person, and there is no terminal"


@pytest.mark.parametrize("name", ["ykman", "pass-otp", "op", "zenity", "kdialog"])
def test_what_is_named_needs_no_terminal(asked: Asked, shelf: Shelf, name: str) -> None:
    assert chosen(asked, shelf, {"AWS_VAULT_PROMPT": name} | X11, terminal=False) == (0, name)


@pytest.mark.parametrize("name", ["ykman", "zenity"])
def test_what_is_named_is_asked_though_there_is_a_terminal(asked: Asked, shelf: Shelf, name: str) -> None:
    assert chosen(asked, shelf, {"AWS_VAULT_PROMPT": name} | X11, terminal=True) == (0, name)


@pytest.mark.parametrize(
    ("human", "env", "why"),
    [
        (NoHuman(), X11, "input was ruled out by --no-input or SHELLINT_NO_INPUT"),
        (NoHuman(), X11 | {"AWS_VAULT_PROMPT": "terminal"}, "input was ruled out by --no-input or SHELLINT_NO_INPUT"),
        (NoHuman(), X11 | {"AWS_VAULT_PROMPT": "kdialog"}, "input was ruled out by --no-input or SHELLINT_NO_INPUT"),
        (Script(), {"AWS_VAULT_PROMPT": "zenity"}, "there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"),
    ],
)
def test_whoever_cannot_be_reached_is_told_how_to_do_without(
    shelf: Shelf, human: Human, env: dict[str, str], why: str
) -> None:
    with pytest.raises(NeedsHuman) as caught:
        choose(Place(human, {"PATH": shelf.path, **env}, "linux"), SERIAL)
    assert caught.value.what == f"the MFA code for {SERIAL} has to come from a person, and {why}"
    assert caught.value.todo == REMEDY


@pytest.mark.parametrize(
    ("env", "what", "todo"),
    [
        ({"AWS_VAULT_PROMPT": "wincredui"}, "wincredui is no way to get an MFA code", CHOICES),
        ({"AWS_VAULT_PROMPT": "Terminal"}, "Terminal is no way to get an MFA code", CHOICES),
        (
            {"AWS_VAULT_PROMPT": "osascript"},
            "osascript cannot give an MFA code: osascript is a part of another system",
            CHOICES,
        ),
        (
            {"AWS_VAULT_PROMPT": "op", "PATH": "/nonexistent"},
            "op cannot give an MFA code: there is no op on PATH",
            f"install it; {CHOICES}",
        ),
    ],
)
def test_a_choice_that_cannot_be_used_names_the_variable_and_the_choices(
    shelf: Shelf, env: dict[str, str], what: str, todo: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(Place(Script(), {"PATH": shelf.path, **X11, **env}, "linux"), SERIAL)
    assert (caught.value.what, caught.value.todo) == (f"AWS_VAULT_PROMPT: {what}", todo)


def test_a_program_is_looked_for_on_the_callers_path_and_nowhere_else(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", shelf.path)
    for env in ({}, {"PATH": ""}):
        with pytest.raises(ConfigError, match="there is no op on PATH"):
            choose(Place(Script(), {"AWS_VAULT_PROMPT": "op", **env}, "linux"), SERIAL)
