"""The story at a real PowerShell: a code is typed, credentials are there, and everything comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint.variables import OURS, REGIONS, SETS
from tests.hostile import VALUES, encoded
from tests.pwsh_shell import STRICT, Pwsh, PwshSeat, pwsh_kind, pwsh_seated
from tests.rig.environment import fresh_home
from tests.seat import changes, hour, question, segment
from tests.story.house import open_house
from tests.story.story import STEPS, play
from tests.test_powershell_values import is_text

SET = {*SETS, *OURS}


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PwshSeat]:
    with pwsh_seated(fresh_home(tmp_path_factory.mktemp("seat") / "home")) as seat:
        yield seat


@pytest.fixture(scope="module")
def strict(seat: PwshSeat) -> Pwsh:
    """A shell with the strictest preferences."""
    return seat.sit(first=STRICT, env={"AWS_PROFILE": "mine"})


@pytest.fixture
def sh(strict: Pwsh) -> Pwsh:
    """The strict shell, with nothing loaded."""
    strict.run("vault clear")
    return strict


def test_nothing_is_printed_when_the_profile_loads_the_hook(seat: PwshSeat) -> None:
    fresh = seat.sit(first=STRICT)
    assert fresh.text() == "RDY>"
    assert fresh.output("$Error.Count, (Get-Alias vault).Definition")[:2] == "0\n"
    assert Path(fresh.output("(Get-Alias vault).Definition").replace("\n", "")).suffix == ".ps1"
    # The kind of shell need not be named.
    assert fresh.output("@(vault hook) -ccontains '__shellint_begin'") == "True"


def test_w21_a_code_is_typed_and_the_child_gets_exactly_the_contract(seat: PwshSeat, sh: Pwsh) -> None:
    before = sh.environ()
    seat.code(sh, "vault use dev")
    assert segment(sh) in hour("dev")
    after = sh.environ()
    got = changes(before, after)
    assert set(got) == {*SET, "AWS_PROFILE"} - {"SHELLINT_LOCK"}
    value = {name: (text or b"").decode() for name, text in got.items()}
    assert b"AWS_PROFILE" not in after
    assert value["AWS_VAULT"] == "dev"
    assert value["SHELLINT_OWNER"] == str(sh.pid)
    assert seat.aws.requests[-1].action == "AssumeRole"
    sh.run("vault clear")
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    assert not sh.showed(value["AWS_SECRET_ACCESS_KEY"])
    assert not sh.showed(seat.key.secret_access_key)


def test_whatever_was_there_before_comes_back_byte_for_byte(seat: PwshSeat) -> None:
    hostile = [encoded(value) for value in VALUES.values() if len(value) < 6_000 and is_text(value)]
    former = {f"AWSUME_X{number}": value.decode() for number, value in enumerate(hostile)} | {
        "AWS_ACCESS_KEY_ID": "AKIA'\\",
        "AWS_SECRET_ACCESS_KEY": VALUES["quotes-mixed"] + VALUES["newline-command"],
        "AWS_SECURITY_TOKEN": VALUES["curly-quotes"],
        "AWS_PROFILE": "",
        "AWS_REGION": "us-west-2",
    }
    sh = seat.sit(first=STRICT, env=former)
    before = sh.environ()
    assert {name: before[name.encode()].decode() for name in former} == former
    sh.run("vault use plain")
    during = sh.environ()
    assert {name for name, value in changes(before, during).items() if value is None} == set(former) - SET
    assert during[b"AWS_REGION"] == b"us-west-2"
    sh.run("vault clear")
    assert changes(before, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


def test_a_second_use_leaves_nothing_of_the_first_and_clear_spares_what_was_changed_since(
    seat: PwshSeat, sh: Pwsh
) -> None:
    seat.profile("other", source_profile="base", role_arn=seat.role("other-role").arn, region="ap-south-1")
    before = sh.environ()
    sh.run("vault use plain")
    first = sh.environ()
    sh.run("vault use other")
    second = sh.environ()
    assert {second[name.encode()] for name in REGIONS} == {b"ap-south-1"}
    secrets = {first[name] for name in (b"AWS_ACCESS_KEY_ID", b"AWS_SECRET_ACCESS_KEY", b"AWS_SESSION_TOKEN")}
    assert not secrets & {*second.values()}
    # Another region is no other session: `-` still means the profile before.
    sh.run("vault region eu-north-1; vault use -")
    assert sh.value("AWS_VAULT") == b"plain"
    sh.run("$env:AWS_REGION = 'us-east-2'")
    assert sh.output("vault clear") == "vault: AWS_REGION was changed since and is left as it is"
    assert changes(before, sh.environ()) == {"AWS_REGION": b"us-east-2"}
    sh.run("$env:AWS_REGION = $null")
    sh.run("vault use -")
    assert sh.value("AWS_VAULT") == b"plain"


def test_every_failure_has_its_exit_code_and_stops_the_line(seat: PwshSeat, sh: Pwsh) -> None:
    bob = seat.aws.add_user("bob")
    seat.profile("closed", role_arn=seat.aws.add_role("closed", trusted=[bob.arn]).arn, source_profile="base")
    sh.run("$PSNativeCommandUseErrorActionPreference = $false")
    sh.run("vault clear --cached")
    sh.run("vault use plain && touch loaded")
    assert (seat.home / "loaded").exists()
    before = sh.environ()
    failures = {
        "use plian": 1,
        "use --nonsense plain": 2,
        "use closed": 3,
        "use dev --no-input": 4,
        "clear plain": 2,
        "nonsense": 2,
        "exec plain -- sh -c 'exit 7'": 7,
        "exec plain no-such-program": 127,
    }
    for words, code in failures.items():
        sh.run(f"vault {words} && touch hit")
        assert (words, sh.words('"$?" "$LASTEXITCODE"')) == (words, [b"False", str(code).encode()])
    sh.run("vault exec plain true")
    assert sh.words('"$?" "$LASTEXITCODE"') == [b"True", b"0"]
    sh.run("$PSNativeCommandUseErrorActionPreference = $true")
    for words in ("use plian", "exec plain false"):
        sh.run(f"vault {words}; touch hit")
        assert (words, sh.words('"$?" "$LASTEXITCODE"')) == (words, [b"False", b"1"])
    assert changes(before, sh.environ()) == {}
    assert not (seat.home / "hit").exists()


def test_ctrl_c_at_the_code_leaves_terminal_and_environment_as_they_were(seat: PwshSeat, sh: Pwsh) -> None:
    before = sh.environ()
    asked = len(seat.aws.requests)
    sh.run("vault clear --cached")
    sh.send("vault use dev && touch hit\r")
    question(sh)
    sh.interrupt()
    assert sh.words('"$LASTEXITCODE"') == [b"130"]
    assert segment(sh) == ""
    assert changes(before, sh.environ()) == {}
    assert len(seat.aws.requests) == asked
    assert not (seat.home / "hit").exists()
    seat.code(sh, "vault use dev")
    assert segment(sh).startswith("dev ")


def test_exec_runs_at_the_terminal_with_the_words_as_typed_and_without_our_variables(seat: PwshSeat, sh: Pwsh) -> None:
    sh.run("vault exec plain true")  # the one that says whom it asks
    assert sh.output("vault exec plain -- sh -c 'test -t 0 && test -t 1 && test -t 2 && echo all'") == "all"
    sh.run("touch one.json")
    said = sh.output("vault exec plain -- printf '<%s>' '*.json' Name=a,Values=b 012 --flag -- '' end")
    assert said.startswith("<*.json><Name=a,Values=b><012><--flag><--><><end>")
    assert (
        sh.output("vault exec plain -- sh -c 'echo $AWS_VAULT $SHELLINT_SESSION $SHELLINT_PID $AWS_PROFILE'") == "plain"
    )
    assert sh.output('$said = vault exec plain echo caught; "[$said]"') == "[caught]"
    assert sh.output("'a', 'b' | vault exec plain -- tr a-z A-Z").split() == ["A", "B"]
    assert sh.environ().keys().isdisjoint({b"SHELLINT_PID", b"SHELLINT_SHELL", b"SHELLINT_HOOK", b"SHELLINT_LAST"})


def test_a_key_is_stored_from_the_pipeline(seat: PwshSeat, sh: Pwsh) -> None:
    key = seat.alice.add_key()
    sh.run(f'$key = \'{{"AccessKeyId": "{key.access_key_id}", "SecretAccessKey": "{key.secret_access_key}"}}\'')
    sh.run("$key | vault add piped --stdin --no-config; Remove-Variable key")
    assert sh.words('"$LASTEXITCODE"') == [b"0"]
    assert "piped" in sh.output("vault list")


def test_refresh_repeats_what_was_asked_for(seat: PwshSeat, sh: Pwsh) -> None:
    arn = seat.role("asked").arn
    sh.run(f"vault use base --role-arn {arn} --duration 15m --region eu-north-1")
    assert re.fullmatch(r"base 1[45]m", segment(sh))
    sh.run("vault region us-east-2")
    first = sh.environ()
    sh.run("vault refresh --force")
    assert seat.aws.requests[-1].action == "AssumeRole"
    second = sh.environ()
    assert second[b"AWS_REGION"] == b"us-east-2"
    assert first[b"AWS_ACCESS_KEY_ID"] != second[b"AWS_ACCESS_KEY_ID"]
    assert re.fullmatch(r"base 1[45]m", segment(sh))


def test_the_story_of_make_try_happens_here_too(capsys: pytest.CaptureFixture[str]) -> None:
    with open_house() as house:
        checks = play(pwsh_kind(), house)
    out = capsys.readouterr().out
    assert out.count("\n  ok ") == checks > len(STEPS)
    assert "    $ vault use demo\n    MFA code for arn:aws:iam::123456789012:mfa/demo: " in out
    assert re.search(r"^    demo 0:0\d \$$", out, re.MULTILINE)
    assert "\x1b" not in out
    assert house.key.secret_access_key not in out
