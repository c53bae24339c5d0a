"""The one table of values and names that break careless quoting, and strategies for all the others.

A value is what an environment variable can hold: any bytes but NUL, written as str with `surrogateescape`, so that
`os.fsencode` and `encoded` give the bytes back. Every renderer meets every row in the real shell.
"""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["NAMES", "VALUES", "decoded", "encoded", "names", "values"]


def encoded(value: str) -> bytes:
    """Return the bytes that `value` stands for."""
    return value.encode("utf-8", "surrogateescape")


def decoded(value: bytes) -> str:
    """Undo `encoded`."""
    return value.decode("utf-8", "surrogateescape")


VALUES: dict[str, str] = {
    # white space and line ends
    "empty": "",
    "space": " ",
    "spaces": "   ",
    "spaces-around": "  a  b  ",
    "tab": "a\tb",
    "newline": "a\nb",
    "newline-last": "a\n",
    "newlines-last": "a\n\n\n",
    "newline-only": "\n",
    "newline-command": "a\ntouch hit\n",
    "return": "a\rb",
    "return-newline": "a\r\nb\r\n",
    "vertical-form-feed": "a\vb\fc",
    # quotes and backslashes
    "single-quote": "it's",
    "single-quote-only": "'",
    "single-quotes": "''''",
    "double-quote": 'say "hi"',
    "double-quote-only": '"',
    "quotes-mixed": "'\"'\"'`\"`",
    "dollar-single-quote": "$'a\\n'",
    "dollar-double-quote": '$"a"',
    "backslash-only": "\\",
    "backslash-last": "C:\\",
    "backslashes-last": "a\\\\\\",
    "backslash-quote": "a\\'b\\\"c",
    "backslash-newline": "a\\\nb",
    "backslash-letters": "\\n\\t\\0\\x41\\101\\u0041\\c",
    "quote-breakout": "'; touch hit; '",
    "double-quote-breakout": '"; touch hit; "',
    "here-document": "<<EOF\n$(touch hit)\nEOF\n",
    # expansion and substitution
    "dollar": "$",
    "variable": "$HOME",
    "variable-braced": "${HOME}",
    "positional": "$1$@$*$#$?$$",
    "ifs": "a${IFS}b",
    "substitution": "$(touch hit)",
    "substitution-open": "$(",
    "backtick": "`touch hit`",
    "backtick-open": "`",
    "arithmetic": "$((1+1))",
    "subscript": "a[$(touch hit)]",
    "process-substitution": "<(touch hit)",
    "indirect": "${!HOME}",
    "zsh-flags": "${(e):-$(touch hit)}",
    "zsh-glob-qualifier": "*(e:'touch hit':)",
    "fish-substitution": "(touch hit)",
    "powershell-substitution": "$(New-Item hit)$env:HOME",
    "braces": "{a,b}{1..3}",
    "tilde": "~",
    "tilde-user": "~root/x",
    "tilde-inner": "a:~:~root",
    "equals-command": "=ls",
    "equals": "a=b=c",
    "history": "!",
    "history-last": "!!",
    "history-word": "a!ls!$ !-1 ^a^b",
    # globs, operators, options
    "star": "*",
    "glob": "?[a-z]*.py **/*",
    "glob-extended": "+(a|b) @(x) !(y)",
    "semicolon": "a;touch hit",
    "and": "a&&touch hit",
    "or": "a||touch hit",
    "pipe": "a|touch hit",
    "background": "a&touch hit",
    "redirect": "a>hit",
    "redirect-in": "a<hit 2>&1 >|hit",
    "comment": "#not a comment",
    "comment-inner": "a #b",
    "brackets": "([{}])",
    "dash": "-",
    "dash-n": "-n",
    "dash-e": "-e",
    "double-dash": "--",
    "option": "--help",
    "plus": "+x",
    "percent": "%",
    "percent-code": "%n%m%d%%",
    "percent-open": "%{",
    "percent-color": "%F{red}x%f",
    "percent-printf": "%s%d%n%*x",
    "at": "@args",
    "caret": "^",
    "cmd-variable": "%PATH%",
    # template languages
    "jinja": "{{ 7*7 }}",
    "jinja-open": "{{",
    "jinja-block": "{% raw %}",
    "jinja-block-end": "{% endraw %}",
    "jinja-comment": "{# a #}",
    "jinja-comment-end": "#}",
    "format": "{0}{name}{",
    # control bytes and encodings
    "controls": "".join(map(chr, range(1, 0x20))),
    "escape-color": "\x1b[31mred\x1b[0m",
    "escape-title": "\x1b]0;title\x07",
    "bell": "\a",
    "backspace": "ab\b\bc",
    "control-c-d-z": "\x03\x04\x1a",
    "delete": "a\x7fb",
    "prompt-ignore": "\x01\x02",
    "utf-8-invalid": decoded(b"\xff\xfe"),
    "utf-8-invalid-first": decoded(b"\xc3"),
    "utf-8-invalid-quote": decoded(b"\xc3'"),
    "utf-8-invalid-backslash": decoded(b"\xe0\\"),
    "utf-8-overlong": decoded(b"\xc0\xa7\xc0\xaf"),
    "utf-8-surrogate": decoded(b"\xed\xa0\x80"),
    "all-high-bytes": decoded(bytes(range(0x80, 0x100))),
    "latin-1": decoded(b"caf\xe9"),
    "fish-private-use": "\uf600\uf6ff\ufdd0",
    "curly-quotes": "\u2018a\u2019 \u201ab\u201b",
    "curly-double-quotes": "\u201ca\u201d \u201eb\u201f",
    "dashes": "\u2013\u2014\u2015x",
    "next-line": "a\x85b",
    "line-separators": "a\u2028b\u2029c",
    "right-to-left": "\u202eabc\u202c\u200f",
    "no-break-space": "\xa0a\xa0",
    "zero-width": "a\u200bb\u200d\ufeff",
    "emoji": "\U0001f600 \U0001f469\u200d\U0001f4bb",
    "combining": "e\u0301a\u0308\u0323",
    "decomposed": "\u212b \u1e9b\u0323",
    "wide": "\u65e5\u672c\u8a9e",
    # length
    "long-5k": "Ab9/+=" * 900,
    "long-5k-quotes": "'\"$`\\!" * 900,
    "long-32k": "x" * 32_768,
    "long-32k-lines": ("y" * 63 + "\n") * 512,
}

NAMES: dict[str, str] = {
    # names that a section of ~/.aws/config can have: one line, no `]`, nothing blank at either end
    "plain": "prod",
    "space": "my prod",
    "quotes": 'it\'s "prod"',
    "backslash-last": "prod\\",
    "substitution": "$(touch hit)",
    "backtick": "`touch hit`",
    "variable": "${HOME}",
    "subscript": "a[$(touch hit)",
    "semicolon": "prod;touch hit",
    "pipe": "prod|touch hit",
    "history": "prod!!",
    "dash": "-prod",
    "option": "--force",
    "dash-only": "-",
    "equals-command": "=ls",
    "tilde": "~root",
    "glob": "*",
    "percent-code": "%n",
    "percent-open": "%{prod",
    "percent-psvar": "%1v%99v",
    "prompt-escape": "\\u\\h\\$\\[",
    "jinja": "{{ 7*7 }}",
    "jinja-block": "{% raw %}",
    "slash": "a/b",
    "dots": "..",
    "traversal": "../../etc/passwd",
    "colon": "a:b@c",
    "hash": "prod#1",
    "escape": "prod\x1b[31m",
    "bell": "prod\a",
    "tab": "a\tb",
    "control": "a\x01b\x02c\x7f",
    "accent": "prod-\xe9",
    "wide": "\u672c\u756a",
    "right-to-left": "\u202eprod",
    "curly-quotes": "\u2018prod\u2019",
    "emoji": "prod\U0001f525",
    "invalid-utf-8": decoded(b"prod\xff"),
    "long": "p" * 300,
}

_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_BYTES = st.binary().map(lambda value: decoded(value.replace(b"\0", b"\\")))
_PIECES = st.lists(st.sampled_from([value for value in VALUES.values() if len(value) < 64]), max_size=6).map("".join)

# Pieces joined may complete a UTF-8 sequence: only the bytes decide which str stands for them.
values: st.SearchStrategy[str] = st.one_of(_TEXT, _BYTES, _PIECES).map(lambda value: decoded(encoded(value)))
"""Any value without NUL: text, bytes, rows of the table strung together."""

_LINE_ENDS = dict.fromkeys(map(ord, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "_")

names: st.SearchStrategy[str] = values.map(
    lambda value: value.translate(_LINE_ENDS).replace("]", ")").strip() or "prod"
)
"""Any profile name that one line of a config file can hold."""
