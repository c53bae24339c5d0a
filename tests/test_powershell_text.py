"""What PowerShell is given: ASCII, in one language for 5.1 and 7, and values as data that no quoting rule touches."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_pwsh
from hypothesis import given

from shellint import __version__
from shellint.environment import Change
from shellint.hook import hook_command, hook_text
from shellint.render import SHELLS, base64_data, powershell_quote, render_change, render_hook, render_script
from tests.hostile import NAMES, VALUES, encoded, values
from tests.rig.environment import environment

POWERSHELL = SHELLS["powershell"]
LATER_THAN_5_1 = {
    "pipeline_chain_tail": "&& and ||",
    "ternary_expression": "a ? b : c",
    "null_coalesce_expression": "a ?? b",
}
_LATER_TEXT = re.compile(r"&&|\|\||\?\?|\?\.|`e|`u\{|-parallel\b|\bclean\s*\{", re.IGNORECASE)


def texts() -> Iterator[tuple[str, str]]:
    for command in ("vault", "aws-vault.2"):
        for prompt in (True, False):
            for script in ("", "/home/o\u2019neill/x.ps1"):
                text = render_hook(
                    POWERSHELL,
                    command=command,
                    program=("/opt/it's \u2018here\u2019/\U0001f600/python", "-I", "x"),
                    version="1.2",
                    prompt=prompt,
                    script=script,
                )
                yield f"hook {command} {prompt} {script != ''}", text
    yield "script", render_script(POWERSHELL, version="1.2")


@pytest.fixture(scope="module")
def parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in texts()])
def test_every_rendering_parses_is_ascii_and_holds_nothing_that_5_1_cannot_read(
    text: str, parser: tree_sitter.Parser
) -> None:
    assert set(text) <= {"\n", *map(chr, range(0x20, 0x7F))}
    found = list(nodes(parser.parse(text.encode()).root_node))
    assert [node.start_point for node in found if node.is_error or node.is_missing] == []
    assert {node.type for node in found} & LATER_THAN_5_1.keys() == set()
    assert _LATER_TEXT.findall(re.sub(r"'[^'\n]*'", "''", text)) == []
    assert not [line for line in text.splitlines() if line.lstrip().startswith("#")]


def test_the_parser_finds_what_5_1_cannot_read(parser: tree_sitter.Parser) -> None:
    """The check above can fail."""
    seen = {node.type for node in nodes(parser.parse(b"a && b; $x = $y ?? 1; $x = $y ? 1 : 2").root_node)}
    assert len(seen & LATER_THAN_5_1.keys()) >= 1
    assert parser.parse(b"function x {").root_node.has_error
    assert len(_LATER_TEXT.findall("a && b; $x = $y ?? 1; `e[0m")) == 3


@pytest.mark.parametrize("row", VALUES)
def test_a_change_is_lines_of_names_and_base64(row: str) -> None:
    text = render_change(POWERSHELL, Change(set={"A_B": VALUES[row]}, unset=("C",), renew_at=12))
    first, *lines, last = text.splitlines()
    assert (first, last) == ("# shellint {", "# shellint }")
    assert lines[:2] == ["unset C", "unset A_B"]
    assert lines[3:] == ["renew 12"]
    command, name, data = lines[2].split(" ")
    assert (command, name) == ("set", "A_B")
    assert base64.b64decode(data, validate=True) == encoded(VALUES[row])


@given(values)
def test_base64_and_literals_are_ascii_of_one_line(value: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", base64_data(value), re.ASCII)
    literal = powershell_quote(value)
    assert set(literal) <= set(map(chr, range(0x20, 0x7F)))
    assert re.fullmatch(r"\(?'[^']*'(\+\[char\]0x[0-9a-f]{4}\+'[^']*')*\)?", literal)


def test_a_value_with_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        base64_data("a\0b")


def test_the_command_is_a_private_file_beside_the_kept_hook_and_made_again_when_lost(home: Path) -> None:
    env = environment(home)
    text = hook_text("powershell", env)
    named = re.search(rf"'({re.escape(str(home))}/[^']*\.ps1)'", text)
    assert named
    script = Path(named[1])
    assert script.parent == home / ".local/share/shellint/hooks"
    assert script.stat().st_mode & 0o777 == 0o600
    assert script.read_text() == render_script(POWERSHELL, version=__version__)
    script.unlink()
    assert hook_text("powershell", env) == text
    assert script.exists()


def test_where_nothing_can_be_written_the_hook_names_no_file(home: Path) -> None:
    (home / ".local").write_text("in the way")
    text = hook_text("powershell", environment(home))
    assert ".ps1'" not in text
    assert "Get-Command '' " in text


def test_a_hook_of_another_name_defines_that_and_shellint(home: Path) -> None:
    text = hook_command(["powershell", "--name", "av", "--no-prompt"], environment(home))
    assert "foreach ($name in 'av', 'shellint')" in text
    assert "'vault'" not in text


@pytest.mark.parametrize("row", NAMES)
def test_a_program_below_a_hostile_directory_stays_one_word(row: str) -> None:
    text = render_hook(POWERSHELL, command="vault", program=(NAMES[row],), version="1", prompt=True)
    (call,) = re.findall(r"^& (.*)$", text, re.MULTILINE)
    assert call == powershell_quote(NAMES[row])
