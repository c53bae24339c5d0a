"""`doctor`: each thing that can be wrong is found, with its cure; where all is well it says so and exits 0."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from shellint import __version__
from shellint.actions.checks.finding import Finding
from shellint.actions.doctor import examine
from shellint.request import Request
from shellint.terminal import NoHuman
from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, Desk
from tests.importing import SECRET, key_id
from tests.rig.environment import environment, fresh_home
from tests.rig.terminal import Terminal
from tests.secret_service import secret_service, store_file
from tests.test_import_aws_vault import REAL
from tests.test_import_secret_service import collection_named

PLAIN = f"[dev]\naws_access_key_id = {key_id(1)}\naws_secret_access_key = {SECRET}\n"
HELD = {
    "SHELLINT_SESSION": "0" * 16,
    "SHELLINT_KEY": "ASIAXXXXXXXXXXXXXXXX",
    "AWS_ACCESS_KEY_ID": "ASIAXXXXXXXXXXXXXXXX",
    "AWS_VAULT": "prod",
}


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> Desk:
    """A desk where all is well: the hook at work, a store that opens, no other endpoint."""
    desk = Desk(aws, fresh_home(tmp_path / "home"))
    del desk.env["AWS_ENDPOINT_URL"]
    desk.env["SHELLINT_HOOK"] = __version__
    return desk


def found(
    desk: Desk, env: Mapping[str, str] | None = None, *, online: bool = False, ahead: float = 0
) -> dict[str, list[Finding]]:
    """Return what each check finds, without what is fine."""
    request = Request(environment(desk.home, **{**desk.env, **(env or {})}), NoHuman(), lambda: time.time() + ahead)
    findings: dict[str, list[Finding]] = {}
    for check, finding in examine(request, online=online):
        if finding.state != "ok" and (check, finding.state) != ("clock", "skipped"):
            findings.setdefault(check, []).append(finding)
    return findings


def only(findings: dict[str, list[Finding]], check: str) -> Finding:
    assert list(findings) == [check], findings
    (finding,) = findings[check]
    return finding


def test_where_all_is_well_it_says_so_and_exits_0(desk: Desk) -> None:
    done = vault(desk, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "ok       hook         it is at work in this shell",
        f"ok       store        {store_file(desk)}, guarded by a passphrase, opens",
        f"ok       config       {desk.config}: 1 profile",
        "skipped  clock        AWS is asked for the time with --online only",
    ]


def test_a_shell_without_the_hook_is_told_how_to_get_it_and_the_exit_code_is_1(desk: Desk) -> None:
    del desk.env["SHELLINT_HOOK"]
    done = vault(desk, "doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    (hook, *_) = json.loads(done.stdout)
    assert (hook["check"], hook["state"]) == ("hook", "wrong")
    assert "`vault setup`" in hook["todo"]


def test_a_hook_of_another_version_is_told(desk: Desk) -> None:
    assert only(found(desk, {"SHELLINT_HOOK": "0.0"}), "hook").todo == "open a new shell"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A directory with another program called vault, and aws-vault."""
    for name in ("vault", "aws-vault"):
        program = tmp_path / "other" / name
        program.parent.mkdir(exist_ok=True)
        program.write_bytes(b"\x7fELF" + bytes(10_000))
        program.chmod(0o755)
    return program.parent


def test_another_vault_is_told_and_is_wrong_only_where_it_would_run(desk: Desk, other: Path) -> None:
    behind = only(found(desk, {"PATH": f"{BIN}:{other}"}), "programs")
    assert (behind.state, str(other / "vault") in behind.what) == ("advice", True)
    assert "--name NAME" in behind.todo
    first = only(found(desk, {"PATH": f"{other}:{BIN}"}), "programs")
    assert (first.state, "comes first on PATH" in first.what) == ("advice", True)
    del desk.env["SHELLINT_HOOK"]
    assert found(desk, {"PATH": f"{other}:{BIN}"})["programs"][0].state == "wrong"


def test_our_own_program_is_known_through_a_link(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "vault").symlink_to(BIN / "vault")
    assert found(desk, {"PATH": f"{tmp_path}:{BIN}"}) == {}


def test_where_only_the_hook_finds_it_scripts_do_not(desk: Desk) -> None:
    assert only(found(desk, {"PATH": "/nowhere::/usr/bin"}), "programs").state == "advice"


def test_that_aws_vault_refuses_beside_what_is_loaded_is_told(desk: Desk, other: Path) -> None:
    (other / "vault").unlink()
    path = f"{BIN}:{other}"
    assert found(desk, {"PATH": path}) == {}
    assert "AWS_VAULT is set" in only(found(desk, {"PATH": path, "AWS_VAULT": "prod"}), "programs").what


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWSUME_X"])
def test_a_variable_that_misleads_programs_beside_what_is_loaded_is_wrong(desk: Desk, name: str) -> None:
    finding = only(found(desk, {**HELD, name: "value"}), "environment")
    assert finding.state == "wrong"
    assert finding.what.startswith(f"{name} is set beside what was loaded for prod")
    assert "value" not in finding.what
    assert found(desk, {"AWS_PROFILE": "value"}) == {}


def test_keys_of_another_program_and_long_term_keys_in_the_environment_are_told(desk: Desk) -> None:
    replaced = only(found(desk, {**HELD, "AWS_ACCESS_KEY_ID": "ASIAOTHER"}), "environment")
    assert (replaced.state, "another program set it" in replaced.what) == ("advice", True)
    lasting = only(found(desk, {"AWS_ACCESS_KEY_ID": key_id(1), "AWS_SECRET_ACCESS_KEY": SECRET}), "environment")
    assert (lasting.state, SECRET in str(lasting)) == ("wrong", False)


def test_an_endpoint_override_is_told(desk: Desk) -> None:
    finding = only(found(desk, {"AWS_ENDPOINT_URL_STS": "https://localhost:1"}), "environment")
    assert finding.what == "AWS_ENDPOINT_URL_STS sends calls to 'https://localhost:1', not to AWS"


def test_a_store_that_does_not_open_is_wrong_and_one_that_asks_is_not(desk: Desk) -> None:
    assert "does not open" in only(found(desk, {"SHELLINT_FILE_PASSPHRASE": "wrong"}), "store").what
    assert "SHELLINT_BACKEND" in only(found(desk, {"SHELLINT_BACKEND": "nonsense"}), "store").what
    del desk.env["SHELLINT_FILE_PASSPHRASE"]
    assert found(desk) == {}


def test_a_damaged_store_is_wrong_and_the_other_checks_go_on(desk: Desk) -> None:
    store_file(desk).write_text("{")
    desk.config.with_name("credentials").write_text(PLAIN)
    findings = found(desk)
    assert set(findings) == {"store", "plain keys"}
    assert str(store_file(desk)) in findings["store"][0].what


def test_a_rotation_that_broke_off_is_told(desk: Desk) -> None:
    Request(environment(desk.home, **desk.env), NoHuman(), time.time).store.put("rotation", "base", b"{}")
    assert only(found(desk), "rotation").todo == "`vault rotate base`"


def test_every_wrong_line_of_the_config_file_is_told_once(desk: Desk) -> None:
    desk.profile("a", source_profile="b")
    desk.profile("b", source_profile="a")
    desk.profile("c", role_arn="nonsense", source_profile="base")
    desk.profile("d", source_profile="c")
    told = [finding.what for finding in found(desk)["config"]]
    assert sum(f"{desk.config} line 8: role_arn must be" in what for what in told) == 1, told
    assert sum("circle" in what for what in told) == 2, told
    assert len(told) == 3


def test_a_line_that_is_no_setting_is_told_with_its_number(desk: Desk) -> None:
    desk.config.write_text("[default]\nnonsense\n")
    assert "line 2" in only(found(desk), "config").what


def test_keys_in_plain_text_lead_to_the_import(desk: Desk) -> None:
    credentials = desk.config.with_name("credentials")
    credentials.write_text(PLAIN)
    finding = only(found(desk), "plain keys")
    assert finding.what == f"{credentials} has the keys of dev in plain text"
    assert "`vault import --scrub`" in finding.todo
    assert vault(desk, "import", "--scrub", "--yes").returncode == 0
    assert only(found(desk), "plain keys").what == f"{credentials}.before-import still has keys in plain text"
    credentials.with_name("credentials.before-import").unlink()
    assert found(desk) == {}


def test_keys_of_aws_vault_lead_to_the_import_until_they_are_here(desk: Desk) -> None:
    shutil.copytree(REAL, desk.home / ".awsvault" / "keys", ignore=shutil.ignore_patterns("other"))
    finding = only(found(desk), "aws-vault")
    assert (finding.state, "the keys of plain, team/prod, with space in" in finding.what) == ("advice", True)
    assert "`vault import --from aws-vault`" in finding.todo
    done = vault(desk, "import", "--from", "aws-vault", AWS_VAULT_FILE_PASSPHRASE="correct horse")
    assert done.returncode == 0, done
    assert found(desk) == {}


def test_a_collection_of_aws_vault_leads_to_the_import(desk: Desk) -> None:
    with secret_service() as service:
        assert found(desk, service.env) == {}
        collection_named(service, "awsvault")
        assert "has a collection awsvault" in only(found(desk, service.env), "aws-vault").what


@pytest.mark.parametrize(("ahead", "state"), [(0, None), (-100, "advice"), (1000, "wrong")])
def test_the_clock_is_compared_with_the_one_of_aws(desk: Desk, aws: StrictAws, ahead: float, state: str | None) -> None:
    findings = found(desk, {"AWS_ENDPOINT_URL_STS": aws.endpoint_url}, online=True, ahead=ahead).get("clock")
    assert [finding.state for finding in findings or ()] == ([state] if state else [])
    if findings:
        assert ("ahead of" if ahead > 0 else "behind") in findings[0].what


def test_without_a_network_the_clock_is_passed_over_with_a_word(desk: Desk) -> None:
    desk.env["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:9"
    done = vault(desk, "doctor", "--online")
    assert done.returncode == 0, done
    assert "skipped  clock        nothing is known of it: http://127.0.0.1:9 does not answer" in done.stdout


def test_on_a_terminal_it_has_marks_and_colours_only_where_they_are_wanted(desk: Desk) -> None:
    for extra, start in (({}, "\x1b[32m✓\x1b[0m hook"), ({"NO_COLOR": "1"}, "✓ hook")):
        env = environment(desk.home, **{**desk.env, **extra})
        with Terminal([str(BIN / "vault"), "doctor"], env, cwd=desk.home) as terminal:
            terminal.see(r"✓ hook +it is at work")
            assert terminal.wait_exit() == 0
            assert terminal.showed(start)
