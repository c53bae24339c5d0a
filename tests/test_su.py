"""Another user in a loaded shell, by `su` or `sudo`: the files are not theirs, so nothing is read or written."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shellint.front import run
from shellint.render import SHELLS, render_hook
from tests.fake_program import CALL
from tests.nesting import NAMES, end_now, inside, kind_called, ours
from tests.rig.environment import environment
from tests.rig.kinds import Kind
from tests.rig.programs import program
from tests.rig.shell import Shell
from tests.seat import Seat, hour, seated, segment
from tests.store_helpers import NOBODY, forked, needs_root

pytestmark = needs_root

FORMER = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-north-1", "AWS_SECRET_ACCESS_KEY": "sealed meanwhile"}
ENDED = "vault: plain has ended and is taken out of this shell; `vault refresh` loads it again"
LOST = "vault: AWS_SECRET_ACCESS_KEY was set before and could not be put back: `vault clear` tries again"
TODO = "       run this without sudo or su, or set HOME to your own home directory"

REFUSED = re.compile(r"[Pp]ermission denied|not an executable file|exit code 127")
"""What the shells say of a program that may not be run, and ours of files that it may not look at."""


@pytest.fixture(params=NAMES)
def kind(request: pytest.FixtureRequest) -> Kind:
    return kind_called(request.param)


@pytest.fixture
def seat(kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(kind, home) as seat:
        yield seat


@pytest.fixture
def another_home() -> Iterator[Path]:
    """The home of `nobody`, where that user can go."""
    path = Path(tempfile.mkdtemp(prefix="shellint-test-"))
    os.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(path)


def rests(home: Path) -> dict[str, tuple[int, int, int, int]]:
    """Return owner, mode, size and time of whatever of ours and of AWS's lies below a home."""
    found = (path for path in home.rglob("*") if {"shellint", ".aws"} & {*path.relative_to(home).parts})
    states = {str(path): path.lstat() for path in found}
    return {name: (state.st_uid, state.st_mode, state.st_size, state.st_mtime_ns) for name, state in states.items()}


def give_away(home: Path) -> None:
    """Make everything below a home, and the home, another user's."""
    for path in (home, *home.rglob("*")):
        os.lchown(path, NOBODY, NOBODY)


def test_root_in_a_home_that_is_not_roots_is_refused_and_writes_nothing(seat: Seat) -> None:
    """What `sudo -s` and `su` without a dash make: HOME or XDG_DATA_HOME are still the other user's."""
    first = seat.sit(env=FORMER)
    first.run("vault use plain")
    loaded = {os.fsdecode(name): os.fsdecode(value) for name, value in ours(first.environ()).items()}
    give_away(seat.home)
    kept, asked = rests(seat.home), len(seat.aws.requests)
    sh = seat.sit(env=loaded, columns=250)
    assert sh.text().splitlines()[-1].removesuffix(" RDY>") in hour("plain")
    whose = f"vault: {seat.home / '.local/share/shellint'} belongs to nobody, not to root"
    for words in ("use plain", "refresh --force", "list", "exec plain true"):
        assert sh.output(f"vault {words}").splitlines()[:2] == [whose, TODO], words
    assert sh.output("vault use plain && touch hit").splitlines()[:2] == [whose, TODO]
    assert not (seat.home / "hit").exists()
    assert sh.output("") == ""
    assert "profile    plain" in sh.output("vault status")
    assert {name.decode(): value.decode() for name, value in ours(sh.environ()).items()} == loaded
    assert sh.output(end_now(sh)).splitlines() == [LOST, ENDED]
    assert segment(sh) == ""
    assert sh.output("") == ""
    after = sh.environ()
    assert {name: after.get(name.encode()) for name in (*FORMER, "AWS_ACCESS_KEY_ID", "AWS_VAULT")} == {
        "AWS_PROFILE": b"mine",
        "AWS_REGION": b"eu-north-1",
        "AWS_SECRET_ACCESS_KEY": None,
        "AWS_ACCESS_KEY_ID": None,
        "AWS_VAULT": None,
    }
    assert rests(seat.home) == kept
    assert len(seat.aws.requests) == asked


def test_a_shell_behind_su_counts_down_and_complains_at_no_prompt(seat: Seat, kind: Kind, another_home: Path) -> None:
    """Here the other user may not even look: at the first one's files and, it may be, at the program."""
    sh = seat.sit(columns=250)
    sh.run("vault use plain")
    loaded, kept, asked = ours(sh.environ()), rests(seat.home), len(seat.aws.requests)
    write_rc_of_another(kind, another_home)
    with inside(sh, kind, behind_su(kind, another_home)):
        assert segment(sh) in hour("plain")
        assert sh.output("") == ""
        assert sh.output("id -un") == "nobody"
        assert REFUSED.search(sh.output("vault use plain && touch hit"))
        assert not (another_home / "hit").exists()
        assert look(sh, another_home) == loaded
        assert "plain" in sh.output(end_now(sh))
        assert segment(sh) == ""
        assert b"AWS_SECRET_ACCESS_KEY" not in look(sh, another_home)
        assert sh.output("") == ""
        sh.run("vault clear")
        assert sh.output("") == ""
        assert not [path for path in another_home.rglob("*") if path.name == "shellint"]
    assert segment(sh) in hour("plain")
    assert ours(sh.environ()) == loaded
    assert rests(seat.home) == kept
    assert len(seat.aws.requests) == asked


def write_rc_of_another(kind: Kind, home: Path) -> None:
    """Give another user an rc file with the hook as `vault hook` prints it where nothing is kept."""
    hook = home / f"hook{'.ps1' if kind.name == 'powershell' else ''}"
    hook.write_text(render_hook(SHELLS[kind.name], command="vault", program=tuple(CALL), version="1", prompt=True))
    # PowerShell says so when it cannot write the history, which is below XDG_DATA_HOME.
    read = ". '{}'; Set-PSReadLineOption -HistorySaveStyle SaveNothing\n" if hook.suffix else "source '{}'\n"
    (home / kind.rc).parent.mkdir(parents=True, exist_ok=True)
    (home / kind.rc).write_text(kind.prompt + read.format(hook))
    # Few programs, as on a server: PowerShell would have a desktop's open what may not be run, and that talks on later.
    (home / "bin").mkdir()
    for name in ("dirname", "env", "id", "ls", "mkdir", "readlink", "sh", "touch"):
        (home / "bin" / name).symlink_to(program(name))
    give_away(home)


def behind_su(kind: Kind, home: Path) -> str:
    """Return the command that makes a shell another user's, with that user's HOME and all other variables kept."""
    variables = f"HOME={home} ZDOTDIR={home} XDG_CONFIG_HOME={home}/.config PATH={home}/bin"
    shell = " ".join((kind.path or program(kind.name), *kind.interactive))
    return f"{program('su')} -s /bin/sh --session-command 'cd; {variables} exec {shell}' nobody"


def look(sh: Shell, home: Path) -> dict[bytes, bytes]:
    """Return what a child of another user's shell has of a session: by a program which that user may run."""
    sh.run(sh.kind.call.format(words=f"sh -c 'env -0 >{home}/environ'"))
    variables = (home / "environ").read_bytes().split(b"\0")[:-1]
    return ours(dict(variable.split(b"=", 1) for variable in variables))


def test_files_that_may_not_even_be_looked_at_are_named(home: Path, another_home: Path, tmp_path: Path) -> None:
    """The program here is one that root has loaded: where root installed it, another user may not be able to."""
    captured = {"SHELLINT_SHELL": "bash", "SHELLINT_PID": "1"}
    with seated(kind_called("bash"), home) as seat:
        theirs = environment(home, **seat.env, **captured) | {"HOME": str(another_home)}
        shutil.copytree(home / ".aws", another_home / ".aws")
        give_away(another_home)

        def calls(env: Mapping[str, str], directory: Path) -> list[int]:
            for descriptor in (1, 2):
                os.dup2(os.open(directory / str(descriptor), os.O_CREAT | os.O_WRONLY | os.O_APPEND), descriptor)
            return [run(words.split(), env) for words in ("use plain", "list", "clear")]

        def act() -> None:
            # Whatever has to be imported is imported now.
            calls(theirs | {"XDG_DATA_HOME": str(tmp_path)}, tmp_path)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            assert calls(theirs, another_home) == [1, 1, 0]

        kept = rests(home)
        assert forked(act) == 0, (another_home / "2").read_text()
        assert rests(home) == kept
        refused = f"vault: cannot look at {home}/.local/share/shellint: Permission denied\n"
        refused += "       become the user whose directory it is\n"
        assert (another_home / "2").read_text() == refused * 2 + "vault: nothing is loaded in this shell\n"
        assert (another_home / "1").read_text() == ""
        assert seat.aws.requests == []
