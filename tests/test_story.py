"""The story behind `make try` happens, and fails, naming the step, whenever a part of it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pyte
import pytest

from tests.rig.environment import environment
from tests.rig.kinds import KINDS, MARK, Kind
from tests.rig.programs import program
from tests.rig.screen import Screen
from tests.rig.terminal import TIMEOUT, Terminal
from tests.story.house import House, open_house
from tests.story.picture import draw
from tests.story.stage import Failed, Stage
from tests.story.story import STEPS, Step, end, hook, play, restored, store, use, who

ROOT = Path(__file__).parents[1]


@pytest.fixture
def house() -> Iterator[House]:
    with open_house() as house:
        yield house


@pytest.fixture
def tmp() -> Iterator[Path]:
    """A directory with a short path: a socket's may have 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="s-") as directory:
        yield Path(directory)


def test_every_step_happens(shell_kind: Kind, house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """The transcript shows what is typed, what is shown and what was checked, as plain text."""
    checks = play(shell_kind, house)
    out = capsys.readouterr().out
    assert out.count("\n  ok ") == checks > len(STEPS)
    assert "    $ vault use demo\n    MFA code for arn:aws:iam::123456789012:mfa/demo: " in out
    assert re.search(r"^    demo 0:0\d \$$", out, re.MULTILINE)
    assert "ends in 0s" not in out
    assert "\x1b" not in out
    assert house.key.secret_access_key not in out


def _typed(*commands: str) -> Step:
    def spoil(stage: Stage) -> None:
        for command in commands:
            stage.type(command)

    return spoil


def _lie(stage: Stage) -> None:
    stage.house.add_program("python", f"echo {stage.house.user_arn}")


def _endless(stage: Stage) -> None:
    stage.house.aws.session_seconds_for["GetSessionToken"] = 3600


def _refused(stage: Stage) -> None:
    stage.house.aws.fail_next("GetSessionToken", "AccessDenied")


def _stored_key(stage: Stage) -> None:
    key, secret = stage.house.key
    variables = f"AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}"
    stage.house.add_program("python", f"{variables} exec env -u AWS_SESSION_TOKEN '{sys.executable}' \"$@\"")


SPOILED: dict[str, tuple[tuple[Step, ...], str]] = {
    "no hook": ((store, use), "after an MFA code: `vault use demo` did not ask for: MFA code"),
    "no key": ((hook, use), "`vault use demo` did not ask for: MFA code"),
    "AWS refuses": ((store, hook, _refused, use), "the environment is that of demo"),
    "no segment": ((store, hook, _typed("export SHELLINT_PROMPT=off"), use), "the prompt says so"),
    "AWS is not asked": ((store, hook, use, _lie, who), "AWS's log: GetCallerIdentity"),
    "asked with the stored key": (
        (store, hook, use, _stored_key, who),
        "AWS's log: GetCallerIdentity, signed with ASIA",
    ),
    "it does not end": ((store, hook, _endless, end), "AWS gave it 8 seconds"),
    "not restored": (
        (store, hook, use, _typed("export AWS_REGION=eu-north-1", "vault clear"), restored),
        "AWS_REGION is us-west-2 again (found 'eu-north-1')",
    ),
    "something is left": (
        (store, hook, use, _typed("vault clear", "export AWS_VAULT=demo"), restored),
        "no other variable of AWS's or ours is left",
    ),
    "a secret is shown": (
        (store, hook, use, _typed("env | grep AWS_SECRET", "vault clear"), restored),
        "no secret was ever on the terminal",
    ),
}


@pytest.mark.parametrize(("steps", "what"), SPOILED.values(), ids=SPOILED)
def test_a_step_that_does_not_happen_fails_the_story(house: House, steps: tuple[Step, ...], what: str) -> None:
    with pytest.raises(Failed, match=re.escape(what)) as failure:
        play(KINDS["bash"], house, steps)
    assert "\n" not in str(failure.value)


def _main(path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.story"],
        env={"PATH": str(path), "SHELLINT_TEST_PWSH": str(path / "pwsh"), **env},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_missing_shell_is_named_and_fails_where_all_are_required(tmp: Path) -> None:
    (tmp / "bash").symlink_to(program("bash"))
    done = _main(tmp, CI="true")
    assert re.search(r"^bash: \d+ checks hold", done.stdout, re.MULTILINE)
    assert (done.returncode, done.stderr) == (1, "not played, because it is not installed: zsh, fish, powershell\n")


def test_without_any_shell_nothing_was_played(tmp: Path) -> None:
    done = _main(tmp)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "not played, because it is not installed: bash, zsh, fish, powershell\n"


def test_a_failure_is_one_line_and_exit_code_1(tmp: Path) -> None:
    (tmp / "bash").write_text("#!/bin/sh\nexit 3\n")
    (tmp / "bash").chmod(0o700)
    done = _main(tmp)
    assert done.returncode == 1
    assert re.match(r"FAILED in bash, the shell starts: the prompt: the program has ended\n", done.stderr)
    assert "Traceback" not in done.stderr


class Visit:
    """A person who runs `make try` in their own shell, at home in `home`; whatever it writes goes below `tmp`."""

    def __init__(self, kind: Kind, tmp: Path) -> None:
        self.tmp = tmp / "tmp"
        self.home = tmp / "home"
        self.tmp.mkdir()
        self.home.mkdir()
        own = environment(self.home, PATH=os.environ["PATH"], TMPDIR=str(self.tmp), AWS_PROFILE="mine")
        shell = [program(kind.name), *kind.script, "-c"]
        # What a shell writes by itself when it first starts is not the story's doing.
        subprocess.run([*shell, "true"], env=own, check=True)
        self.own = self.files()
        self._own_tmp = set(self.tmp.iterdir())
        self.terminal = Terminal([*shell, f"'{sys.executable}' -m tests.story; exit {kind.status}"], own, cwd=ROOT)

    def added(self) -> set[Path]:
        """Return what the story put among the temporary files."""
        return set(self.tmp.iterdir()) - self._own_tmp

    def files(self) -> dict[Path, bytes]:
        """Return every file of the person's."""
        return {path: path.read_bytes() for path in self.home.rglob("*") if path.is_file()}

    def ready(self) -> bool:
        """Whether the shell in the throw-away home waits for a command."""
        return self.terminal.editing and self.terminal.cur()[-2:] in {"$ ", "# ", "% "}

    def run(self, command: str) -> None:
        """Type a command and wait for the next prompt."""
        self.terminal.wait(self.ready, "the prompt")
        now = self.terminal.screen.position
        self.terminal.send(f"{command}\r")
        self.terminal.wait(lambda: self.terminal.screen.position > now and self.ready(), f"{command!r} to be done")


@pytest.fixture
def visit(shell_kind: Kind, tmp: Path) -> Iterator[Visit]:
    visit = Visit(shell_kind, tmp)
    with visit.terminal:
        yield visit


def test_on_a_terminal_it_invites_into_a_shell_of_the_persons_own_kind(visit: Visit, shell_kind: Kind) -> None:
    """`demo` is there to be used, with a device to ask for codes and a way to ask AWS; nothing of the person's is."""
    terminal = visit.terminal
    assert terminal.see(r"^This is (\w+) in a throw-away home")[1] == shell_kind.name
    visit.run("mfa")
    code = terminal.see(r"^(\d{6})$")[1]
    terminal.send("vault use demo\r")
    terminal.see(r"MFA code for \S+:$")
    terminal.send(f"{code}\r")
    terminal.see(r"^demo \d+m ")
    visit.run("aws-whoami")
    terminal.see(r"^arn:aws:iam::123456789012:user/demo$")
    visit.run("vault use demo-admin; aws-whoami")
    terminal.see(r"^arn:aws:sts::123456789012:assumed-role/admin/")
    visit.run('echo "[$AWS_PROFILE]"')
    terminal.see(r"^\[\]$")
    terminal.send("exit\r")
    assert terminal.wait_exit() == 0
    assert visit.added() == set()
    assert visit.files() == visit.own


def test_in_that_shell_jobs_can_be_interrupted_and_stopped(visit: Visit) -> None:
    terminal = visit.terminal
    terminal.wait(visit.ready, "the prompt")
    shell = terminal.foreground
    for key in ("c", "z"):
        terminal.send("sleep 1000\r")
        # Not before it is itself: between fork and exec it ignores Ctrl-Z, as its shell does.
        terminal.wait(lambda: psutil.Process(terminal.foreground).name() == "sleep", "a running child")
        terminal.ctrl(key)
        terminal.wait(lambda: terminal.foreground == shell and visit.ready(), "the prompt")
    visit.run("jobs")
    terminal.see(r"(?i)^\[?1\b.*(stopped|suspended).*sleep 1000$")
    visit.run("kill %1")


def test_the_picture_shows_the_screen_and_fetches_nothing() -> None:
    screen = Screen(20, 3, print)
    pyte.ByteStream(screen).feed(f"\x1b[32mprod 59m\x1b[0m {MARK}ls\r\nab".encode())
    svg = ElementTree.fromstring(draw(screen))
    texts = [element for element in svg.iter("{http://www.w3.org/2000/svg}text") if (element.text or "").strip()]
    assert [(element.text or "").replace("\xa0", " ") for element in texts] == ["bash", "prod 59m", " $ ls", "ab"]
    colours = [element.get("class") for element in texts[1:]]
    assert colours[0] != colours[1] == colours[2]
    assert not re.search(r"url\((?!#)|href|@import", draw(screen))


def test_closing_the_window_removes_everything(visit: Visit) -> None:
    visit.terminal.wait(visit.ready, "the prompt")
    assert visit.added()
    visit.terminal.close()
    end = time.monotonic() + TIMEOUT
    while visit.added():
        assert time.monotonic() < end
        time.sleep(0.02)
