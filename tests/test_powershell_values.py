"""Values reach PowerShell's environment exactly, whatever they are, completely or not at all, and are shown nowhere."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shellint import environment
from shellint.environment import Change
from shellint.render import SHELLS, base64_data, render_change
from tests.fake_program import SECRETS, FakeProgram, loaded, ours
from tests.hostile import NAMES, VALUES, decoded, encoded, values
from tests.pwsh_shell import Piped, fake_hook
from tests.rig.environment import fresh_home

INCOMPLETE = "vault: the answer was incomplete, so nothing was changed"


def is_text(value: str) -> bool:
    """.NET keeps an environment as text: other bytes are lost when PowerShell starts, before anybody's hook."""
    return "\ufffd" not in encoded(value).decode(errors="replace")


TEXTS = {row: value for row, value in VALUES.items() if is_text(value)}


class Bench:
    """A PowerShell with the hook, and the program it calls."""

    def __init__(self, shell: Piped, fake: FakeProgram) -> None:
        self.shell = shell
        self.fake = fake

    def change(self, words: str, change: Change) -> None:
        """Answer `vault WORDS` with `change`."""
        self.fake.answer(words, render_change(SHELLS["powershell"], change))

    def env(self) -> dict[str, str]:
        """Return the variables of a child that a session may touch."""
        return ours({name.decode(): decoded(value) for name, value in self.shell.environ().items()})


@pytest.fixture(scope="module", params=["script", "function", "constrained"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The command as a file, as a function where no file could be written, and where PowerShell refuses .NET."""
    base = tmp_path_factory.mktemp(request.param)
    home, fake = fresh_home(base / "home"), FakeProgram(base / "program")
    with Piped(home, {}) as shell:
        if request.param == "constrained":
            shell.run("$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'")
        hook = fake_hook(fake, script=request.param != "function")
        assert shell.load(hook) == ""
        assert shell.run("(Get-Command vault).Definition").strip() == (
            str(fake.directory / "vault.ps1") if request.param == "script" else "__shellint_main"
        )
        yield Bench(shell, fake)


def test_every_hostile_value_goes_in_and_comes_back(bench: Bench) -> None:
    before = bench.env()
    put = {f"AWSUME_X{number}": value for number, value in enumerate(TEXTS.values())}
    bench.change("use all", Change(set=put, unset=("AWS_PROFILE",)))
    bench.change("clear", Change(unset=tuple(put)))
    assert bench.shell.run("vault use all") == ""
    assert bench.env() == before | put
    assert bench.shell.run("vault clear") == ""
    assert bench.env() == before
    assert not (bench.shell.home / "hit").exists()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(values.filter(is_text), min_size=50, max_size=50))
def test_two_thousand_values_round_trip(bench: Bench, some: list[str]) -> None:
    put = {f"AWSUME_Y{number}": value for number, value in enumerate(some)}
    bench.change("use many", Change(set=put))
    assert bench.shell.run("vault use many") == ""
    assert {name: value for name, value in bench.env().items() if name in put} == put


def test_a_session_is_taken_out_again_and_empty_former_values_come_back(bench: Bench) -> None:
    bench.shell.run("$env:AWS_PROFILE = 'mine'")
    before = bench.env()
    loading = loaded(before, "prod", 3600, time.time())
    bench.change("use prod", loading)
    bench.change("clear", environment.clear(loading.applied_to(before), sealed={}))
    bench.shell.run("vault use prod")
    assert bench.env() == loading.applied_to(before)
    bench.shell.run("vault clear")
    assert bench.env() == before


GOOD = render_change(SHELLS["powershell"], Change(set={"AWSUME_Z": "new"}, unset=("AWSUME_OLD",)))


@pytest.mark.parametrize(
    "answer",
    [
        "set AWSUME_Z eA==\n",
        GOOD.replace("# shellint }\n", ""),
        GOOD.replace("# shellint {\n", ""),
        GOOD.replace("unset AWSUME_OLD", "unset AWSUME OLD"),
        GOOD.replace("unset AWSUME_OLD", "unset AWSUME_OLD; 1"),
        GOOD.replace("unset AWSUME_OLD", "unset 9A"),
        GOOD.replace("unset AWSUME_OLD", "touch hit"),
        GOOD.replace("unset AWSUME_OLD", "$(touch hit)"),
        GOOD.replace("unset AWSUME_OLD", "\u00fcnset AWSUME_OLD"),
        GOOD.replace("renew ", "renew 1x"),
        GOOD.replace("bmV3", "bmV"),
        GOOD.replace("bmV3", "bm=3"),
        GOOD.replace("bmV3", "bmV3 bmV3"),
        GOOD.replace("AWSUME_Z", "path:x"),
    ],
)
def test_an_answer_that_is_not_whole_changes_nothing(bench: Bench, answer: str) -> None:
    bench.shell.run("$env:AWSUME_OLD = 'old'; $env:AWSUME_Z = 'z'")
    before = bench.env()
    bench.fake.answer("use half", answer)
    assert INCOMPLETE in bench.shell.run("vault use half")
    assert bench.shell.status == (False, 1)
    assert bench.env() == before
    assert not (bench.shell.home / "hit").exists()


def test_text_around_the_markers_is_ignored_and_a_failure_applies_nothing(bench: Bench) -> None:
    bench.shell.run("$env:AWSUME_OLD = 'old'; $env:AWSUME_Z = 'z'")
    before = bench.env()
    bench.fake.answer("use failing", GOOD, code=3)
    bench.shell.run("vault use failing")
    assert bench.shell.status == (False, 3)
    assert bench.env() == before
    bench.fake.answer("use nothing")
    assert bench.shell.run("vault use nothing") == ""
    assert bench.env() == before
    bench.fake.answer("use wrapped", f"hello\n{GOOD}touch hit\n")
    assert bench.shell.run("vault use wrapped") == ""
    assert bench.env() == {**{name: value for name, value in before.items() if name != "AWSUME_OLD"}, "AWSUME_Z": "new"}


def test_a_failure_stops_the_line_and_a_success_does_not(bench: Bench) -> None:
    bench.fake.answer("use good", GOOD)
    bench.fake.answer("use bad", code=3)
    bench.fake.answer("other", code=4)
    assert "went on" in bench.shell.run("vault use good && 'went on'")
    for words, code in (("use bad", 3), ("other", 4)):
        assert "went on" not in bench.shell.run(f"vault {words} && 'went on'")
        bench.shell.run(f"vault {words}")
        assert bench.shell.status == (False, code)
    bench.shell.run("vault use good")
    assert bench.shell.status == (True, 0)


def test_hostile_words_reach_the_program_as_they_were_typed(bench: Bench) -> None:
    """Neither globbed again nor taken apart: the program writes down what it got."""
    for word in filter(is_text, NAMES.values()):
        doubled = "".join(letter * 2 if letter in "'\u2018\u2019\u201a\u201b" else letter for letter in word)
        calls = len(bench.fake.calls())
        bench.shell.run(f"vault use '{doubled}'")
        assert bench.fake.calls()[calls:] == [f"use {word}"]


def test_words_are_not_globbed_joined_or_rounded(bench: Bench) -> None:
    for name in ("a.json", "b.json"):
        (bench.shell.home / name).touch()
    words = "exec p -t 012345 --include '*.json' Name=a,Values=b,c -p:Config=Release 1e3 0x10 'q\"q' -- x 1.50"
    calls = len(bench.fake.calls())
    bench.shell.run(f"vault {words}")
    # The first `--` never reaches a script.
    assert bench.fake.calls()[calls:] == [words.replace("'", "").replace("-- ", "")]


def test_secrets_are_shown_by_no_trace_and_stay_in_no_variable(bench: Bench) -> None:
    change = loaded({}, "prod", 3600, time.time())
    bench.change("use prod", change)
    bench.fake.answer("refresh", render_change(SHELLS["powershell"], change))
    bench.change("clear", environment.clear(change.applied_to({}), sealed={}))
    shown = ""
    transcript = bench.shell.home / "transcript"
    bench.shell.run(f"$null = Start-Transcript -Path '{transcript}'")
    for level in (1, 2):
        bench.shell.run(f"Set-PSDebug -Trace {level}")
        shown += "".join(bench.shell.run(f"vault {words}") for words in ("use prod", "refresh"))
        bench.shell.run("$null = prompt; $VerbosePreference = $DebugPreference = 'Continue'")
        shown += bench.shell.run("vault use prod")
        bench.shell.run("Set-PSDebug -Off; $VerbosePreference = $DebugPreference = 'SilentlyContinue'")
    bench.shell.run("$null = Stop-Transcript")
    shown += transcript.read_text()
    assert "__shellint_apply" in shown
    # What is evaluated, and script block logging therefore keeps, has the numbers of the words and no value.
    assert "$($words[0] -join " in shown
    for secret in SECRETS:
        # A trace shortens what it prints: the beginning is telling enough.
        for text in (secret[:8], base64_data(secret)[:8], "".join(f"%{byte:02x}" for byte in secret.encode()[:4])):
            assert text not in shown
    kept = bench.shell.run("Get-Variable | Where-Object Name -ne Error | Out-String -Width 20000; $global:__shellint")
    kept += bench.shell.run("$Error | Format-List * -Force | Out-String -Width 20000; Get-History | Out-String")
    bench.shell.run("vault clear; $Error.Clear()")
    for secret in SECRETS:
        assert secret[:8] not in kept
