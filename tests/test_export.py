"""What `export` and `credential-process` print is read as what was meant, by whom it is meant for."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shellint.config_file import parse_config
from shellint.credentials import Credentials
from shellint.environment import Change
from shellint.errors import UsageError
from shellint.export_formats import FORMATS, export_text, process_document
from shellint.render import SHELLS, render_export
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.hostile import NAMES, VALUES, decoded
from tests.pwsh_shell import powershell
from tests.rig.environment import environment
from tests.rig.kinds import KINDS, Kind
from tests.rig.script import run_script

MADE = Credentials("ASIAEXAMPLE", "s3cr3t/+=", "token/+==", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), 1, 0)
ENDLESS = Credentials("ASIAEXAMPLE", "s3cr3t/+=", "token/+==", None, None, 0)
PROMISED = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t/+=",
    "AWS_SESSION_TOKEN": "token/+==",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_CREDENTIAL_EXPIRATION": "2030-01-02T03:04:05Z",
    "AWS_SESSION_EXPIRATION": "2030-01-02T03:04:05Z",
}
IDIOMS = {
    "bash": 'eval "$(cat {0})"',
    "zsh": 'eval "$(cat {0})"',
    "fish": "cat {0} | source",
    "fish eval": "eval (cat {0})",
    "powershell": "Get-Content {0} | Out-String | Invoke-Expression",
    "powershell lines": "Get-Content {0} | Invoke-Expression",
}
"""The ways in which a person hands the text to a shell, by the shell."""

READ = {"bash": 'eval "$(cat {0})"', "zsh": 'eval "$(cat {0})"', "fish": "cat {0} | source"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    home = tmp_path / "home"
    home.mkdir()
    with StrictAws() as aws:
        yield Desk(aws, home)


def names_and_values(out: bytes) -> dict[str, str]:
    return dict(decoded(entry).split("=", 1) for entry in out.split(b"\0")[:-1])


def run_powershell(script: str, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [powershell(), "-NoProfile", "-NonInteractive", "-Command", script],
        env=env,
        cwd=env["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_hostile_value_reaches_a_shell_without_the_hook(kind: Kind, tmp_path: Path) -> None:
    put = {f"AWSUME_X{number}": value for number, value in enumerate(VALUES.values())}
    text = tmp_path / "text"
    text.write_text(render_export(SHELLS[kind.name], Change(set=put, unset=("AWS_PROFILE", "NOT_THERE"))))
    script = f"{READ[kind.name].format(text)}\nenv -0\ntest ! -e hit || echo hit >&2\n"
    done = run_script(kind, script, environment(tmp_path, AWS_PROFILE="old"))
    found = names_and_values(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {name: found.get(name) for name in put} == put
    assert "AWS_PROFILE" not in found


def test_every_hostile_text_reaches_powershell_without_the_hook(tmp_path: Path) -> None:
    texts = [value for value in VALUES.values() if value and value.isprintable()]
    put = {f"AWSUME_X{number}": value for number, value in enumerate(texts)}
    text = tmp_path / "text"
    text.write_text(render_export(SHELLS["powershell"], Change(set=put, unset=("AWS_PROFILE", "NOT_THERE"))))
    script = f"Invoke-Expression (Get-Content -Raw {text}); env -0; if (Test-Path hit) {{ exit 7 }}"
    done = run_powershell(script, environment(tmp_path, AWS_PROFILE="old"))
    found = names_and_values(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {name: found.get(name) for name in put} == put
    assert "AWS_PROFILE" not in found


@pytest.mark.parametrize("idiom", IDIOMS)
def test_each_way_to_hand_the_text_to_a_shell_gives_it_all_of_it(idiom: str, tmp_path: Path) -> None:
    form, text = idiom.partition(" ")[0], tmp_path / "text"
    text.write_text(export_text(form, "it's", MADE, "eu-west-1"))
    assert all(text.read_text().splitlines()), "a blank line is one that Invoke-Expression refuses"
    script = f"{IDIOMS[idiom].format(text)} && env -0\n"
    plain = environment(tmp_path, AWS_PROFILE="old")
    done = run_script(KINDS[form], script, plain) if form in KINDS else run_powershell(script, plain)
    found = names_and_values(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {name: found.get(name) for name in PROMISED} == PROMISED
    assert (found["AWS_VAULT"], "AWS_PROFILE" in found) == ("it's", False)


@pytest.mark.parametrize("form", ["env", "dotenv", "cmd"])
def test_the_formats_of_one_line_a_variable_say_all_of_it(form: str) -> None:
    lines = export_text(form, "prod", MADE, "eu-west-1").splitlines()
    shapes = {"env": "{}={}", "dotenv": "{}={}", "cmd": 'set "{}={}"'}
    assert lines == [shapes[form].format(*pair) for pair in PROMISED.items()]


def test_d19_a_region_that_a_shell_would_evaluate_is_quoted() -> None:
    region = "eu-west-1; touch hit #$(touch hit)"
    assert f"AWS_REGION=$'{region}'" in export_text("bash", "prod", MADE, region)
    assert f"AWS_REGION='{region}'" in export_text("dotenv", "prod", MADE, region)


@pytest.mark.parametrize("form", ["env", "dotenv", "cmd"])
@pytest.mark.parametrize("region", ["a\nAWS_PROFILE=root", "a\x1bc", "a\rb"])
def test_what_a_format_cannot_say_is_refused_whole(form: str, region: str) -> None:
    with pytest.raises(UsageError, match="AWS_REGION cannot be written"):
        export_text(form, "prod", MADE, region)


@pytest.mark.parametrize("region", ["%PATH%", 'a"&calc', "!x!"])
def test_cmd_is_never_given_what_it_would_expand(region: str) -> None:
    with pytest.raises(UsageError, match="format cmd"):
        export_text("cmd", "prod", MADE, region)


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_a_profile_of_any_name_is_exported_or_refused_but_never_evaluated(name: str, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text(export_text("bash", name, MADE, "eu-west-1"))
    bash = shutil.which("bash")
    assert bash
    done = run_script(KINDS["bash"], f'eval "$(cat {text})"; env -0; test ! -e hit', environment(tmp_path))
    assert done.returncode == 0
    assert names_and_values(done.stdout)["AWS_VAULT"] == name
    if not name.isprintable():
        with pytest.raises(UsageError, match="cannot be the name of a profile"):
            export_text("ini", name, MADE, None)
        return
    section = parse_config(export_text("ini", name, MADE, None).replace("[", "[profile ", 1).encode(), Path("x"))
    assert len(section.profiles) == 1


def test_d14_credentials_without_an_end_take_a_stale_one_out() -> None:
    """D14: a stale expiration would survive next to credentials that have none."""
    text = export_text("bash", "prod", ENDLESS, None)
    assert "\\unset AWS_CREDENTIAL_EXPIRATION\n" in text
    assert "Expiration" not in json.loads(process_document(ENDLESS))


def test_the_document_is_what_the_sdks_expect() -> None:
    assert json.loads(process_document(MADE)) == {
        "Version": 1,
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "s3cr3t/+=",
        "SessionToken": "token/+==",
        "Expiration": "2030-01-02T03:04:05Z",
    }


def test_the_command_prints_a_session_that_works_and_nothing_else(desk: Desk) -> None:
    desk.role("plain")
    done = vault(desk, "credential-process", "plain")
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert document["AccessKeyId"].startswith("ASIA")
    again = vault(desk, "export", "plain", "--format", "json")
    assert json.loads(again.stdout) == document, "the session is kept, not made anew"


@pytest.mark.parametrize("form", [*FORMATS, "export-env"])
def test_each_format_is_known_to_the_command(desk: Desk, form: str) -> None:
    desk.role("plain")
    done = vault(desk, "export", "--format", form, "plain")
    assert done.returncode == 0
    assert "ASIA" in done.stdout
    assert "eu-west-1" in done.stdout or form == "json"


def test_an_unknown_format_is_told_with_the_known_ones(desk: Desk) -> None:
    done = vault(desk, "export", "base", "--format", "toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the formats are env, dotenv, json" in done.stderr


def test_a_refusal_leaves_stdout_empty(desk: Desk) -> None:
    done = vault(desk, "export", "nosuch", "--format", "bash")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no profile 'nosuch'" in done.stderr
