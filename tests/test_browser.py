"""Which browser opens where, and that it gets nothing from us but an address."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from shellint.browser import browser_command, open_url

URL = "http://127.0.0.1:1234/abc"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A directory of programs, the whole of PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


def install(directory: Path, name: str, script: str = "exit 0") -> Path:
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def command(path: Path, platform: str = "linux", **env: str) -> tuple[str, ...] | None:
    return browser_command({"PATH": str(path), **env}, platform)


@pytest.mark.parametrize(
    ("browser", "words"),
    [
        ("mine", ["mine"]),
        ("nothing:mine", ["mine"]),
        ("mine:other", ["mine"]),
        ("mine --new-window %s", ["mine", "--new-window", "%s"]),
        ("mine '--profile=my own' %s:other", ["mine", "--profile=my own", "%s"]),
        ("'mine", None),
        ("nothing", None),
    ],
)
def test_browser_names_the_command(path: Path, browser: str, words: list[str] | None) -> None:
    for name in ("mine", "other", "xdg-open"):
        install(path, name)
    expected = (str(path / words[0]), *words[1:]) if words else None
    assert command(path, BROWSER=browser, DISPLAY=":0") == expected


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, None),
        ({"BROWSER": "", "DISPLAY": ":0"}, "xdg-open"),
        ({"DISPLAY": ":0"}, "xdg-open"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "xdg-open"),
        ({"SSH_CONNECTION": "1 2 3 4"}, None),
        ({"SSH_TTY": "/dev/pts/1", "DISPLAY": "localhost:10.0"}, "xdg-open"),
        ({"SSH_CONNECTION": "1 2 3 4", "BROWSER": "mine"}, "mine"),
        ({"WSL_DISTRO_NAME": "Debian"}, "wslview"),
        ({"WSL_DISTRO_NAME": "Debian", "SSH_TTY": "/dev/pts/1"}, None),
        ({"TERMUX_VERSION": "0.118"}, "termux-open-url"),
    ],
)
def test_each_place_has_its_own(path: Path, env: dict[str, str], name: str | None) -> None:
    for program in ("xdg-open", "wslview", "termux-open-url", "mine"):
        install(path, program)
    assert command(path, **env) == (name and (str(path / name),))


@pytest.mark.parametrize(("env", "there"), [({}, True), ({"SSH_CONNECTION": "1"}, False)])
def test_windows_opens_with_its_own_and_not_over_ssh(path: Path, env: dict[str, str], there: bool) -> None:
    install(path, "rundll32.exe")
    found = command(path, "win32", **env)
    assert found == ((str(path / "rundll32.exe"), "url.dll,FileProtocolHandler") if there else None)


def test_what_is_not_installed_is_passed_over(path: Path) -> None:
    assert command(path, DISPLAY=":0") is None
    install(path, "gio")
    assert command(path, DISPLAY=":0") == (str(path / "gio"), "open")


def test_the_address_goes_where_it_belongs(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = install(path, "mine", f'printf "%s\\n" "$@" >{out}')
    assert open_url(URL, {"PATH": "/bin", "BROWSER": str(script)})
    assert out.read_text().splitlines() == [URL]
    assert open_url(URL, {"PATH": "/bin", "BROWSER": f"{script} a=%s 'b c'"})
    assert out.read_text().splitlines() == [f"a={URL}", "b c"]


def test_the_browser_gets_no_descriptor_no_terminal_and_no_credentials(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    look = (
        "import json, os, sys; print('out'); print('err', file=sys.stderr); mine = os.listdir('/proc/self/fd');"
        "json.dump({'fds': [os.readlink(f'/proc/self/fd/{n}') for n in mine if os.path.exists(f'/proc/self/fd/{n}')],"
        "'sid': os.getsid(0) == os.getpid(), 'env': dict(os.environ)}, open(sys.argv[1], 'w'))"
    )
    env = {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "s", "SHELLINT_FILE_PASSPHRASE": "p", "DISPLAY": ":0"}
    with (tmp_path / "inherited").open("w") as inherited:
        os.set_inheritable(inherited.fileno(), True)
        assert open_url(URL, env, (sys.executable, "-I", "-c", look, str(out), "%s"))
    seen = json.loads(out.read_text())
    assert set(seen["fds"]) - {str(out)} <= {"/dev/null"}
    assert seen["sid"]
    assert {"PATH", "DISPLAY"} <= set(seen["env"])
    assert not {name for name in seen["env"] if name.startswith(("AWS_", "SHELLINT_"))}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$"])
def test_a_browser_that_fails_is_seen(path: Path, script: str) -> None:
    assert not open_url(URL, {"PATH": "/bin", "BROWSER": str(install(path, "mine", script))})


def test_what_cannot_be_started_is_seen(path: Path) -> None:
    install(path, "mine").write_text("#!/nonexistent/interpreter\n")
    assert not open_url(URL, {"PATH": "/bin"}, (str(path / "mine"),))
    assert not open_url(URL, {"PATH": "/bin"})


def test_a_browser_that_stays_is_not_waited_for(path: Path) -> None:
    script = install(path, "mine", "exec sleep 3")
    before = time.monotonic()
    assert open_url(URL, {"PATH": "/bin", "BROWSER": str(script)}, patience=0.1)
    assert time.monotonic() - before < 2
