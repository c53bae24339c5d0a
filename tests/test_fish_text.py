"""What fish itself and its formatter say about every rendering."""

from __future__ import annotations

import subprocess

import pytest

from shellint.environment import Change
from shellint.render import SHELLS, render_change, render_hook
from tests.rig.programs import program

FISH = SHELLS["fish"]
# One word: `fish_indent` takes quotes away from a word that needs none.
PROGRAM = ("/x y/it's \\ a $program",)
CHANGE = Change(set={"AWS_REGION": "it's\n", "MINE": "(touch hit)"}, unset=("AWS_PROFILE", "AWSUME_X"), renew_at=5)


def hook(name: str, *, prompt: bool, comments: bool) -> str:
    return render_hook(FISH, command=name, program=PROGRAM, version="1.2.3", prompt=prompt, comments=comments)


RENDERINGS = {
    f"{name}{'' if prompt else '-no-prompt'}{'-comments' if comments else ''}": hook(
        name, prompt=prompt, comments=comments
    )
    for name in ("vault", "z")
    for prompt in (True, False)
    for comments in (True, False)
}


@pytest.mark.parametrize("name", RENDERINGS)
def test_the_formatter_would_write_it_just_so(name: str) -> None:
    done = subprocess.run([program("fish_indent")], input=RENDERINGS[name], capture_output=True, text=True, check=True)
    assert done.stdout == RENDERINGS[name]


@pytest.mark.parametrize("text", [*RENDERINGS.values(), render_change(FISH, CHANGE)], ids=[*RENDERINGS, "change"])
def test_fish_parses_it(text: str) -> None:
    argv = [program("fish"), "--no-execute"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    broken = subprocess.run(argv, input=f"{text}\nend\n", capture_output=True, text=True, check=False)
    assert broken.returncode != 0


@pytest.mark.parametrize("text", [*RENDERINGS.values(), render_change(FISH, CHANGE)], ids=[*RENDERINGS, "change"])
def test_nothing_but_ascii_lines(text: str) -> None:
    """No text depends on the locale of the shell that reads it."""
    assert text.isascii()
    assert "\r" not in text
    assert text.endswith("\n")
