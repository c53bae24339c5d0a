"""Drivers through the real command: at a shell with the hook, and in a script where nobody is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.prompting import Shelf, Turn
from tests.rig.kinds import KINDS
from tests.seat import Seat, seated, segment


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "bin")


@pytest.fixture
def seat(home: Path) -> Iterator[Seat]:
    with seated(KINDS["bash"], home) as seat:
        yield seat


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, home)
        desk.role("dev", mfa=True)
        yield desk


def test_w12_a_touched_yubikey_loads_a_role_into_the_shell(seat: Seat, shelf: Shelf) -> None:
    """Its program may ask at the terminal (a password of the key's) and tell there, though `use` is captured."""
    argv = ["oath", "accounts", "code", "--single", seat.mfa.serial]
    code = seat.mfa.fresh_code()
    shelf.put("ykman", Turn(argv, f"{code}\n", stderr="Touch your YubiKey...\n"))
    sh = seat.sit(env={"AWS_VAULT_PROMPT": "ykman", "PATH": f"{shelf.path}:{seat.env['PATH']}"})
    sh.run("vault use dev")
    assert sh.status() == 0
    assert segment(sh).startswith("dev ")
    assert sh.showed(f"MFA code for {seat.mfa.serial}: touch your YubiKey if it blinks")
    assert sh.showed("Touch your YubiKey...")
    assert not sh.showed(code)
    (call,) = shelf.calls("ykman")
    assert (call["terminals"], call["descriptors"]) == ([True, False, True], 3)


def test_ctrl_c_while_the_key_waits_for_a_touch_changes_nothing(seat: Seat, shelf: Shelf) -> None:
    shelf.put("ykman", Turn(None, stderr="Touch your YubiKey...\n", then="import signal; signal.pause()"))
    sh = seat.sit(env={"AWS_VAULT_PROMPT": "ykman", "PATH": f"{shelf.path}:{seat.env['PATH']}"})
    before = sh.environ()
    sh.prompt()
    sh.send("vault use dev\r")
    sh.wait(lambda: sh.showed("Touch your YubiKey..."), "the program's own hint")
    sh.press("\x03")
    sh.prompt()
    assert sh.status() == 130
    assert segment(sh) == ""
    assert {name: value for name, value in sh.environ().items() if name.startswith((b"AWS", b"SHELLINT"))} == {
        name: value for name, value in before.items() if name.startswith((b"AWS", b"SHELLINT"))
    }
    assert shelf.running() == []


def test_a_script_without_input_gets_its_code_from_the_password_store(desk: Desk, shelf: Shelf) -> None:
    shelf.put("pass", Turn(["otp", "aws"], f"{desk.mfa.fresh_code()}\n"))
    path = f"{shelf.path}:{desk.env['PATH']}"
    env = {"AWS_VAULT_PROMPT": "pass-otp", "PASS_OATH_CREDENTIAL_NAME": "aws", "PATH": path}
    done = vault(desk, "exec", "--no-input", "dev", "--", "printenv", "AWS_VAULT", **env)
    assert (done.returncode, done.stdout) == (0, "dev\n")


def test_a_script_where_nobody_is_learns_the_remedy_and_nothing_else(desk: Desk) -> None:
    done = vault(desk, "exec", "dev", "--", "printenv")
    assert done.returncode == 4
    assert done.stderr.splitlines()[-2:] == [
        f"vault: the MFA code for {desk.mfa.serial} has to come from a person, and there is no terminal",
        "       give it with --mfa-token CODE, or let mfa_process or AWS_VAULT_PROMPT fetch it",
    ]
    assert desk.aws.requests == []


def test_a_bad_choice_is_an_error_only_where_a_code_is_needed(desk: Desk) -> None:
    desk.role("plain")
    assert vault(desk, "exec", "plain", "--", "true", AWS_VAULT_PROMPT="nonsense").returncode == 0
    assert vault(desk, "status", AWS_VAULT_PROMPT="nonsense").returncode == 0
    done = vault(desk, "exec", "dev", "--", "true", AWS_VAULT_PROMPT="nonsense")
    assert done.returncode == 1
    assert "vault: AWS_VAULT_PROMPT: nonsense is no way to get an MFA code\n" in done.stderr
