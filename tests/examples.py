"""What the help and the documents show to be typed, found where it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click

from shellint import cli

__all__ = ["ROOT", "command_of", "commands", "documented", "examples"]

ROOT = Path(__file__).parents[1]
MAIN = cli._main
_HEADING = "\b\nExamples:\n"
_OPERATORS = ";&|<>()"


def commands(group: click.Group = MAIN, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that name it, `vault` itself without any; a group before what is in it."""
    yield above, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command, name
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name), command


def examples(command: click.Command) -> list[str]:
    """Return the lines under `Examples:` in a command's help; none where there is no such section."""
    heading, _, lines = (command.epilog or "").partition(_HEADING)
    return [] if heading else [line.strip() for line in lines.splitlines()]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the words behind `vault` call, and what is left of them for it.

    Raises UsageError where there is none.
    """
    command: click.Command = MAIN
    if words[:1] and words[0] in cli._OPTIONS:
        words = [*words[1:], cli._OPTIONS[words[0]]]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        _, found, words = command.resolve_command(click.Context(command), words)
        assert found
        command = found
    return command, words


def documented(file: Path) -> Iterator[list[str]]:
    """Yield the words of each call of `vault` in a document, in its code blocks and between its backquotes."""
    text = file.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for line in (*(line for block in blocks for line in block.splitlines()), *re.findall(r"`([^`]+)`", rest)):
        if "vault " in line and "COMMAND --help" not in line:
            yield from _calls(_tokens(line))


def _tokens(line: str) -> list[str]:
    """Return the words and operators of a line of shell; what stands in `$(…)` comes after a `;`."""
    line = re.sub(r'"?\$\((.*?)\)"?', r"; \1 ;", line.replace("\\|", "|"))
    lexer = shlex.shlex(line, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace_split = True
    return list(lexer)


def _calls(tokens: list[str]) -> Iterator[list[str]]:
    call: list[str] | None = None
    for before, token in pairwise((";", *tokens, ";")):
        if call is not None and set(token) <= set(_OPERATORS):
            yield call
            call = None
        elif call is not None:
            call.append(token)
        elif token == "vault" and (set(before) <= set(_OPERATORS) or "=" in before):
            call = []
