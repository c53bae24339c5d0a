"""`vault store`: where the secrets rest, and one passphrase more."""

from __future__ import annotations

import json
from pathlib import Path

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, Desk
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal
from tests.secret_service import secret_service, store_file


def status(desk: Desk, **env: str) -> dict[str, object]:
    shown = vault(desk, "store", "status", "--json", **env)
    assert (shown.returncode, shown.stderr) == (0, "")
    facts = json.loads(shown.stdout)
    assert isinstance(facts, dict)
    return facts


def test_the_status_of_a_sealed_file(desk: Desk) -> None:
    vault(desk, "exec", "base", "true")
    assert status(desk) == {
        "exists": True,
        "kind": "file",
        "keychain": None,
        "file": str(store_file(desk)),
        "opened_by": ["passphrase"],
        "keys": 1,
        "sessions": 1,
        "opens": True,
        "why": "",
    }
    assert vault(desk, "store").stdout.splitlines() == [
        "kind       file",
        f"file       {store_file(desk)}",
        "opened by  passphrase",
        "keys       1",
        "sessions   1",
        "opens      yes",
    ]


def test_the_status_says_why_a_store_does_not_open_and_asks_nobody(desk: Desk) -> None:
    assert status(desk, SHELLINT_FILE_PASSPHRASE="wrong")["opens"] is False
    assert "does not open" in vault(desk, "store", SHELLINT_FILE_PASSPHRASE="wrong").stdout
    assert status(desk, SHELLINT_BACKEND="nonsense")["opens"] is False
    env = environment(desk.home, **{name: value for name, value in desk.env.items() if "PASSPHRASE" not in name})
    with Terminal([str(BIN / "vault"), "store"], env, cwd=desk.home) as terminal:
        terminal.see("opens +when its question is answered")
        assert terminal.wait_exit() == 0


def test_without_a_store_the_status_says_how_one_is_made(desk: Desk) -> None:
    store_file(desk).unlink()
    assert status(desk) == {"exists": False, "file": str(store_file(desk))}
    assert "`vault add PROFILE` makes one" in vault(desk, "store").stdout
    assert not store_file(desk).exists()


def test_a_damaged_store_is_an_error(desk: Desk) -> None:
    store_file(desk).write_text("{}")
    shown = vault(desk, "store")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "is damaged" in shown.stderr


def test_a_passphrase_added_on_the_desktop_opens_the_sessions_elsewhere(aws: StrictAws, tmp_path: Path) -> None:
    """The way to use one home with a keychain on the desktop and without one over SSH."""
    home = fresh_home(tmp_path / "home")
    desk = Desk(aws, home)
    store_file(desk).unlink()
    with secret_service() as service:
        words = json.dumps({"AccessKeyId": desk.key.access_key_id, "SecretAccessKey": desk.key.secret_access_key})
        desk.env |= service.env
        del desk.env["SHELLINT_FILE_PASSPHRASE"]
        assert vault(desk, "add", "base", "--stdin", stdin=words).returncode == 0
        with Terminal(
            [str(BIN / "vault"), "store", "add-passphrase"], environment(home, **desk.env), cwd=home
        ) as terminal:
            terminal.see("New passphrase:")
            terminal.send("second\r")
            terminal.see("The same passphrase again:")
            terminal.send("second\r")
            terminal.see("one more passphrase opens")
            terminal.see("the long-term keys stay in the Secret Service")
            assert terminal.wait_exit() == 0
            assert not terminal.showed("second")
        assert status(desk)["opened_by"] == ["keychain", "passphrase"]
        del desk.env["DBUS_SESSION_BUS_ADDRESS"]
        assert status(desk, SHELLINT_FILE_PASSPHRASE="second")["opens"] is True
        assert status(desk, SHELLINT_FILE_PASSPHRASE="third")["opens"] is False


def test_its_words_are_checked(desk: Desk) -> None:
    assert vault(desk, "store", "remove-passphrase").returncode == 2
    assert vault(desk, "store", "add-passphrase", "--json").returncode == 2
    assert "vault store status --json" in vault(desk, "store", "--help").stdout
