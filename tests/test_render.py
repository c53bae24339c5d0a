"""What the renderer refuses to print, and what a shell accepts of what it is given."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from shellint.environment import Change
from shellint.render import SHELLS, Quoted, Shell, _environment, render_change, render_hook
from tests.fake_program import FakeProgram, both_shells, loaded, looks, ours, typed
from tests.hook_stage import BEFORE
from tests.rig.environment import environment as plain_environment
from tests.rig.environment import fresh_home
from tests.rig.kinds import Kind

BAD_NAMES = ["", "1A", "A-B", "A B", "A=B", "A\n", "A;touch hit", "$(touch hit)", "a[0]", "É", "A\0", "-v", "A\u0661"]


def test_a_template_prints_quoted_text_only() -> None:
    """The guard that makes a forgotten `quote` an error here and not a hole in somebody's shell."""
    template = _environment().from_string("<< value >>")
    assert template.render(value=Quoted("$'x'")) == "$'x'"
    for value in ("x", b"x", 5, None, Quoted("x") + "y"):
        with pytest.raises(TypeError, match="not quoted"):
            template.render(value=value)
    with pytest.raises(TypeError):
        template.render()
    with pytest.raises(UndefinedError):
        _environment().from_string("<% for each in value %><% endfor %>").render()


def test_the_guard_does_not_repeat_the_value() -> None:
    """It may be a secret, and an error is shown."""
    with pytest.raises(TypeError) as caught:
        _environment().from_string("<< value >>").render(value="s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
@pytest.mark.parametrize("shell", SHELLS.values(), ids=list(SHELLS))
def test_a_name_outside_the_grammar_is_refused(shell: Shell, name: str) -> None:
    for change in (Change(set={name: "x"}), Change(unset=(name,))):
        with pytest.raises(ValueError, match="not the name"):
            render_change(shell, change)


@pytest.mark.parametrize("shell", SHELLS.values(), ids=list(SHELLS))
def test_a_value_with_nul_is_refused(shell: Shell) -> None:
    with pytest.raises(ValueError, match="NUL"):
        render_change(shell, Change(set={"A": "a\0b"}))


@pytest.mark.parametrize("name", ["", "a b", "a;b", "$(x)", "a/b", "a\n", "é"], ids=ascii)
def test_a_command_name_outside_the_grammar_is_refused(shell_kind: Kind, name: str) -> None:
    with pytest.raises(ValueError, match="not a command name"):
        render_hook(SHELLS[shell_kind.name], command=name, program=("/x",), version="1", prompt=True)


def test_comments_are_left_out_of_what_a_shell_reads(shell_kind: Kind) -> None:
    """A shell without interactive comments would run them."""
    shell = SHELLS[shell_kind.name]
    with_comments = render_hook(shell, command="v", program=("/x",), version="1", prompt=True, comments=True)
    without = render_hook(shell, command="v", program=("/x",), version="1", prompt=True)
    kept = [line for line in with_comments.splitlines() if not line.lstrip().startswith("#")]
    assert without.splitlines() == kept
    assert len(kept) < len(with_comments.splitlines())


@dataclass(frozen=True, slots=True)
class Stage:
    """A shell's hook, its program, and what `vault use prod` does and makes."""

    kind: Kind
    program: FakeProgram
    env: dict[str, str]
    text: str
    held: dict[str, str]

    def use(self, *answers: tuple[str | bytes, int], first: str = "true") -> list[tuple[str, dict[str, str]]]:
        """Type `vault use N` for each answer (text and exit code), and return the status and environment after each."""
        lines = [f". {self.program.hook(self.kind)}", first]
        for number, (text, code) in enumerate(answers):
            self.program.answer(f"use {number}", text, code=code)
            lines += [f"vault use {number}", f"{self.program.look} {number} {self.kind.status}"]
        done = typed(self.kind, lines, self.env, self.program.directory)
        assert not (self.program.directory / "hit").exists()
        seen = looks(done.stdout)
        assert len(seen) == len(answers), done.stderr
        return [
            (look.status, ours(look.env) | {name: v for name, v in look.env.items() if name.startswith("V_")})
            for look in seen.values()
        ]


@pytest.fixture
def stage(shell_kind: Kind, tmp_path: Path) -> Stage:
    change = loaded(BEFORE, "prod", 3600, time.time())
    return Stage(
        shell_kind,
        FakeProgram(tmp_path / "program"),
        plain_environment(fresh_home(tmp_path / "home"), **BEFORE),
        render_change(SHELLS[shell_kind.name], change),
        change.applied_to(BEFORE),
    )


def test_only_what_stands_between_the_markers_is_evaluated(stage: Stage) -> None:
    noise = "touch hit\n$(touch hit)\n"
    for text in (noise + stage.text, stage.text + noise, noise + stage.text + noise, stage.text.rstrip("\n")):
        assert stage.use((text, 0)) == [("0", stage.held)]


def test_half_a_text_changes_nothing(stage: Stage) -> None:
    """Cut anywhere: the program was killed, or the pipe broke, although it said 0."""
    whole = stage.text.rstrip("\n")
    cuts = [*range(1, len(whole), 41), *range(len(whole) - 14, len(whole))]
    assert stage.use(*((whole[:cut], 0) for cut in cuts)) == [("1", BEFORE)] * len(cuts)


@pytest.mark.parametrize(
    "text", ["touch hit", "# shellint {", "# shellint }\n# shellint {\n", "# shellint {touch hit# shellint }"]
)
def test_what_has_no_markers_is_never_evaluated(stage: Stage, text: str) -> None:
    assert stage.use((text, 0)) == [("1", BEFORE)]


def test_a_failure_is_never_applied(stage: Stage) -> None:
    """Whatever text came with it; the exit code is the program's."""
    codes = [1, 2, 3, 4, 130, 255]
    assert stage.use(*((stage.text, code) for code in codes)) == [(str(code), BEFORE) for code in codes]


def test_no_text_and_no_failure_is_nothing_to_do(stage: Stage) -> None:
    """As `vault use --help` answers, which prints its help on stderr."""
    assert stage.use(("", 0), ("\n", 0)) == [("0", BEFORE), ("0", BEFORE)]


def test_markers_inside_a_value_are_part_of_the_value(stage: Stage) -> None:
    """And a text that ends after such a value is still only half a text."""
    values = ["# shellint {", "# shellint }", "a\n# shellint }\nb", "\n# shellint {\n", "x\n# shellint }"]
    shell = SHELLS[stage.kind.name]
    for value in values:
        change = Change(set={"AWS_VAULT": value, "V_MINE": value})
        text = render_change(shell, change)
        assert stage.use((text, 0)) == [("0", BEFORE | dict(change.set))]
        half = text[: text.rindex("V_MINE") + 20]
        assert stage.use((half, 0)) == [("1", BEFORE)]


def test_a_text_of_300_kilobytes_is_applied_whole(stage: Stage) -> None:
    values = {f"V_{number}": str(number) * 30_000 for number in range(10)}
    text = render_change(SHELLS[stage.kind.name], Change(set=values))
    assert len(text) > 300_000
    assert stage.use((text, 0)) == [("0", BEFORE | values)]


@both_shells
@pytest.mark.parametrize("name", ["AWSUME_OTHER", "V_SECRET"])
def test_a_readonly_name_that_only_the_text_knows_stops_all_of_it(stage: Stage, name: str) -> None:
    """Nothing changes, exit 1, and the name is said; neither a set nor an unset begins."""
    shell = SHELLS[stage.kind.name]
    text = render_change(shell, Change(set={"AWS_VAULT": "prod", name: "new"}, unset=("AWS_PROFILE",)))
    gone = render_change(shell, Change(set={"AWS_VAULT": "prod"}, unset=("AWS_PROFILE", name)))
    first = f"export {name}=old; readonly {name}"
    assert stage.use((text, 0), (gone, 0), first=first) == [("1", BEFORE | {name: "old"})] * 2
    lines = [f". {stage.program.hook(stage.kind)}", first, "vault use 0"]
    done = typed(stage.kind, lines, stage.env, stage.program.directory)
    assert f"vault: {name} is readonly in this shell, so nothing was changed\n" in done.stderr.decode()


def test_what_the_program_says_reaches_the_person(stage: Stage) -> None:
    """Its stderr passes through as it is, also beside a text that is applied."""
    stage.program.answer("use 0", stage.text, says="vault: prod for 1h\n")
    done = typed(stage.kind, [f". {stage.program.hook(stage.kind)}", "vault use 0"], stage.env, stage.program.directory)
    assert "vault: prod for 1h\n" in done.stderr.decode()
    assert done.stdout == b""
