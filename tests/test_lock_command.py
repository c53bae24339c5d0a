"""`vault lock`: sessions and sign-ins are forgotten, each shell drops what it holds, and nobody is asked anything."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shellint.errors import StoreError
from shellint.paths import paths_from
from shellint.stamps import change_lock, read_lock
from tests.aws import StrictAws
from tests.desk import PASSPHRASE, Desk
from tests.fake_program import CALL
from tests.poking import lock_stamp
from tests.rig.environment import environment, fresh_home
from tests.rig.kinds import Kind
from tests.rig.programs import program
from tests.seat import Seat, changes, hour, seated, segment

SHELLS = "each shell drops what it holds at its next prompt"


def lock(home: Path, env: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CALL, "lock", *words],
        env=environment(home, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def run(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    env = environment(desk.home, **desk.env)
    return subprocess.run([*CALL, *words], env=env, capture_output=True, text=True, check=True)


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def test_it_forgets_sessions_without_a_passphrase_and_keeps_the_keys(desk: Desk) -> None:
    desk.role("plain")
    run(desk, "export", "plain")
    assert "1" in run(desk, "store").stdout
    done = lock(desk.home, {})
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"vault: locked: 1 session and 0 sign-ins forgotten; {SHELLS}\n"
    assert "sessions   0" in run(desk, "store").stdout
    assert "plain" not in run(desk, "list", "--sessions").stdout
    assert "base" in run(desk, "list", "--credentials").stdout


def test_its_stamp_is_private_and_another_each_time(home: Path) -> None:
    seen = []
    for _ in range(3):
        assert lock(home, {}).returncode == 0
        stamp = lock_stamp(home)
        assert stamp.stat().st_mode & 0o777 == 0o600
        assert stamp.parent.stat().st_mode & 0o777 == 0o700
        seen.append(stamp.read_text())
    assert sorted(set(seen)) == seen
    assert all(text.endswith("\n") and text.strip().isdigit() and len(text) <= 13 for text in seen)


@pytest.mark.parametrize("was", ["", "letters\n", "9" * 40, "1700000000\n", "4102444800\n"])
def test_the_next_stamp_is_a_higher_number_whatever_stood_there(was: str, home: Path) -> None:
    paths = paths_from(environment(home))
    paths.data.mkdir(parents=True)
    (paths.data / "lock").write_text(was)
    change_lock(paths, 1_700_000_000.5)
    first = read_lock(paths)
    assert int(first) >= 1_700_000_000
    assert f"{first}\n" != was
    change_lock(paths, 1_600_000_000)
    assert int(read_lock(paths)) == int(first) + 1


def test_without_a_store_it_makes_none(home: Path) -> None:
    done = lock(home, {})
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert [file.name for file in lock_stamp(home).parent.iterdir()] == ["lock"]


def test_a_damaged_store_is_told_and_the_shells_are_locked_all_the_same(desk: Desk) -> None:
    (desk.home / ".local" / "share" / "shellint" / "store.json").write_text("{")
    done = lock(desk.home, {})
    first, *rest = done.stderr.splitlines()
    assert first == f"vault: locked: {SHELLS}"
    assert "store.json" in rest[0]
    assert done.returncode == 1
    assert lock_stamp(desk.home).exists()


def test_where_its_stamp_cannot_be_written_it_fails_and_says_so(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = lock(home, {"XDG_DATA_HOME": str(tmp_path / "file")})
    assert done.returncode == 1
    assert done.stderr.startswith("vault: cannot ")
    with pytest.raises(StoreError):
        change_lock(paths_from(environment(home, XDG_DATA_HOME=str(tmp_path / "file"))), 0)


def test_it_asks_nothing_and_takes_no_profile(home: Path) -> None:
    assert lock(home, {}, "--no-input").returncode == 0
    assert lock(home, {}, "prod").returncode == 2


def test_the_own_shell_and_another_are_empty_at_their_next_prompts(seat: Seat) -> None:
    former = {"AWS_PROFILE": "mine", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}
    here, there = seat.sit(env=former), seat.sit(env=former)
    before = here.environ(), there.environ()
    here.run("vault use plain")
    seat.code(there, "vault use dev")
    shown = here.output("vault lock").splitlines()
    assert shown[-1] == "vault: locked; plain is taken out of this shell"
    assert segment(here) == ""
    assert there.output("") == "vault: locked; dev is taken out of this shell"
    assert changes(before[0], here.environ()) == {}
    assert changes(before[1], there.environ()) == {}
    seat.code(there, "vault use dev")
    assert segment(there) in hour("dev")


def test_a_subshell_of_exec_knows_which_lock_came_before_it(seat: Seat) -> None:
    sh = seat.sit(env={"SHELL": program(seat.kind.name)})
    lock_stamp(seat.home).write_text("41\n")
    sh.run("vault exec plain")
    assert sh.value("SHELLINT_LOCK") == b"41"
    assert segment(sh) in hour("plain")
    shown = sh.output("vault lock").splitlines()
    assert shown[-1] == "vault: locked; plain is taken out of this shell"
    assert sh.value("AWS_ACCESS_KEY_ID") is None


def test_a_former_secret_comes_back_later_where_the_store_cannot_be_opened(seat: Seat) -> None:
    """No prompt asks for a passphrase: the credentials go, and the next `vault clear` restores the rest."""
    sh = seat.sit(env={"AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}, without=("SHELLINT_FILE_PASSPHRASE",))
    before = sh.environ()
    sh.send("vault use plain\r")
    sh.see("^Passphrase of ")
    sh.press(PASSPHRASE + "\r")
    shown = sh.output("vault lock")
    assert "AWS_SECRET_ACCESS_KEY was set before and could not be put back: `vault clear` tries again" in shown
    assert "vault: locked; plain is taken out of this shell" in shown
    assert sh.value("AWS_ACCESS_KEY_ID") is None
    sh.send("vault clear\r")
    sh.see("Passphrase of .*\n(.*\n)*.*Passphrase of ")
    sh.press(PASSPHRASE + "\r")
    assert changes(before, sh.environ()) == {}


def test_a_lock_during_a_use_takes_out_what_that_loads(aws: StrictAws, tmp_path: Path) -> None:
    """What counts is the stamp from before AWS was asked."""
    desk = Desk(aws, fresh_home(tmp_path / "home"))
    desk.role("plain", mfa=True)
    code = desk.home / "code"
    code.write_text(f"#!/bin/sh\necho 5 >{lock_stamp(desk.home)}\necho {desk.mfa.fresh_code()}\n")
    code.chmod(0o755)
    with desk.config.open("a") as file:
        file.write(f"mfa_process = {code}\n")
    env = environment(desk.home, **desk.env, SHELLINT_SHELL="bash", SHELLINT_PID=str(os.getpid()))
    lock_stamp(desk.home).write_text("4\n")
    done = subprocess.run([*CALL, "use", "plain"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, read_lock(paths_from(env))) == (0, "5"), done.stderr
    assert "SHELLINT_LOCK=$'4'" in done.stdout
