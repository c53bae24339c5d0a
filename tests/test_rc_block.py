"""Our lines in somebody's start-up file, as bytes: what was there before always comes back exactly."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shellint.errors import ShellintError
from shellint.rc_block import hook_line_number, with_block, without_block

LINES = 'eval "$(shellint hook zsh)"\n'
BLOCK = b'# >>> shellint >>>\neval "$(shellint hook zsh)"\n# <<< shellint <<<\n'

FILES = [
    b"",
    b"\n",
    b"alias x=y\n",
    b"alias x=y",
    b"alias x=y\r\n",
    b"alias x=y\r\nlast",
    b"ends in a carriage return\r",
    b"\xff\xfe not \xe9 UTF-8",
    b"\n\n\n",
    b"# >> shellint >>\n# >>> conda >>>\n",
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("data", FILES)
def test_what_is_put_in_comes_out_again_byte_for_byte(data: bytes, newline: str) -> None:
    added = with_block(data, LINES, newline=newline)
    assert added.startswith(data)
    assert added.count(b"eval") == 1
    assert without_block(added) == data


@given(data=st.binary(), newline=st.sampled_from(["\n", "\r\n"]))
def test_whatever_the_file_holds_comes_back(data: bytes, newline: str) -> None:
    assume(b" shellint " not in data)  # hypothesis knows our marker lines
    assert without_block(with_block(data, LINES, newline=newline)) == data


@pytest.mark.parametrize("data", FILES)
def test_a_second_time_changes_nothing(data: bytes) -> None:
    once = with_block(data, LINES)
    assert with_block(once, LINES) == once


def test_a_file_that_ends_in_a_newline_gets_three_plain_lines() -> None:
    assert with_block(b"alias x=y\n", LINES) == b"alias x=y\n" + BLOCK


def test_other_lines_take_the_place_of_ours_and_nothing_else_moves() -> None:
    before = b"first\n" + BLOCK + b"last\n"
    assert with_block(before, "other\n") == before.replace(b'eval "$(shellint hook zsh)"', b"other")


def test_lines_added_behind_ours_since_then_stay() -> None:
    """The newline that had to be added is needed by then."""
    assert without_block(with_block(b"no newline", LINES) + b"later\n") == b"no newline\nlater\n"
    assert without_block(b"zeroth\n" + with_block(b"first\n", LINES) + b"later") == b"zeroth\nfirst\nlater"


@pytest.mark.parametrize(
    "data", [b"a\n# >>> shellint >>>\neval\n", b"a\neval\n# <<< shellint <<<\n", BLOCK + BLOCK[:19]]
)
def test_one_marker_line_without_the_other_is_left_to_the_person(data: bytes) -> None:
    with pytest.raises(ShellintError, match=r"line \d of it is one of the two"):
        without_block(data)
    with pytest.raises(ShellintError, match=r"line \d of it is one of the two"):
        with_block(data, LINES)


@pytest.mark.parametrize(
    "line",
    [
        'eval "$(vault hook zsh)"',
        'eval "$(/opt/x/bin/vault hook bash --name av)"',
        "vault hook fish | source",
        "Invoke-Expression (& vault hook powershell | Out-String)",
        "  _evalcache shellint hook zsh",
        "source <('/home/a b/bin/shellint' hook bash)",
    ],
)
def test_a_line_written_by_hand_is_found(line: str) -> None:
    assert hook_line_number(f"alias x=y\n{line}\n".encode()) == 2


@pytest.mark.parametrize(
    "line", ["# eval $(vault hook zsh)", "git vault-hook", "vault hooks", "eval $(direnv hook zsh)"]
)
def test_what_only_looks_like_it_is_not(line: str) -> None:
    assert hook_line_number(line.encode()) is None
