"""What a linter and a parser say about every rendering, and what bash 3.2 (macOS) would not understand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shellint.environment import Change
from shellint.render import SHELLS, render_change, render_hook
from tests.fake_program import both_shells
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import program

TOOLS = Path(sys.executable).parent

EXCLUDED = {
    "SC2016": "PS1 names a variable, it must not hold its value",
    "SC2034": "a change sets variables of the hook, which the linter does not see",
}

# https://tiswww.case.edu/php/chet/bash/CHANGES, 4.0 and later. Each is allowed behind a check of BASH_VERSINFO.
NEWER = re.compile(
    r"""
      \b(declare|typeset|local)\ -[a-zA-Z]*[Ang]  # associative arrays, references, globals
    | \blocal\ -(?![a-zA-Z])                       # options local to a function
    | \$\{[^}]*(,,|\^\^|@[A-Za-z]\})               # upper and lower case, transformations
    | \|&|&>>|;;?&                                 # pipes and redirections of both streams, falling through
    | \b(mapfile|readarray|coproc)\b
    | printf\ [^|;]*%\([^)]*\)T                    # a time
    | \bEPOCH(SECONDS|REALTIME)\b | \bBASHPID\b
    | \[\[\ [^]]*(?<=\ )-v\ | \bwait\ -n\b
    | \[-[0-9]+\]                                  # counting from an array's end
    | \bPROMPT_COMMAND\+?=\(
    | \{[a-z_]+\}[<>]                              # a descriptor's number in a variable
    | \*\[[!^]                                     # "none of": where IFS has `!` or `-`, 3.2 means these letters
    """,
    re.VERBOSE,
)

CHANGE = Change(set={"AWS_REGION": "it's\n", "MINE": "$(touch hit)"}, unset=("AWS_PROFILE", "AWSUME_X"), renew_at=5)


def renderings(kind: Kind) -> dict[str, str]:
    """Every text of this shell, comments included: a linter's directives are comments."""
    shell = SHELLS[kind.name]
    words = ("/usr/bin/python3", "-I", "/x y/it's/__main__.py")
    return {
        f"hook --name {name}{'' if prompt else ' --no-prompt'}": render_hook(
            shell, command=name, program=words, version="1.2.3", prompt=prompt, comments=True
        )
        for name in ("vault", "z")
        for prompt in (True, False)
    } | {"change": f"# shellcheck shell={kind.name}\n{render_change(shell, CHANGE)}"}


def without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))


def behind_no_check(text: str) -> list[str]:
    """Return the lines that every bash reads: those in the branch of a newer one are left out."""
    kept: list[str] = []
    branch: str | None = None
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if branch is not None:
            if line in {f"{branch}else", f"{branch}fi"}:
                branch = None
        elif re.match(r"\s*if \[\[ \$\{BASH_VERSINFO\[0\]\} -gt", line):
            branch = indent
        else:
            kept.append(line)
    return kept


def check(argv: list[str], text: str) -> None:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_shellcheck_finds_nothing_in_bash() -> None:
    for text in renderings(KINDS["bash"]).values():
        check([str(TOOLS / "shellcheck"), "--enable=all", f"--exclude={','.join(EXCLUDED)}", "-"], text)


@pytest.mark.parametrize("code", EXCLUDED)
def test_shellcheck_would_find_each_excluded_matter(code: str) -> None:
    """An exclusion that hides nothing any more has to go."""
    texts = renderings(KINDS["bash"]).values()
    argv = [str(TOOLS / "shellcheck"), "--enable=all", f"--include={code}", "-"]
    found = [subprocess.run(argv, input=text, capture_output=True, text=True, check=False).stdout for text in texts]
    assert any(code in each for each in found)


@both_shells
def test_shfmt_parses_and_agrees(shell_kind: Kind) -> None:
    """bash: formatted as shfmt would; zsh: parsed (its formatter does not keep `(pattern)` in a case)."""
    shfmt = str(TOOLS / "shfmt")
    for name, text in renderings(shell_kind).items():
        if shell_kind.name == "bash" and name != "change":
            check([shfmt, "-ln=bash", "-i=4", "-d"], text)
        else:
            # It does not know zsh's `always`.
            known = text.replace("} always {", "}\n{")
            argv = [shfmt, f"-ln={shell_kind.name}"]
            done = subprocess.run(argv, input=known, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


@both_shells
def test_the_shell_itself_parses_it(shell_kind: Kind) -> None:
    for text in renderings(shell_kind).values():
        check([program(shell_kind.name), "-n"], text)
        check([program(shell_kind.name), "-n"], without_comments(text))


@both_shells
def test_nothing_but_ascii_lines(shell_kind: Kind) -> None:
    """No text depends on the locale of the shell that reads it; a `…` for a person is all there is."""
    for text in renderings(shell_kind).values():
        assert without_comments(text).replace("…", "").isascii()
        assert "\r" not in text
        assert text.endswith("\n")


def test_bash_3_2_meets_no_newer_form() -> None:
    for text in renderings(KINDS["bash"]).values():
        assert [line for line in behind_no_check(without_comments(text)) if NEWER.search(line)] == []


def test_a_newer_form_is_behind_a_check_of_the_version() -> None:
    """The hook does use two of them, so the branches that are left out are really there."""
    text = without_comments(renderings(KINDS["bash"])["hook --name vault"])
    found = {found[0].strip() for line in text.splitlines() if (found := NEWER.search(line))}
    assert len(found) >= 2


@pytest.mark.parametrize(
    "line",
    [
        "declare -A a",
        "local -n ref=$1",
        "declare -g x=1",
        r"\builtin local -",
        'x="${x,,}"',
        'x="${x^^}"',
        'x="${x@Q}"',
        "a |& b",
        "a &>> b",
        "mapfile -t a",
        "readarray a",
        "coproc cat",
        "printf -v now '%(%s)T' -1",
        "now=$EPOCHSECONDS",
        "[[ -v x ]]",
        "wait -n",
        'x="${a[-1]}"',
        "echo $BASHPID",
        "PROMPT_COMMAND=(a)",
        "exec {fd}>file",
    ],
)
def test_newer_forms_are_recognised(line: str) -> None:
    assert NEWER.search(line)
    assert behind_no_check(line) == [line]


@pytest.mark.parametrize(
    "line",
    [
        r"\builtin local x='' y",
        r'\builtin unset -v "${x}"',
        "printf -v x '0:%02d' 1",
        'x="${x//a/b}"',
        "a > b 2>&1",
        r"\builtin local -a list",
        'if [[ -n "$(trap -p DEBUG)" ]]; then',
    ],
)
def test_older_forms_are_not_taken_for_newer(line: str) -> None:
    assert not NEWER.search(line)
