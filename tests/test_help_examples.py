"""Every example of every `--help`, run in a real shell that has the hook; every call in the documents, parsed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from shellint.cli.options import Invocation
from tests.agent_rig import agency
from tests.aws import StrictAws
from tests.examples import ROOT, command_of, commands, documented, examples
from tests.pwsh_shell import pwsh_kind
from tests.rig.environment import environment, fresh_home
from tests.rig.kinds import KINDS
from tests.rig.programs import program
from tests.rig.terminal import Terminal
from tests.scenes import as_run, make_programs, scene_of
from tests.sso_desk import SsoDesk
from tests.sso_world import browser_script

EXAMPLES = [(" ".join(words) or "vault", line) for words, command in commands() for line in examples(command)]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOUR = 3600
SECONDS = 60.0
# After this, the screen has a line with the exit code, AWS_VAULT and AWS_REGION.
MARKS = {"powershell": '"`n[$LASTEXITCODE] $env:AWS_VAULT $env:AWS_REGION"'}
MARK = r'printf "\n[%s] %s %s\n" {status} "$AWS_VAULT" "$AWS_REGION"'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SsoDesk]:
    """Alice's one key, stored as `dev`; `prod` is a role that starts from it; `corp` is her Identity Center."""
    with StrictAws() as aws:
        aws.sso.interval = 1
        desk = SsoDesk(aws, fresh_home(tmp_path / "home"))
        desk.store_key("dev", desk.key)
        desk.profile("dev")
        role = aws.add_role("prod", trusted=[desk.alice.arn], max_duration=4 * HOUR)
        desk.profile("prod", role_arn=role.arn, source_profile="dev")
        desk.env["PATH"] = f"{desk.home}/bin:{desk.env['PATH']}"
        browser_script(desk.home)
        make_programs(desk.home)
        yield desk


def test_every_command_has_examples() -> None:
    assert [" ".join(words) for words, command in commands() if not examples(command)] == []


@pytest.mark.parametrize(("command", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_each_example_does_what_it_is_for(command: str, line: str, desk: SsoDesk) -> None:
    scene = scene_of(command, line)
    for name, text in scene.files.items():
        (desk.home / name).write_text(text)
    if scene.signed_in:
        desk.sign_in()
    kind = KINDS.get(scene.shell) or pwsh_kind()
    mark = MARKS.get(kind.name) or MARK.format(status=kind.status)
    script = desk.home / "script.ps1"  # PowerShell runs no file of another name
    script.write_text("\n".join((desk.hook(kind.name), scene.before, as_run(line), mark, scene.after, "")))
    argv = [program(kind.path or kind.name), *kind.script, str(script)]
    with agency(desk) if scene.agent else contextlib.nullcontext(desk) as place:
        env = environment(desk.home, **{**place.env, **scene.env})
        with Terminal(argv, env, cwd=desk.home, columns=200, lines=60) as terminal:
            for pattern, act in scene.answers:
                terminal.see(pattern, SECONDS)
                terminal.send(act) if isinstance(act, str) else act(desk)
            code = terminal.see(r"^\[(\d+)\]", SECONDS)[1]
            terminal.see(scene.shows)
            assert int(code) == scene.code, terminal.text()


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_call_that_a_document_shows_is_one_that_the_command_line_takes(file: Path) -> None:
    for words in documented(file):
        command, rest = command_of(words)
        if len(words) > 1:
            with contextlib.suppress(click.exceptions.Exit):  # of --help
                assert command.make_context(" ".join(words), rest, obj=Invocation({})), words
