"""What `vault setup` wrote, read by the shells themselves."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from shellint.startup import ask_shell, startup
from tests.desk import BIN
from tests.pwsh_shell import powershell
from tests.rig.environment import environment, fresh_home
from tests.rig.kinds import Kind
from tests.rig.programs import program
from tests.rig.shell import Shell
from tests.test_setup import PATH, contents, setup

HERE = f"{BIN}:/usr/local/bin:/usr/bin:/bin"
AWAY = "/usr/local/bin:/usr/bin:/bin"
"""Without our program."""


class Machine:
    """A home that was set up for one kind of shell, and shells opened there."""

    def __init__(self, kind: Kind, home: Path, shells: ExitStack) -> None:
        self.kind, self.home, self._shells = kind, home, shells
        self.kept = home / ".local/share/shellint/hooks" / f"vault.{kind.name}"
        # Whoever asks the program for the hook, instead of reading it, is seen here.
        self.asked = home / "asked"
        # With it the right file is .bashrc on macOS too.
        (home / ".bash_profile").write_text(". ~/.bashrc\n")
        self.bin = home / "bin"
        self.bin.mkdir()
        fake = self.bin / "shellint"
        fake.write_text(
            f'#!/bin/sh\necho "$*" >>{shlex.quote(str(self.asked))}\nexec {shlex.quote(str(BIN))}/shellint "$@"\n'
        )
        fake.chmod(0o755)

    def open(self, rc: str = "", path: str = "") -> Shell:
        """Open a shell whose rc file is what is in it now, `rc` before it."""
        file = self.home / self.kind.rc
        lines = file.read_text().removeprefix(self.kind.prompt) if file.exists() else ""
        env = {"PATH": path or f"{self.bin}:{HERE}"}
        return self._shells.enter_context(Shell(self.kind, self.home, rc + lines, env))

    def has_hook(self, sh: Shell) -> bool:
        sh.run("vault_prompt_info")
        return sh.status() == 0


@pytest.fixture
def machine(shell_kind: Kind, home: Path) -> Iterator[Machine]:
    with ExitStack() as shells:
        yield Machine(shell_kind, home, shells)


def test_the_shell_is_detected_and_the_next_one_has_the_hook(machine: Machine) -> None:
    sh = machine.open(path=HERE)
    assert not machine.has_hook(sh)
    sh.run("vault setup --yes")
    assert sh.status() == 0
    again = machine.open()
    assert machine.has_hook(again)
    # Nothing but the prompt: it says nothing, and no program had to be asked.
    assert again.output("vault status") == "nothing is loaded in this shell"
    assert not machine.asked.exists()
    assert machine.has_hook(machine.open(path=AWAY))


def test_without_the_kept_text_the_program_is_asked(machine: Machine) -> None:
    setup(machine.home, machine.kind.name, "--yes")
    machine.kept.unlink()
    assert machine.has_hook(machine.open())
    assert machine.asked.read_text() == f"hook {machine.kind.name}\n"
    assert machine.kept.exists()
    assert machine.has_hook(machine.open())
    assert len(machine.asked.read_text().splitlines()) == 1


def test_a_kept_text_whose_program_has_moved_away_is_not_used(machine: Machine) -> None:
    setup(machine.home, machine.kind.name, "--yes")
    first, rest = machine.kept.read_text().replace("client.py", "moved.py").split("\n", 1)
    machine.kept.write_text(f"{first}0\n{rest}")
    sh = machine.open()
    assert machine.has_hook(sh)
    assert machine.asked.read_text() == f"hook {machine.kind.name}\n"
    assert "moved.py" not in machine.kept.read_text()


def test_a_kept_text_of_another_version_is_replaced_by_the_first_command(machine: Machine) -> None:
    """A shell that reads it asks nobody, so the program has to notice."""
    setup(machine.home, machine.kind.name, "--yes")
    new = machine.kept.read_text()
    first, rest = new.split("\n", 1)
    machine.kept.write_text(f"{first}0\n{rest}\n: old\n")
    sh = machine.open()
    assert not machine.asked.exists()
    sh.run("vault list")
    assert machine.kept.read_text() == new


@pytest.mark.parametrize("name", ["with space", 'it\'s "quoted"', "$(touch hit)", "caf\u00e9", "back\\slash"])
def test_any_home_directory_will_do(shell_kind: Kind, name: str, tmp_path: Path) -> None:
    home = fresh_home(tmp_path / name)
    data = home / "data $(touch hit)'\"\\"
    with ExitStack() as shells:
        machine = Machine(shell_kind, home, shells)
        setup(home, shell_kind.name, "--yes")
        assert machine.has_hook(machine.open())
        setup(home, shell_kind.name, "--undo")
        assert setup(home, shell_kind.name, "--yes", XDG_DATA_HOME=str(data)).returncode == 0
        assert machine.has_hook(machine.open(path=AWAY))
        assert not (home / "hit").exists()
        assert not machine.asked.exists()


def test_powershell_says_where_its_profile_is_and_has_the_hook(home: Path) -> None:
    """The same script that hosted CI runs on Windows, where no terminal of the tests is."""
    done = subprocess.run(
        [powershell(), "-NoLogo", "-NoProfile", "-File", Path(__file__).with_name("smoke.ps1")],
        env=environment(home, PATH=f"{Path(powershell()).parent}:{HERE}"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok: undo puts back what was there" in done.stdout
    assert not list(home.glob(".config/powershell/*"))


@pytest.mark.parametrize(
    ("login", "is_told"),
    [
        ({}, True),
        ({".bash_profile": ""}, True),
        ({".bash_profile": "# not . ~/.bashrc\n", ".profile": ". ~/.bashrc\n"}, True),
        ({".profile": '[ -n "$BASH_VERSION" ] && . "$HOME/.bashrc"\n'}, False),
        ({".bash_profile": ". ~/.profile\n", ".profile": ". ~/.bashrc\n"}, False),
        ({".bash_profile": f'eval "$({BIN}/shellint hook bash)"\n'}, False),
    ],
)
def test_a_login_shell_of_bash_has_the_hook_or_setup_says_what_it_needs(
    login: dict[str, str], is_told: bool, home: Path
) -> None:
    for name, text in login.items():
        (home / name).write_text(text)
    told = re.findall(r"a login shell \(ssh\) .*: add `(.*)` to (.*)\n", setup(home, "bash", "--yes").stderr)
    assert bool(told) is is_told
    has_hook = ["bash", "-l", "-i", "-c", "type vault_prompt_info"]
    ask = functools.partial(subprocess.run, env=environment(home, PATH=HERE), capture_output=True, check=False)
    assert (ask(has_hook, start_new_session=True).returncode == 0) is not is_told
    for line, file in told:
        with Path(file).open("a") as profile:
            profile.write(f"{line}\n")
        assert ask(has_hook, start_new_session=True).returncode == 0
        assert "a login shell" not in setup(home, "bash", "--yes").stderr


def test_where_the_next_shell_has_the_hook_nobody_is_sent_to_setup(machine: Machine) -> None:
    sh = machine.open(path=HERE)
    assert "`vault setup` adds it" in sh.output("vault use dev")
    sh.run("vault setup --yes")
    for said in (sh.output("vault use dev"), sh.output("vault setup")):
        assert "open a new shell" in said
        assert "`vault setup` adds it" not in said
        assert "nothing to do" not in said


def test_ten_at_once_add_it_once(home: Path) -> None:
    (home / ".bashrc").write_bytes(b"mine\n")
    words = [str(BIN / "vault"), "setup", "bash", "--yes"]
    env = environment(home, PATH=PATH)
    running = [subprocess.Popen(words, env=env, stderr=subprocess.PIPE, start_new_session=True) for _ in range(10)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert contents(home)[".bashrc"].count(b"shellint hook") == 1
    assert setup(home, "bash", "--undo").returncode == 0
    assert contents(home) == {".bashrc": b"mine\n"}


def test_zsh_is_asked_for_a_directory_that_only_it_knows(home: Path) -> None:
    """ZDOTDIR set in .zshenv and not exported, as most people have it; what .zshenv prints does not matter."""
    program("zsh")
    (home / "zsh").mkdir()
    (home / ".zshenv").write_text("echo noise\nZDOTDIR=~/zsh\n")
    env = {name: value for name, value in environment(home).items() if name != "ZDOTDIR"}
    assert startup("zsh", env, home, ask=ask_shell).file == home / "zsh" / ".zshrc"
    assert startup("zsh", environment(home, ZDOTDIR="/elsewhere"), home, ask=silent).file == Path("/elsewhere/.zshrc")
    assert startup("zsh", {"PATH": "/nowhere"}, home, ask=ask_shell).file == home / ".zshrc"


def silent(words: Sequence[str], env: object) -> str:
    return ""


@pytest.mark.parametrize(
    ("files", "platform", "chosen"),
    [
        ({}, "linux", ".bashrc"),
        ({".bash_profile": ""}, "linux", ".bashrc"),
        ({}, "darwin", ".bash_profile"),
        ({".bashrc": ""}, "darwin", ".bash_profile"),
        ({".profile": ""}, "darwin", ".profile"),
        ({".bash_login": "", ".profile": ""}, "darwin", ".bash_login"),
        ({".bash_profile": "[ -r ~/.bashrc ] && . ~/.bashrc\n", ".profile": ""}, "darwin", ".bashrc"),
    ],
)
def test_bash_of_a_mac_reads_what_login_shells_read(
    files: dict[str, str], platform: str, chosen: str, home: Path
) -> None:
    for name, text in files.items():
        (home / name).write_text(text)
    found = startup("bash", {}, home, ask=silent, platform=platform)
    assert found.file == home / chosen
    assert {file.name for file in (found.file, *found.elsewhere)} == {
        *(".bashrc", ".bash_profile", ".bash_login", ".profile")
    }
