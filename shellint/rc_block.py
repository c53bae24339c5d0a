"""Our lines in a file that belongs to its person: put in and taken out again as bytes, all else stays as it is."""

from __future__ import annotations

import re

from shellint.errors import ShellintError

__all__ = ["hook_line_number", "with_block", "without_block"]

_OPEN = b"# >>> shellint >>>"
_CLOSE = b"# <<< shellint <<<"
_NEWLINE_ADDED = b" (a newline was added before this line)"
_BLOCK = re.compile(
    rb"(?P<before>\r?\n)?"
    rb"^" + _OPEN + rb"(?P<added>" + re.escape(_NEWLINE_ADDED) + rb")?[ \t]*(?P<cr>\r?)\n"
    rb"(?:(?!" + _OPEN + rb").*\n)*?" + _CLOSE + rb"[ \t\r]*(?:\n|\Z)",
    re.MULTILINE,
)
_MARK = re.compile(rb"^(?:" + _OPEN + rb"|" + _CLOSE + rb")", re.MULTILINE)
_CALLS_THE_HOOK = re.compile(rb"^[^#\n]*\b(?:vault|shellint)\b[\"']?[ \t]+hook\b", re.MULTILINE)


def with_block(data: bytes, lines: str, *, newline: str = "\n") -> bytes:
    """Return `data` with `lines` (no marker lines) as our block: in the place of the one it has, else at the end.

    Raises ShellintError when one of the two marker lines is there without the other.
    """
    rest = without_block(data)
    if found := _BLOCK.search(data):
        before, after = data[: found.start()] + (found["before"] or b""), data[found.end() :]
        added = found["added"] is not None
    else:
        added = rest != b"" and not rest.endswith(b"\n")
        before, after = rest + (newline.encode() if added else b""), b""
    opening = _OPEN + (_NEWLINE_ADDED if added else b"")
    body = lines.removesuffix("\n").replace("\n", newline).encode("utf-8", "surrogateescape")
    return before + newline.encode().join((opening, body, _CLOSE, b"")) + after


def without_block(data: bytes) -> bytes:
    """Return `data` without our block: exactly what `with_block` was given. Raises ShellintError as it does."""

    def removed(found: re.Match[bytes]) -> bytes:
        before = found["before"] or b""
        last = found.end() == len(data)
        return before.removesuffix(found["cr"] + b"\n") if found["added"] and last else before

    rest = _BLOCK.sub(removed, data)
    if line := _line_number(_MARK, rest):
        raise ShellintError(
            f"line {line} of it is one of the two that mark what `vault setup` added, and the other is gone",
            "remove what is left by hand",
        )
    return rest


def hook_line_number(data: bytes) -> int | None:
    """Return the number of the line that loads the hook, in a file without our block; None when there is none."""
    return _line_number(_CALLS_THE_HOOK, data)


def _line_number(pattern: re.Pattern[bytes], data: bytes) -> int | None:
    found = pattern.search(data)
    return data.count(b"\n", 0, found.start()) + 1 if found else None
