"""What aws-vault does wrong, by the number under which it is known, and what happens here instead."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import requires
from pathlib import Path

import pytest

from shellint.errors import ConfigError
from shellint.profiles import Profile
from shellint.providers import Sso, SsoInstance
from tests.aws import KeyPair, StrictAws
from tests.command import vault
from tests.desk import Desk
from tests.planning import ONE, PATH, ROLE, failure, plan_of, profile_of, with_mfa
from tests.world import HOUR, World, assume

ROOT = Path(__file__).parents[1]


def as_json(key: KeyPair) -> str:
    return json.dumps({"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key})


def test_d1_where_no_keychain_answers_a_key_is_stored_all_the_same_and_that_is_said(desk: Desk, tmp_path: Path) -> None:
    """aws-vault takes the first backend it was built with, whether it works or not."""
    store = desk.home / ".local" / "share" / "shellint" / "store.json"
    store.unlink()
    gone = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/gone"}
    added = vault(desk, "add", "work", "--stdin", stdin=as_json(desk.key), **gone)
    assert added.returncode == 0
    assert f"secrets rest in {store}, sealed with a passphrase" in added.stderr
    used = vault(desk, "exec", "work", "true", **gone)
    assert (used.returncode, "sealed with" in used.stderr) == (0, False)


def test_d2_an_inline_sso_start_url_stays_when_default_has_an_sso_session() -> None:
    text = "[default]\nsso_session = corp\n[profile prod]\nsso_start_url = https://own\nsso_region = eu-west-1\n"
    profile = profile_of(f"{text}sso_account_id = 123456789012\nsso_role_name = Admin\n")
    assert profile.provider == Sso(SsoInstance("https://own", "eu-west-1"), "123456789012", "Admin")
    assert str(profile.origins["sso_start_url"]) == f"{PATH} line 4"


def test_d3_default_never_lends_a_role_a_source_or_a_way_to_credentials() -> None:
    """There it makes a role of every profile."""
    profile = profile_of(
        f"[default]\nrole_arn = {ROLE}\nsource_profile = keyed\nsso_session = corp\nsso_start_url = https://x\n"
        "credential_process = /bin/x\ncredential_source = Environment\nweb_identity_token_file = /t\n"
        "login_session = x\nexternal_id = abc\nrole_session_name = me\nsource_identity = me\nsession_tags = a=b\n"
        "[profile prod]\noutput = json\n"
    )
    assert profile == Profile("prod")


def test_d4_a_source_profile_loop_is_found_and_told_with_its_lines() -> None:
    """There it takes two minutes and a gigabyte, and ends in a crash."""
    text = "[profile prod]\nsource_profile = a\n[profile a]\nsource_profile = b\n[profile b]\nsource_profile = a\n"
    error = failure(text)
    assert error.what == f"source_profile goes round in a circle: a ({PATH} line 4) -> b ({PATH} line 6) -> a"
    assert isinstance(error, ConfigError)


def test_d5_adding_appends_a_section_and_leaves_the_rest_byte_for_byte(desk: Desk) -> None:
    """There comments move or go, blank lines too, and a value with a # is put in backquotes."""
    before = (
        "# mine\n[default]\nregion=eu-west-1   ; a comment\n\n\n[profile x]\n  s3 =\n    a = b\n"
        "sso_start_url = https://x.awsapps.com/start#/\n# the last word"
    )
    desk.config.write_text(before)
    serial = desk.mfa.serial
    assert vault(desk, "add", "work", "--stdin", "--mfa-serial", serial, stdin=as_json(desk.key)).returncode == 0
    assert desk.config.read_text().startswith(before)
    assert desk.config.read_text()[len(before) :].split() == ["[profile", "work]", "mfa_serial", "=", serial]


def test_d6_an_mfa_device_for_a_section_that_is_there_already_is_not_lost(desk: Desk) -> None:
    """The section is the person's own, so it stays as it is; the line to add is said."""
    desk.profile("work", region="eu-west-1")
    before = desk.config.read_bytes()
    added = vault(desk, "add", "work", "--stdin", "--mfa-serial", desk.mfa.serial, stdin=as_json(desk.key))
    assert added.returncode == 0
    assert f"add the line `mfa_serial = {desk.mfa.serial}` to it" in added.stderr
    assert desk.config.read_bytes() == before


def test_d15_a_change_of_any_parameter_is_sent_to_aws_and_not_answered_from_the_store(
    aws: StrictAws, tmp_path: Path
) -> None:
    """There the old session goes on when a role, a tag, an external id or a duration has changed."""
    world = World(aws, tmp_path / "data")
    role = world.role("admin", max_duration=2 * HOUR)
    base = assume(role, external_id="one", session_tags=(("team", "red"),))
    variants = [
        base,
        assume(world.role("other"), external_id="one", session_tags=(("team", "red"),)),
        replace(base, external_id="two"),
        replace(base, session_tags=(("team", "blue"),)),
        replace(base, transitive_tag_keys=("team",)),
        replace(base, source_identity="alice"),
        replace(base, session_name="alice@desk"),
        replace(base, duration=2 * HOUR),
    ]
    before = len(aws.requests)
    for step in variants * 2:
        world.broker().obtain(world.plan(step), min_ttl=300)
    sent = [tuple(sorted(record.parameters.items())) for record in aws.requests[before:]]
    assert len(sent) == len(set(sent)) == len(variants)


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("prod", "AWS_ASSUME_ROLE_TTL", "13h"),
        ("prod", "AWS_ASSUME_ROLE_TTL", "1.5h"),
        ("prod", "AWS_CHAINED_SESSION_TOKEN_TTL", "37h"),
        ("base", "AWS_SESSION_TOKEN_TTL", "1m"),
        ("base", "AWS_SESSION_TOKEN_TTL", "long"),
    ],
)
def test_d16_a_bad_duration_in_a_variable_is_named(name: str, variable: str, value: str) -> None:
    """There the default counts instead, without a word."""
    with pytest.raises(ConfigError, match=f"^{variable}: "):
        plan_of(with_mfa(ONE), name, env={variable: value})


def test_d18_removing_forgets_the_key_and_its_sessions_and_asks_first(desk: Desk) -> None:
    desk.role("prod")
    config = desk.config.read_bytes()
    assert vault(desk, "exec", "prod", "true").returncode == 0
    assert vault(desk, "remove", "base").returncode == 4
    assert vault(desk, "remove", "base", "--yes").returncode == 0
    assert vault(desk, "list").stdout == "default\t-\nprod\t-\n"
    assert vault(desk, "exec", "prod", "true").returncode == 1
    store = json.loads((desk.home / ".local" / "share" / "shellint" / "store.json").read_text())
    assert not any(store["items"].get(kind) for kind in ("key", "session"))
    assert desk.config.read_bytes() == config


def test_d20_every_library_is_used_and_no_other_is_imported() -> None:
    """There an archived library comes along for a picker that nobody calls."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {library(words) for words in project["dependencies"]}
    brought = {library(words) for name in declared for words in requires(name) or ()}
    imported = {
        name.partition(".")[0]
        for file in (ROOT / "shellint").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in modules(node)
    }
    others = imported - sys.stdlib_module_names - {"shellint"}
    assert declared <= others
    assert others - declared <= brought


def test_d20_no_code_is_unused_or_commented_out() -> None:
    check = [sys.executable, "-m", "ruff", "check", "--select", "ERA,F401,F811,F841", "shellint", "tests"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def library(requirement: str) -> str:
    """Return the name of a library as it is imported."""
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("-", "_")


def modules(node: ast.AST) -> list[str]:
    """Return what a statement imports, if it is one that imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
