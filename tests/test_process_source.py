"""`credential_process`: run as the AWS CLI runs it, and nothing it prints is believed or shown unseen."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.broker import Broker
from shellint.credentials import Credentials, LongTermKey
from shellint.errors import ConfigError, NeedsHuman
from shellint.plan import Plan
from shellint.providers import Process
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.roots import GOOD, SECRET, clean_failure, document, instant, plan_from, provided
from tests.world import HOUR, World, assume


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with StrictAws() as aws:
        yield World(aws, tmp_path / "data")


def printing(world: World, text: str) -> str:
    """Return a command that prints `text`, and puts a line into `ran`."""
    script = world.home.parent / "tool"
    script.write_text(f"#!/bin/sh\necho x >>{world.home.parent / 'ran'}\ncat <<'END'\n{text}\nEND\n")
    script.chmod(0o700)
    return str(script)


def runs(world: World) -> int:
    ran = world.home.parent / "ran"
    return len(ran.read_text().split()) if ran.exists() else 0


def plan_of(world: World, command: str, serial: str | None = None) -> Plan:
    return plan_from(world, provided(Process(command), serial))


def obtain(world: World, command: str, broker: Broker | None = None) -> Credentials:
    return (broker or world.broker()).obtain(plan_of(world, command), min_ttl=300)


def test_a_session_is_taken_as_it_is_and_asked_for_each_time(world: World) -> None:
    world.clock.at = world.clock()  # when it was issued is a part of it
    command = printing(world, document(AccountId="123456789012"))
    made = obtain(world, command)
    assert (made.access_key_id, made.secret_access_key, made.session_token) == tuple(GOOD.values())
    assert made.left(world.clock()) == pytest.approx(HOUR, abs=5)
    assert obtain(world, command) == made
    assert runs(world) == 2, "what it prints may depend on the directory, the environment and the day"
    assert (world.calls(), world.store.names("session")) == ([], [])


@pytest.mark.parametrize("end", [None, ""])
def test_d17_without_an_expiration_it_has_no_end_and_is_asked_for_each_time(world: World, end: str | None) -> None:
    world.clock.at = world.clock()  # when it was issued is a part of it
    command = printing(world, document(Expiration=end))
    made = obtain(world, command)
    assert (made.expires, made.expiration) == (None, None)
    assert obtain(world, command) == made
    assert runs(world) == 2
    assert world.store.names("session") == []


@pytest.mark.parametrize("token", [None, ""])
def test_d17_without_a_token_it_is_a_long_term_key_which_is_exchanged(world: World, token: str | None) -> None:
    key = {"AccessKeyId": world.key.access_key_id, "SecretAccessKey": world.key.secret_access_key}
    command = printing(world, document(**key, SessionToken=token, Expiration=None))
    made = obtain(world, command)
    assert made.access_key_id.startswith("ASIA")
    assert world.calls() == ["GetSessionToken"]
    assert world.key.secret_access_key not in "".join(world.store.names("session"))
    assert obtain(world, command) == made, "the session is kept, the key is not"
    assert (runs(world), world.calls()) == (2, ["GetSessionToken"])


def test_a_key_is_exchanged_with_a_code_where_the_profile_has_a_device(world: World) -> None:
    key = {"AccessKeyId": world.key.access_key_id, "SecretAccessKey": world.key.secret_access_key}
    command = printing(world, document(**key, SessionToken=None))
    world.human.answers = [world.mfa.fresh_code()]
    world.broker().obtain(plan_of(world, command, world.mfa.serial), min_ttl=300)
    assert world.aws.requests[0].mfa_code


def test_a_role_on_top_is_assumed_with_what_it_printed(world: World) -> None:
    role = world.role("reader")
    base = world.broker().obtain(world.plan(world.device(process=f"echo {world.mfa.fresh_code()}")), min_ttl=300)
    given = dict(zip(GOOD, (base.access_key_id, base.secret_access_key, base.session_token), strict=True))
    root = provided(Process(printing(world, document(**given))))
    made = world.broker().obtain(plan_from(world, root, assume(role)), min_ttl=300)
    assert made.access_key_id != base.access_key_id
    assert world.calls()[-1] == "AssumeRole"


def test_an_end_in_any_zone_is_the_same_moment(world: World) -> None:
    end = instant(2 * HOUR).replace("Z", ".123456789+01:00")
    assert obtain(world, printing(world, document(Expiration=end))).left(world.clock()) == pytest.approx(HOUR, abs=5)


WRONG = [
    ("", "no JSON document"),
    (SECRET, "no JSON document"),
    (document()[:-20], "no JSON document"),
    (f'["{SECRET}"]', "no JSON document"),
    ("[" * 100_000, "no JSON document"),
    ("null", "no JSON document"),
    (document(Version=None), "without `Version: 1`"),
    (document(Version=2), "without `Version: 1`"),
    (document(Version=SECRET), "without `Version: 1`"),
    (document(AccessKeyId=None), "it gave no AccessKeyId"),
    (document(SecretAccessKey=None), "it gave no SecretAccessKey"),
    (document(AccessKeyId="AKIA SHORT"), "a malformed AccessKeyId"),
    (document(AccessKeyId=[SECRET]), "a malformed AccessKeyId"),
    (document(SecretAccessKey=f"{SECRET}\n"), "a malformed SecretAccessKey"),
    (document(SecretAccessKey=7), "a malformed SecretAccessKey"),
    (document(SessionToken={SECRET: SECRET}), "a malformed SessionToken"),
    (document(SessionToken="x" * 40_000), "a malformed SessionToken"),
    (document(SessionToken=f"{SECRET}\x1b[2J"), "a malformed SessionToken"),
    (document(Expiration=SECRET), "a malformed Expiration"),
    (document(Expiration="2040-01-01T00:00:00"), "a malformed Expiration"),
    (document(Expiration=[1]), "a malformed Expiration"),
    (document(Expiration=1e300), "a malformed Expiration"),
    (document(Expiration="0001-01-01T00:00:00+23:59"), "Expiration|ended already"),
    (document(Expiration=instant(-1)), "has ended already"),
    (document(Expiration=instant(38 * HOUR)), "would last longer"),
    ("x" * (2 << 20), "printed more than"),
]


@pytest.mark.parametrize(("text", "what"), WRONG, ids=range(len(WRONG)))
def test_what_it_prints_wrong_is_one_line_which_shows_none_of_it(world: World, text: str, what: str) -> None:
    error = clean_failure(world, lambda: obtain(world, printing(world, text)))
    assert isinstance(error, ConfigError)
    assert error.what.startswith("credential_process of tool")
    assert any(part in error.what for part in what.split("|"))
    assert len(error.what) < 200
    assert world.calls() == []


def test_an_answer_that_is_no_text_at_all_is_one_line(world: World, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00{" + SECRET.encode())
    assert "no JSON document" in clean_failure(world, lambda: obtain(world, f"cat {tmp_path}/bytes")).what


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (f"sh -c 'echo {SECRET}; exit 3'", "failed with exit code 3"),
        ("sh -c 'kill -9 $$'", "was ended by signal 9"),
        ("no-such-program --anywhere", "could not be started: No such file or directory"),
        ("/etc/passwd", "could not be started: Permission denied"),
        ("./", "could not be started"),
        ("sh -c 'echo", "is no command line"),
        ("  ", "is no command line"),
        ("sh -c \0", "could not be started"),
    ],
)
def test_a_program_that_cannot_be_started_or_fails_is_one_line(world: World, command: str, what: str) -> None:
    error = clean_failure(world, lambda: obtain(world, command))
    assert isinstance(error, ConfigError)
    assert what in error.what
    assert error.exit_code == 1


def test_a_file_without_the_right_to_run_is_told(world: World) -> None:
    command = Path(printing(world, document()))
    command.chmod(stat.S_IRUSR)
    assert "Permission denied" in clean_failure(world, lambda: obtain(world, str(command))).what


def test_its_words_are_split_without_a_shell_and_it_has_the_callers_directory_and_environment(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen.json"
    code = f"import json,os,sys; json.dump([sys.argv[1:], os.getcwd(), dict(os.environ)], open({str(seen)!r}, 'w'))"
    command = f'{sys.executable} -c {shlex.quote(code)} \'two words\' $HOME ; `date` > x \\" a"b"c'
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOREIGN", "of this process")
    env = {"MARK": "of the caller", "SHELLINT_SHELL": "bash", "SHELLINT_PID": "1", "AWS_PROFILE": "before"}
    with pytest.raises(ConfigError, match="printed no JSON document"):
        obtain(world, command, world.broker(env=env))
    words, directory, environment = json.loads(seen.read_text())
    assert words == ["two words", "$HOME", ";", "`date`", ">", "x", '"', "abc"]
    assert directory == str(tmp_path)
    assert environment.items() >= {"MARK": "of the caller", "AWS_PROFILE": "before"}.items()
    assert not {"FOREIGN", "SHELLINT_SHELL", "SHELLINT_PID"} & set(environment)
    assert not (tmp_path / "x").exists()


def test_it_gets_no_descriptor_of_ours_and_nothing_to_read_when_nobody_is_there(world: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    command = f"sh -c 'cat; ls /proc/self/fd >{seen}'"
    with seen.with_suffix(".open").open("w") as mine:
        os.set_inheritable(mine.fileno(), True)
        with pytest.raises(ConfigError):
            obtain(world, command, world.broker(NoHuman()))
    assert seen.read_text().split() == ["0", "1", "2", "3"]


def test_without_leave_for_programs_it_is_not_run(world: World) -> None:
    command = printing(world, document())
    with pytest.raises(NeedsHuman, match="comes from credential_process, which runs only when a person asks") as caught:
        obtain(world, command, world.broker(programs=False))
    assert caught.value.exit_code == 4
    assert runs(world) == 0


def test_a_key_never_leaves_the_broker(world: World) -> None:
    key = LongTermKey("AKIAEXAMPLE000000000", SECRET)
    command = printing(world, document(AccessKeyId=key.access_key_id, SecretAccessKey=SECRET, SessionToken=None))
    error = clean_failure(world, lambda: obtain(world, command))
    assert error.exit_code == 3, "AWS does not know it, so there is no session, and the key is not handed out for one"
