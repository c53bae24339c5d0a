"""`exec` at a terminal: the keys reach the command and nobody else, in every shell."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.desk import PASSPHRASE
from tests.rig.kinds import Kind
from tests.rig.shell import Shell
from tests.seat import Seat, hour, question, seated, segment

OPTIONS = pytest.mark.parametrize("options", ["", "--serve "], ids=["plain", "served"])

# Waits until it is interrupted, and then says whether its server still answers.
STUBBORN = """\
import os, signal, sys, urllib.request

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready", flush=True)
signal.sigwait([signal.SIGINT])
uri, token = (os.environ["AWS_CONTAINER_" + name] for name in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN"))
asked = urllib.request.Request(uri, headers={"Authorization": token})
print("still served:", urllib.request.urlopen(asked, timeout=30).status)
sys.exit(7)
"""


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def in_front(sh: Shell, name: str) -> int:
    """Wait until the program `name` itself has the terminal, and return its pid."""

    def found() -> bool:
        try:
            return psutil.Process(sh.foreground).name() == name
        except psutil.NoSuchProcess:
            return False

    sh.wait(found, f"{name} in the foreground")
    return sh.foreground


def type_in(sh: Shell, command: str) -> None:
    sh.prompt()
    sh.send(command + "\r")


@OPTIONS
def test_w23_ctrl_c_and_ctrl_z_are_the_commands_own_and_so_is_the_terminal(seat: Seat, options: str) -> None:
    sh = seat.sit()
    type_in(sh, f"vault exec {options}plain -- sleep 600")
    pid = in_front(sh, "sleep")
    assert sh.foreground == os.getpgid(pid) == pid
    sh.ctrl("z")
    sh.prompt()
    assert sh.foreground == os.getpgid(sh.pid)
    assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
    type_in(sh, "fg")
    assert in_front(sh, "sleep") == pid
    assert psutil.Process(pid).status() != psutil.STATUS_STOPPED
    sh.interrupt()
    if seat.kind.name != "fish":  # there the status of `fg` is 0, whatever the job does
        assert sh.status() == 128 + signal.SIGINT
    assert not psutil.pid_exists(pid)


@OPTIONS
def test_w23_ctrl_c_ends_the_command_as_the_shell_counts_it(seat: Seat, options: str) -> None:
    sh = seat.sit()
    type_in(sh, f"vault exec {options}plain -- sleep 600")
    in_front(sh, "sleep")
    sh.interrupt()
    assert sh.status() == 128 + signal.SIGINT


@OPTIONS
def test_w23_sigterm_ends_the_command_as_the_shell_counts_it(seat: Seat, options: str) -> None:
    sh = seat.sit()
    type_in(sh, f"vault exec {options}plain -- sleep 600")
    os.kill(in_front(sh, "sleep"), signal.SIGTERM)
    sh.prompt()
    assert sh.status() == 128 + signal.SIGTERM


def test_the_server_is_not_interrupted_with_its_command(seat: Seat, tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    sh = seat.sit()
    type_in(sh, f"vault exec -s plain -- python3 {script}")
    sh.see("^ready$")
    sh.ctrl("c")
    sh.see("still served: 200$")
    sh.prompt()
    assert sh.status() == 7


def test_a_shell_within_the_shell_says_what_it_is_and_use_works_in_it(seat: Seat) -> None:
    sh = seat.sit(env={"SHELL": "/bin/bash"})
    (seat.home / ".bashrc").write_text(f"PS1='RDY> '\n{seat.hook('bash')}")
    sh.run("vault use plain")
    sh.run("vault exec plain")
    assert "plain is in this shell within your shell: `exit` ends it" in sh.text()
    assert segment(sh) in hour("plain")
    seat.code(sh, "vault use prod")
    assert segment(sh) in hour("prod")
    sh.run("exit")
    assert segment(sh) in hour("plain")


def test_within_a_served_shell_vault_finds_the_profiles_as_before(seat: Seat) -> None:
    """Where the SDKs see no file of `~/.aws`, so that the server is asked."""
    sh = seat.sit(env={"SHELL": "/bin/bash"})
    (seat.home / ".bashrc").write_text(f"PS1='RDY> '\n{seat.hook('bash')}")
    sh.run("vault exec --serve plain")
    assert (segment(sh), sh.value("AWS_VAULT"), sh.value("AWS_ACCESS_KEY_ID")) == ("", b"plain", None)
    sh.run("vault exec plain -- env > seen")
    seen = (seat.home / "seen").read_text()
    assert "AWS_ACCESS_KEY_ID=ASIA" in seen
    assert not [name for name in ("CONTAINER", "CONFIG_FILE", "CREDENTIALS_FILE") if name in seen]
    seat.code(sh, "vault use prod")
    assert segment(sh) in hour("prod")
    assert sh.value("AWS_VAULT") == b"prod"


def test_a_question_comes_before_the_command_and_not_in_its_output(seat: Seat) -> None:
    sh = seat.sit()
    type_in(sh, "vault exec --serve dev -- echo ran > out")
    question(sh)
    sh.press(seat.mfa.fresh_code() + "\r")
    assert (seat.home / "out").read_text() == "ran\n"


def test_a_passphrase_typed_once_serves_the_server_too(seat: Seat, tmp_path: Path) -> None:
    """It has nobody to ask, and no terminal."""
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    sh = seat.sit(without=("SHELLINT_FILE_PASSPHRASE",), columns=250)
    type_in(sh, f"vault exec -s plain -- python3 {script}")
    question(sh, "Passphrase of")
    sh.send(f"{PASSPHRASE}\r")
    sh.see("^ready$")
    sh.ctrl("c")
    sh.see("still served: 200$")
    sh.prompt()
    assert not sh.showed(PASSPHRASE)
