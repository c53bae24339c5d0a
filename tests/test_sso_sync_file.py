"""What `sso sync` does to a config file that somebody has lived with: nothing but what it said."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN
from tests.rig.environment import environment
from tests.sso_desk import SsoDesk

LIVED_IN = """# my accounts, do not touch

[default]
region=eu-west-1   # near
  ; indented comment
s3 =
    max_concurrent_requests = 20
[sso-session corp]
sso_start_url = {url}
sso_region = eu-central-1
[plugins]
x = y


[profile   'my dev' ] ; keep
\tregion : eu-north-1
[unheard of]
a = b
#[profile main-admin]
"""


@pytest.fixture
def desk(home: Path) -> Iterator[SsoDesk]:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        desk.config.write_text(LIVED_IN.format(url=desk.center.start_url))
        desk.sign_in()
        yield desk


def sync(desk: SsoDesk, *options: str) -> subprocess.CompletedProcess[str]:
    done = vault(desk, "sso", "sync", "corp", "--yes", *options)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("change", ["as it is", "crlf", "no final newline", "bom", "blank lines at the end", "cr"])
def test_what_was_there_stays_byte_for_byte_and_comes_back_when_all_is_pruned(desk: SsoDesk, change: str) -> None:
    text = desk.config.read_bytes()
    before = {
        "as it is": text,
        "crlf": text.replace(b"\n", b"\r\n"),
        "no final newline": text.rstrip(b"\n"),
        "bom": b"\xef\xbb\xbf" + text,
        "blank lines at the end": text + b"\n\n",
        "cr": text.replace(b"\n", b"\r"),
    }[change]
    desk.config.write_bytes(before)
    sync(desk)
    after = desk.config.read_bytes()
    assert after.startswith(before)
    assert list(desk.profiles()) == ["main-admin", "main-readonly"]
    assert set(re.findall(rb"\r\n|\r|\n", after)) == set(re.findall(rb"\r\n|\r|\n", before))
    assert desk.config.with_name("config.before-shellint").read_bytes() == before
    desk.main.roles.clear()
    sync(desk, "--prune")
    assert desk.config.read_bytes() == before + (b"\n" if change == "no final newline" else b"")


def test_ours_may_be_commented_sorted_and_added_to_and_what_is_pruned_leaves_the_comments(desk: SsoDesk) -> None:
    sync(desk)
    text = desk.config.read_text()
    start, middle = (text.index(f"\n[profile {name}]") + 1 for name in ("main-admin", "main-readonly"))
    admin, readonly = text[start:middle], text[middle:]
    mine = "# the dangerous one\n" + admin.replace("region =", "# far\noutput = json\nregion =").rstrip() + "\n"
    text = f"{text[:start]}# about reading\n{readonly}\n{mine}\n# the end"
    desk.config.write_text(text)
    sync(desk)
    assert desk.config.read_text() == text
    del desk.main.roles["Admin"]
    sync(desk, "--prune")
    assert (
        desk.config.read_text() == f"{text[:start]}# about reading\n{readonly}\n# the dangerous one\n# far\n\n# the end"
    )


@pytest.mark.parametrize(
    "elsewhere",
    [
        "[profile main-admin]\noutput = json\n",
        "[profile   'main-admin' ]\n",
        "[profile x]\n[profile main-admin]\na = b\n",
    ],
)
def test_a_profile_that_stands_in_two_places_is_left_to_its_person(desk: SsoDesk, elsewhere: str) -> None:
    sync(desk)
    with desk.config.open("a") as file:
        file.write(elsewhere)
    before = desk.config.read_bytes()
    del desk.main.roles["Admin"]
    desk.main.add_role("New")
    done = vault(desk, "sso", "sync", "--yes", "--prune")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "       take them out by hand: main-admin"
    assert desk.config.read_bytes() == before


def test_a_profile_by_hand_is_never_touched_and_its_name_is_not_taken(desk: SsoDesk) -> None:
    by_hand = "[profile main-admin]\nregion = eu-west-3\n"
    with desk.config.open("a") as file:
        file.write(by_hand)
    before = desk.config.read_text()
    done = sync(desk)
    name = "main-admin-111122223333"
    assert f"vault: the name main-admin is taken by something else, so it became {name}" in done.stderr.splitlines()
    assert desk.config.read_text().startswith(before)
    assert list(desk.profiles()) == [name, "main-readonly"]
    assert "taken" not in sync(desk).stderr
    desk.main.roles.clear()
    sync(desk, "--prune")
    assert desk.config.read_text() == before


def test_the_name_of_a_stored_key_and_of_a_plain_text_key_is_not_taken(desk: SsoDesk) -> None:
    desk.store_key("main-admin", desk.key)
    desk.config.with_name("credentials").write_text("[main-readonly]\naws_access_key_id = AKIA\n")
    sync(desk)
    assert list(desk.profiles()) == ["main-admin-111122223333", "main-readonly-111122223333"]


def test_a_link_stays_a_link_and_the_mode_is_kept(desk: SsoDesk) -> None:
    target = desk.home / "dotfiles" / "aws"
    target.parent.mkdir()
    desk.config.rename(target)
    target.chmod(0o640)
    desk.config.symlink_to(target)
    before = target.read_bytes()
    sync(desk)
    assert desk.config.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    backup = desk.config.with_name("config.before-shellint")
    assert (backup.read_bytes(), stat.S_IMODE(backup.stat().st_mode)) == (before, 0o640)
    assert list(desk.profiles()) == ["main-admin", "main-readonly"]


def test_the_copy_is_of_what_was_there_before_the_first_time(desk: SsoDesk) -> None:
    before = desk.config.read_bytes()
    sync(desk)
    desk.main.add_role("Billing")
    sync(desk)
    assert desk.config.with_name("config.before-shellint").read_bytes() == before


def test_a_file_that_changes_while_the_person_thinks_is_left_as_it_is(desk: SsoDesk) -> None:
    with desk.at_terminal("sso", "sync") as terminal:
        terminal.see(r"Write it\?")
        with desk.config.open("a") as file:
            file.write("[profile main-admin]\n")
        before = desk.config.read_bytes()
        terminal.send("y\r")
        assert terminal.wait_exit() == 1
        assert f"vault: {desk.config} was changed meanwhile, and is left as it is" in terminal.text()
    assert desk.config.read_bytes() == before


def test_a_change_that_has_nothing_to_do_with_it_is_kept(desk: SsoDesk) -> None:
    with desk.at_terminal("sso", "sync") as terminal:
        terminal.see(r"Write it\?")
        with desk.config.open("a") as file:
            file.write("[profile mine]\n")
        terminal.send("y\r")
        assert terminal.wait_exit() == 0
    assert "[profile mine]\n\n[profile main-admin]\n" in desk.config.read_text()


def test_several_at_once_write_each_profile_once(desk: SsoDesk) -> None:
    command = [str(BIN / "vault"), "sso", "sync", "--yes"]
    env = environment(desk.home, **desk.env)
    writers = [
        subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        for _ in range(4)
    ]
    said = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4, said
    assert desk.config.read_text().count("\n[profile main-admin]") == 1


def test_a_config_that_cannot_be_understood_is_one_line_and_stays(desk: SsoDesk) -> None:
    desk.config.write_text(desk.config.read_text() + "[profile x]\njunk\n")
    before = desk.config.read_bytes()
    done = vault(desk, "sso", "sync", "--yes")
    assert done.returncode == 1
    assert "neither a section nor KEY = VALUE" in done.stderr
    assert desk.config.read_bytes() == before


def test_what_a_hostile_config_calls_ours_never_steers_the_terminal(desk: SsoDesk) -> None:
    sync(desk)
    text = desk.config.read_text().replace("\n[profile main-admin]", "\n[profile \x1b]0;pwned\x07]")
    desk.config.write_text(text.replace("= Admin", "= \x1b[2JAdmin"))
    done = sync(desk, "--prune", "--dry-run")
    assert "\x1b" not in done.stdout + done.stderr
    assert "- ]0;pwned  [2JAdmin in 111122223333, which is gone\n" in done.stdout
