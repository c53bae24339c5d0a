"""`exec` where little is left of what a process can count on, and within what another `vault` left behind."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from functools import partial

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, PASSPHRASE, Desk
from tests.rig.environment import environment, fresh_home
from tests.test_exec import variables

OPTIONS = pytest.mark.parametrize("options", [(), ("--serve",)], ids=["plain", "served"])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        desk = Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))
        desk.role("plain")
        desk.role("other")
        assert vault(desk, "exec", "plain", "true").returncode == 0
        yield desk


@OPTIONS
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_are_no_trouble(desk: Desk, options: tuple[str, ...], closed: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {closed}', "sh", BIN / "vault", "exec", *options, "plain", "--", "sh", "-c", "exit 7"],
        env=environment(desk.home, **desk.env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, b"")


@OPTIONS
def test_with_all_descriptors_in_use_it_runs_or_says_why_not(desk: Desk, options: tuple[str, ...]) -> None:
    """A thousand and more are inherited, of the 1,024 that there may be; the last are for Python and the store."""

    def use_up(left: int) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
        while (number := os.open(os.devnull, os.O_RDONLY)) < 1024 - left:
            os.set_inheritable(number, True)

    seen = []
    for left in (1, 3, 5, 7, 9, 12, 20):
        done = subprocess.run(
            [BIN / "vault", "exec", *options, "plain", "--", "echo", "ran"],
            env=environment(desk.home, **desk.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            preexec_fn=partial(use_up, left),
            close_fds=False,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert (done.returncode == 0) == (done.stdout == "ran\n"), done.stderr
        assert done.returncode == 0 or "oo many open files" in done.stderr
        seen.append(done.returncode)
    assert seen[-1] == 0


@OPTIONS
@pytest.mark.parametrize(
    ("command", "path", "code"), [("ls", "", 127), ("nosuch", "/nowhere", 127), ("/tmp", None, 126), (".", None, 126)]
)
def test_what_is_no_command_has_the_exit_code_of_a_shell(
    desk: Desk, options: tuple[str, ...], command: str, path: str | None, code: int
) -> None:
    done = vault(desk, "exec", *options, "plain", "--", command, **({} if path is None else {"PATH": path}))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1].startswith(f"vault: {command}: ")


def test_within_a_session_that_has_ended_it_gets_a_new_one(desk: Desk) -> None:
    stale = {
        "AWS_ACCESS_KEY_ID": "ASIASTALE00000000000",
        "AWS_SECRET_ACCESS_KEY": "stale",
        "AWS_SESSION_TOKEN": "stale",
        "AWS_VAULT": "other",
        "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
        "SHELLINT_EXPIRES": "1577836800",
        "SHELLINT_SESSION": "0123456789abcdef",
        "SHELLINT_KEY": "ASIASTALE00000000000",
        "SHELLINT_OWNER": "1",
    }
    done = vault(desk, "exec", "plain", "--", "env", "-0", **stale)
    seen = variables(done.stdout)
    assert (done.returncode, seen["AWS_VAULT"]) == (0, "plain")
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "stale" not in done.stdout.lower()


@OPTIONS
def test_within_a_served_command_it_serves_itself_or_hands_out_keys_and_never_both(
    desk: Desk, options: tuple[str, ...]
) -> None:
    inner = ("env", f"SHELLINT_FILE_PASSPHRASE={PASSPHRASE}", str(BIN / "vault"), "exec", *options, "other")
    done = vault(desk, "exec", "--serve", "plain", "--", *inner, "--", "env", "-0")
    seen = variables(done.stdout)
    assert (done.returncode, seen["AWS_VAULT"]) == (0, "other"), done.stderr
    assert ("AWS_ACCESS_KEY_ID" in seen) is not ("AWS_CONTAINER_CREDENTIALS_FULL_URI" in seen)
    assert ("AWS_CONTAINER_CREDENTIALS_FULL_URI" in seen) is bool(options)
    assert ("AWS_CONTAINER_AUTHORIZATION_TOKEN" in seen) is bool(options)
    assert (seen.get("AWS_CONFIG_FILE") == os.devnull) is bool(options)


@OPTIONS
@pytest.mark.parametrize("command", [("env", "-0"), ()])
def test_a_passphrase_of_aws_vault_reaches_neither_command_nor_shell(
    desk: Desk, options: tuple[str, ...], command: tuple[str, ...]
) -> None:
    done = vault(desk, "exec", *options, "plain", *command, AWS_VAULT_FILE_PASSPHRASE="hunter2", SHELL="/usr/bin/env")
    assert (done.returncode, "AWS_VAULT=plain" in done.stdout) == (0, True)
    assert "hunter2" not in done.stdout
    assert (PASSPHRASE in done.stdout) is (not command), "a shell is where vault goes on being used"


@pytest.mark.parametrize(
    ("setting", "wrapped"),
    [("credential_process", "{}"), ("credential_process", "sh -c '{}'"), ("mfa_process", "{}")],
)
def test_no_passphrase_reaches_a_program_of_the_config(desk: Desk, setting: str, wrapped: str) -> None:
    seen = desk.home / "seen"
    tool = desk.home / "tool"
    tool.write_text(f"#!/bin/sh\nenv >{seen}\nexit 1\n")
    tool.chmod(0o700)
    source = {} if setting == "credential_process" else {"source_profile": "base", "mfa_serial": desk.mfa.serial}
    name = f"{setting}-{len(wrapped)}"
    desk.profile(name, **source, **{setting: wrapped.format(tool)})
    assert vault(desk, "exec", name, "true", AWS_VAULT_FILE_PASSPHRASE="hunter2", MINE="kept").returncode == 1
    assert "MINE=kept" in seen.read_text()
    assert "PASSPHRASE" not in seen.read_text()


def test_a_vault_that_the_config_names_still_opens_the_store(desk: Desk) -> None:
    desk.profile("by-us", credential_process=f"{BIN / 'vault'} credential-process plain")
    done = vault(desk, "exec", "by-us", "--", "env")
    assert (done.returncode, "AWS_VAULT=by-us\n" in done.stdout) == (0, True), done.stderr
