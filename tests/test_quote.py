"""Any value an environment can hold reaches a real shell exactly, and nothing in it is ever run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis.database import InMemoryExampleDatabase

from shellint import environment
from shellint.environment import Change
from shellint.render import SHELLS, dollar_quote, fish_quote, render_change
from shellint.variables import REPLACED, SAVED_LIMIT, SETS
from tests.fake_program import FakeProgram, loaded, ours
from tests.hostile import NAMES, VALUES, decoded, values
from tests.rig.environment import environment as plain_environment
from tests.rig.kinds import Kind
from tests.rig.script import run_script
from tests.rig.shell import Shell

GENERATED = 2000
BATCH = 250

Way = Callable[[Kind, FakeProgram, Path, Change], dict[str, str]]


EVAL = {"bash": 'eval "$(cat {file})"', "zsh": 'eval "$(cat {file})"', "fish": "cat {file} | source"}
"""How each shell runs a text as it is."""


def variables_in(stdout: bytes) -> dict[str, str]:
    """Return what `env -0` printed."""
    pairs = (decoded(entry).partition("=") for entry in stdout.split(b"\0")[:-1])
    return {name: value for name, _, value in pairs}


def held_by(sh: Shell) -> dict[str, str]:
    """Return the environment of a child."""
    return {decoded(name): decoded(value) for name, value in sh.environ().items()}


def named(batch: Iterable[str]) -> dict[str, str]:
    return {f"V{number}": value for number, value in enumerate(batch)}


@pytest.fixture
def fake(tmp_path: Path) -> FakeProgram:
    return FakeProgram(tmp_path / "program")


def by_eval(kind: Kind, fake: FakeProgram, home: Path, change: Change) -> dict[str, str]:
    """Evaluate the text itself in a script, as nothing but `eval` does it."""
    file = fake.directory / "text"
    file.write_text(render_change(SHELLS[kind.name], change))
    script = f". {fake.hook(kind)}\n{EVAL[kind.name].format(file=file)}\nenv -0\ntest ! -e hit || echo hit >&2\n"
    done = run_script(kind, script, plain_environment(home))
    assert (done.returncode, done.stderr) == (0, b"")
    return variables_in(done.stdout)


def by_hook(kind: Kind, fake: FakeProgram, home: Path, change: Change) -> dict[str, str]:
    """Go the way of a typed command: captured from the program, checked, and applied at an interactive prompt."""
    fake.change(kind, "use x", change)
    with Shell(kind, home, f". {fake.hook(kind)}\n") as sh:
        sh.run("vault use x")
        assert sh.status() == 0
        assert not (home / "hit").exists()
        return held_by(sh)


both_ways = pytest.mark.parametrize("way", [by_eval, by_hook])


@pytest.fixture(scope="session")
def generated() -> list[str]:
    """Return 2,000 values that hypothesis thinks of."""
    found: list[str] = []

    @settings(max_examples=GENERATED, phases=[Phase.generate], database=InMemoryExampleDatabase())
    @given(value=values)
    def collect(value: str) -> None:
        found.append(value)

    collect()
    return found


@both_ways
def test_every_hostile_value_arrives_exactly(shell_kind: Kind, way: Way, fake: FakeProgram, home: Path) -> None:
    sent = named([*VALUES.values(), *NAMES.values()])
    seen = way(shell_kind, fake, home, Change(set=sent))
    assert {name: seen.get(name) for name in sent} == sent


@both_ways
def test_generated_values_arrive_exactly(
    shell_kind: Kind, way: Way, fake: FakeProgram, home: Path, generated: Sequence[str]
) -> None:
    assert len(generated) >= GENERATED
    for start in range(0, len(generated), BATCH):
        sent = named(generated[start : start + BATCH])
        seen = way(shell_kind, fake, home, Change(set=sent))
        assert [(value, seen.get(name)) for name, value in sent.items() if seen.get(name) != value] == []


def test_hostile_values_that_were_there_before_come_back(shell_kind: Kind, fake: FakeProgram, home: Path) -> None:
    """`use` puts them into SHELLINT_SAVED (secret and long ones into the store), and `clear` puts them back."""
    rows = list(VALUES.values())
    names = [*SETS, *REPLACED, "AWSUME_OTHER"]
    for start in range(0, len(rows), len(names)):
        former = dict(zip(names, rows[start:], strict=False))
        load = loaded(former, "prod", 3600, time.time())
        held = load.applied_to(former)
        assert len(held["SHELLINT_SAVED"]) <= SAVED_LIMIT
        fake.change(shell_kind, "use prod", load)
        fake.change(shell_kind, "clear", environment.clear(held, sealed=load.seal))
        with Shell(shell_kind, home, f". {fake.hook(shell_kind)}\n", former) as sh:
            sh.run("vault use prod")
            assert ours(held_by(sh)) == held, sh.text()
            sh.run("vault clear")
            assert ours(held_by(sh)) == former, sh.text()
    assert not (home / "hit").exists()


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
def test_dollar_quoting_is_one_line_of_plain_ascii(value: str) -> None:
    """No locale, no option for quotes and no line-by-line reader can then make anything else of it."""
    quoted = dollar_quote(value)
    assert quoted.isascii()
    assert quoted.isprintable()
    assert re.fullmatch(r"\$'(?:[^'\\]|\\[0-7]{3})*'", quoted)


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
def test_fish_quoting_is_one_line_of_plain_ascii(value: str) -> None:
    """Between the quotes stands nothing that means anything there."""
    quoted = fish_quote(value)
    assert quoted.isascii()
    assert quoted.isprintable()
    assert re.fullmatch(r"'[^'\\]*'(?:(?:\\x[0-7][0-9a-f]|\\X[89a-f][0-9a-f])'[^'\\]*')*", quoted)


@pytest.mark.parametrize("quote", [dollar_quote, fish_quote])
def test_nul_cannot_be_quoted(quote: Callable[[str], str]) -> None:
    """An environment value ends there: better an error than half a value."""
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")
