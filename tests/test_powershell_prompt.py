"""What PowerShell does at a prompt: whose credentials are these, have they ended, are they renewed, what is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellint import environment
from shellint.environment import Change
from shellint.render import SHELLS, render_change
from shellint.variables import OURS, SETS
from tests.fake_program import FakeProgram, loaded, ours
from tests.hostile import NAMES, decoded
from tests.pwsh_shell import STRICT, Piped, fake_hook
from tests.rig.environment import fresh_home

BEFORE = {"AWS_PROFILE": "mine", "AWS_REGION": "us-east-2"}
TAKEN_OUT = "vault: prod is taken out of this shell; `vault clear` puts back what was there before\n"
LET_GO = "vault: other AWS keys were put into this shell; prod is let go, the keys are left as they are\n"


class Bench:
    """A strict PowerShell with the hook; `load` puts a session into it."""

    def __init__(self, home: Path, fake: FakeProgram, shell: Piped) -> None:
        self.home = home
        self.fake = fake
        self.shell = shell

    def answer(self, words: str, change: Change) -> None:
        self.fake.answer(words, render_change(SHELLS["powershell"], change))

    def load(self, seconds: int, *, age: int = 0, profile: str = "prod", owner: int = 1) -> dict[str, str]:
        """Load a session that has some seconds left, and return the environment of a child."""
        self.shell.run("vault clear")
        change = loaded(BEFORE, profile, seconds + age, time.time() - age, owner=owner)
        self.answer("use it", change)
        self.answer("clear", environment.clear(change.applied_to(BEFORE), sealed={}))
        assert self.shell.run("vault use it") == ""
        assert self.env() == change.applied_to(BEFORE)
        return change.applied_to(BEFORE)

    def env(self) -> dict[str, str]:
        return ours({name.decode(): decoded(value) for name, value in self.shell.environ().items()})

    def prompt(self) -> str:
        return self.shell.run("prompt")

    def calls(self, words: str) -> int:
        return self.fake.calls().count(words)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    base = tmp_path_factory.mktemp("bench")
    home, fake = fresh_home(base / "home"), FakeProgram(base / "program")
    fake.answer("clear")
    with Piped(home, BEFORE) as shell:
        for line in (*STRICT.splitlines(), "function prompt { \"[$?|$LASTEXITCODE] > \"; 'ignored' }"):
            shell.run(line)
        assert shell.load(fake_hook(fake)) == ""
        yield Bench(home, fake, shell)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (129_599, "prod 35h59m "),
        (6_059, "prod 1h40m "),
        (5_990, "prod 99m "),
        (590, "prod 9m "),
        (119, "prod 1m "),
        (45, "prod 0:4"),
    ],
)
def test_the_time_left_stands_before_the_prompt(bench: Bench, seconds: int, text: str) -> None:
    bench.load(seconds)
    assert bench.prompt().startswith(text)
    assert bench.shell.run("vault_prompt_info").startswith(text.strip())


def test_the_persons_prompt_sees_the_last_command_and_its_first_object_is_shown(bench: Bench) -> None:
    bench.load(3590)
    bench.shell.run("$PSNativeCommandUseErrorActionPreference = $false; $Error.Clear()")
    assert bench.shell.run("sh -c 'exit 7'; prompt") == "prod 59m [False|7] > \n"
    assert bench.shell.run("sh -c 'exit 0'; prompt") == "prod 59m [True|0] > \n"
    for _ in range(3):
        bench.shell.run("sh -c 'exit 7'; $null = prompt")
    assert bench.shell.status[1] == 7
    assert bench.shell.run("$Error.Count") == "0\n"
    bench.shell.run("$PSNativeCommandUseErrorActionPreference = $true")


def test_our_variables_reach_neither_the_persons_prompt_nor_the_shell(bench: Bench) -> None:
    """Scope is dynamic here: what a caller defines, a function sees."""
    bench.load(3590)
    before = set(bench.shell.run("(Get-Variable).Name").split())
    bench.shell.run("$before = $global:__shellint['theirs']")
    bench.shell.run("$global:__shellint['theirs'] = { (Get-Variable).Name -join ' ' }")
    seen = set(bench.prompt().removeprefix("prod 59m ").split())
    bench.shell.run("$global:__shellint['theirs'] = $before; Remove-Variable before")
    assert set(bench.shell.run("(Get-Variable).Name").split()) == before
    new = {name for name in seen - before if not name.startswith("__shellint")}
    assert new <= {"args", "before", "MyInvocation", "PSBoundParameters", "PSCommandPath", "PSScriptRoot"}


def test_the_strict_preferences_stop_a_line_as_a_failing_program_does(bench: Bench) -> None:
    bench.fake.answer("use refused", code=3, says="vault: AWS refused\n")
    bench.fake.answer("other", code=4)
    for words, code in (("use refused", 3), ("other", 4)):
        printed = bench.shell.run(f"vault {words}; 'went on'")
        assert "went on" not in printed
        assert f"vault ended with exit code {code}" in printed
        assert bench.shell.status == (False, code)
        assert bench.shell.run(f"try {{ vault {words} }} catch {{ 'caught' }}").endswith("caught\n")
    bench.shell.run("$PSNativeCommandUseErrorActionPreference = $false")
    assert bench.shell.run("vault use refused; 'went on'") == "vault: AWS refused\nwent on\n"
    bench.shell.run("$PSNativeCommandUseErrorActionPreference = $true")


def test_a_format_of_ones_own_or_none_at_all(bench: Bench) -> None:
    bench.load(3590)
    bench.shell.run("$env:SHELLINT_PROMPT = '<{profile}|{left}>'")
    assert bench.prompt().startswith("<prod|59m> [")
    for off, starship in (("off", ""), ("auto", "powershell")):
        bench.shell.run(f"$env:SHELLINT_PROMPT = '{off}'; $env:STARSHIP_SHELL = '{starship}'")
        assert bench.prompt().startswith("[")
        assert bench.shell.run("vault_prompt_info") == "prod 59m\n"
    bench.shell.run("$env:SHELLINT_PROMPT = $null; $env:STARSHIP_SHELL = $null; $env:NO_COLOR = $null")
    assert bench.prompt().startswith("prod 59m [")
    bench.shell.run("$env:NO_COLOR = '1'")


def test_hostile_profiles_are_plain_text(bench: Bench) -> None:
    for row in ("quotes", "substitution", "variable", "percent-open", "control", "curly-quotes", "emoji"):
        bench.load(3590, profile=NAMES[row])
        visible = "".join(letter for letter in NAMES[row] if letter.isprintable())
        assert bench.prompt().startswith(f"{visible} 59m ["), row
    assert not (bench.home / "hit").exists()


def test_ended_credentials_are_taken_out_by_the_program_and_what_was_there_is_back(bench: Bench) -> None:
    after = bench.load(-5)
    bench.answer("clear --expired --no-input", environment.clear(after, sealed={}))
    assert bench.shell.run("$global:LASTEXITCODE = 7; prompt") == "[True|7] > \n"
    assert bench.env() == BEFORE
    assert bench.prompt() == "[True|0] > \n"


def test_where_the_program_cannot_the_hook_takes_them_out_by_itself_and_tries_once(bench: Bench) -> None:
    after = bench.load(-5)
    bench.fake.answer("clear --expired --no-input", code=1)
    calls = bench.calls("clear --expired --no-input")
    assert TAKEN_OUT in bench.prompt()
    saved = {name: value for name, value in after.items() if name not in {*SETS, *OURS} or name == "SHELLINT_SAVED"}
    assert bench.env() == saved
    assert bench.prompt() == "[True|0] > \n"
    assert bench.calls("clear --expired --no-input") == calls + 1
    bench.answer("clear", environment.clear(saved, sealed={}))
    bench.shell.run("vault clear")
    assert bench.env() == BEFORE


def test_a_program_that_is_gone_leaves_no_ended_credentials(bench: Bench) -> None:
    bench.load(-5)
    bench.shell.run("$call = ${function:__shellint_call}")
    bench.shell.run("function global:__shellint_call { '& /nowhere/python' }")
    printed = bench.prompt()
    bench.shell.run("${function:global:__shellint_call} = $call; Remove-Variable call")
    assert "vault: The term '/nowhere/python' is not recognized" in printed
    assert TAKEN_OUT in printed
    assert "AWS_SECRET_ACCESS_KEY" not in bench.env()


@pytest.mark.parametrize("expires", ["", "x", "1e9", "9" * 13, "1795564891\n", "$(touch hit)", "a[$(touch hit)]"])
def test_what_is_no_time_or_too_far_ahead_has_ended(bench: Bench, expires: str) -> None:
    bench.load(3590)
    bench.fake.answer("clear --expired --no-input", code=1)
    code = ",".join(str(ord(letter)) for letter in expires)
    bench.shell.run(f"$env:SHELLINT_EXPIRES = -join [char[]]@({code})")
    printed = bench.prompt()
    # Without any time a session does not end.
    assert ("AWS_SECRET_ACCESS_KEY" in bench.env()) == (expires == "")
    assert printed.startswith("prod [") or TAKEN_OUT in printed
    assert not (bench.home / "hit").exists()


def test_other_keys_are_left_alone_and_ours_is_let_go_with_one_line(bench: Bench) -> None:
    after = bench.load(-5)
    bench.shell.run("$env:AWS_ACCESS_KEY_ID = 'AKIAPASTED'; $env:AWS_VAULT = 'reader'")
    calls = bench.fake.calls()
    printed = bench.prompt()
    assert printed.startswith(LET_GO + "[")
    rest = {name: value for name, value in after.items() if name not in OURS}
    assert bench.env() == rest | {"AWS_ACCESS_KEY_ID": "AKIAPASTED", "AWS_VAULT": "reader"}
    assert bench.prompt().startswith("[")
    assert bench.fake.calls() == calls
    for name in ours(after):
        bench.shell.run(f"$env:{name} = " + (f"'{BEFORE[name]}'" if name in BEFORE else "$null"))
    bench.shell.run("$env:AWS_PROFILE = 'mine'")
    assert bench.env() == BEFORE


AHEAD = "refresh --ahead --no-input"


@pytest.mark.parametrize("code", [0, 1, 4])
def test_only_the_owner_renews_ahead_and_at_most_once_a_minute(bench: Bench, code: int) -> None:
    """What a person is needed for is said once; any other failure is tried again, later and later, without a word."""
    pid = int(bench.shell.run("$PID"))
    bench.load(100, age=300)
    bench.fake.answer(AHEAD, code=code, says="vault: it said so\n")
    calls = bench.calls(AHEAD)
    assert bench.prompt().startswith("prod 1m ")
    assert bench.calls(AHEAD) == calls
    expires = int(bench.load(100, age=300, owner=pid)["SHELLINT_EXPIRES"])
    assert bench.prompt().startswith("vault: it said so\nprod 1m ")
    for _ in range(3):
        assert bench.prompt().startswith("prod 1m ")
    assert bench.calls(AHEAD) == calls + 1
    following = int(bench.shell.run("$global:__shellint['next']"))
    assert following == expires if code == 4 else 55 < following - time.time() <= 61
    # What a minute does to these numbers.
    bench.shell.run("$global:__shellint['next'] = 1")
    assert bench.prompt().startswith("prod 1m ")
    assert bench.calls(AHEAD) == calls + 2
    if code == 1:
        assert 115 < int(bench.shell.run("$global:__shellint['next']")) - time.time() <= 121
    assert bench.prompt().startswith("prod 1m ")
    assert bench.calls(AHEAD) == calls + 2


def test_loaded_twice_and_replaced_since_there_is_one_segment(bench: Bench) -> None:
    bench.load(3590)
    bench.shell.load(fake_hook(bench.fake))
    assert bench.prompt().startswith("prod 59m [")
    bench.shell.run('$theme = $function:prompt; function prompt { "theme $(& $theme)" }')
    assert bench.prompt().startswith("theme prod 59m [")
    bench.shell.run("vault use it")
    printed = bench.prompt()
    assert printed.count("59m") == 1
    assert "theme" in printed
    bench.shell.run("function prompt { 'new> ' }")
    bench.shell.run("vault use it")
    assert bench.prompt() == "prod 59m new> \n"
