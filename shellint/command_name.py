"""The names that the command can have in a shell."""

from __future__ import annotations

from shellint.errors import UsageError

__all__ = ["TAKEN", "check_name"]

TAKEN = frozenset(
    {
        "and",
        "argparse",
        "begin",
        "break",
        "builtin",
        "case",
        "cd",
        "command",
        "continue",
        "coproc",
        "declare",
        "do",
        "done",
        "elif",
        "else",
        "emulate",
        "end",
        "esac",
        "eval",
        "exec",
        "exit",
        "export",
        "fi",
        "float",
        "for",
        "foreach",
        "function",
        "if",
        "in",
        "integer",
        "local",
        "nocorrect",
        "not",
        "or",
        "printf",
        "read",
        "readonly",
        "repeat",
        "return",
        "select",
        "set",
        "set_color",
        "shift",
        "source",
        "status",
        "string",
        "switch",
        "test",
        "then",
        "time",
        "trap",
        "typeset",
        "unalias",
        "unset",
        "until",
        "while",
    }
)
"""Words of the shells, which a function of that name would break."""


def check_name(name: str) -> None:
    """Raise UsageError for a name that no shell takes for a command's."""
    odd = not all(letter.isascii() and (letter.isalnum() or letter in "_-.") for letter in name) or name[:1] in "-."
    if odd or name in TAKEN:
        raise UsageError(f"{name!r} is no name for a command", "use letters, digits, - and _")
