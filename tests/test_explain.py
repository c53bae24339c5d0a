"""`vault explain`: what a `use` would do and where each setting came from, told without a secret or a question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, Desk
from tests.explaining import SECRET, explain, facts, furnish
from tests.planning import BASE, MFA, ONE, TWO, arn, with_mfa
from tests.rig.environment import environment
from tests.rig.terminal import Terminal

SSO = (
    "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-north-1\n"
    "[profile prod]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
)
TOP = f"[profile top]\nrole_arn = {arn('top')}\nsource_profile = prod\n"


def page(home: Path, *words: str, **env: str) -> list[str]:
    """Return the page without the blanks that align it."""
    reply = explain(home, *words, **env)
    assert reply.error is None
    return [" ".join(line.split()) for line in reply.out.splitlines()]


def test_each_step_is_told_with_its_length_and_why(home: Path) -> None:
    furnish(home, f"{with_mfa(TWO)}duration_seconds = 1800\n", "base")
    lines = page(home, "deep", AWS_CHAINED_SESSION_TOKEN_TTL="12h")
    steps = lines[lines.index("Steps") + 1 : lines.index("Region") - 1]
    assert steps[:3] == [
        "1 takes the stored key of base",
        "2 asks STS for a session of the key of base (GetSessionToken) 12h (AWS_CHAINED_SESSION_TOKEN_TTL)",
        f"- asks for a code from {MFA}",
    ]
    assert steps[3].startswith(f"3 assumes the role {arn('prod')} as ")
    assert steps[3].endswith(" 1h (default)")
    assert steps[4].startswith(f"4 assumes the role {arn('deep')} as ")
    assert steps[4].endswith(" 30m (line 11)")


def test_a_chained_role_says_what_was_wanted_and_by_whom(home: Path) -> None:
    furnish(home, f"{TWO}duration_seconds = 43200\n", "base")
    out = explain(home, "deep").out
    assert "1h, the most for a chained role (12h by line 10)" in out
    assert "deep lasts 1h, not 12h" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SSO, "asks IAM Identity Center for the role Admin in account 123456789012, with the sign-in to corp"),
        ("[profile prod]\ncredential_process = /bin/key\n", "runs credential_process, which prints credentials"),
        (
            f"[profile prod]\nweb_identity_token_file = /token\nrole_arn = {arn('prod')}\nrole_session_name = me\n",
            f"assumes the role {arn('prod')} as me with the token in /token",
        ),
        (
            f"[profile prod]\nweb_identity_token_process = /bin/t\nrole_arn = {arn('prod')}\nrole_session_name = me\n",
            f"assumes the role {arn('prod')} as me with the token that web_identity_token_process prints",
        ),
        ("[profile prod]\ncredential_source = Environment\n", "takes the key in AWS_ACCESS_KEY_ID"),
        ("[profile prod]\ncredential_source = Ec2InstanceMetadata\n", "asks this machine's instance metadata"),
        ("[profile prod]\ncredential_source = EcsContainer\n", "asks the credential endpoint of this container"),
        (f"[profile prod]\nlogin_session = {MFA}\n", f"takes the sign-in of {MFA}, which `aws login` keeps"),
    ],
)
def test_every_way_to_begin_is_told(home: Path, text: str, words: str) -> None:
    furnish(home, text + TOP)
    assert f"1 {words}" in "\n".join(page(home, "prod"))
    (last,) = [line for line in page(home, "top") if line.startswith(f"2 assumes the role {arn('top')}")][-1:]
    assert last.endswith("1h (default)")


def test_a_key_that_a_program_may_print_is_said_to_be_exchanged(home: Path) -> None:
    furnish(home, f"[profile prod]\ncredential_process = /bin/key\nmfa_serial = {MFA}\n")
    said = f"- a long-term key would be exchanged for a session of 1h, which asks for a code from {MFA}"
    assert said in page(home, "prod")


# Whether a code will be needed


def code(home: Path, *words: str) -> str:
    return next(line for line in page(home, *words) if line.startswith("- "))


def test_a_code_is_needed_for_certain_while_no_session_is_kept(home: Path) -> None:
    furnish(home, with_mfa(ONE), "base")
    assert code(home, "prod") == f"- asks for a code from {MFA}"
    assert code(home, "prod", "--mfa-token", "123456") == f"- takes the code of --mfa-token for {MFA}"


def test_with_sessions_kept_it_depends_on_one_that_only_the_store_could_tell(desk: Desk) -> None:
    desk.role("prod", mfa=True)
    asks = f"- asks for a code from {desk.mfa.serial}"
    assert code(desk.home, "prod") == asks
    assert vault(desk, "exec", "--mfa-token", desk.mfa.fresh_code(), "prod", "true").returncode == 0
    assert code(desk.home, "prod") == f"{asks} unless its session of today is still kept"
    desk.profile("alone", mfa_serial=desk.mfa.serial, source_profile="base")
    assert code(desk.home, "alone", "--force") == asks


def test_a_code_that_a_program_prints_is_told_with_the_command(home: Path) -> None:
    furnish(home, with_mfa(ONE).replace("region", "mfa_process = pass otp $(touch hit)\nregion"), "base")
    assert code(home, "prod") == f"- takes a code for {MFA} from mfa_process"
    assert "mfa_process pass …" in page(home, "prod")
    assert facts(home, "prod")["commands"] == [{"setting": "mfa_process", "command": "pass …"}]
    assert facts(home, "prod", "--mfa-token", "123456")["commands"] == []


# Settings


def test_a_setting_is_told_with_its_place_and_with_what_it_took_the_place_of(home: Path) -> None:
    text = f"[default]\nregion = eu-west-1\n[profile shared]\nregion = eu-west-2\nmfa_serial = {MFA}\n"
    file = furnish(home, f"{text}[profile base]\ninclude_profile = shared\nregion = eu-west-3\n", "base")
    lines = page(home, "base", "--region", "us-east-2", AWS_REGION="us-east-1")
    assert lines[0] == f"base, by {file}"
    assert lines[lines.index("Settings of base") + 1 :] == [
        "include_profile shared line 7",
        f"mfa_serial {MFA} line 5",
        "region us-east-2 --region",
        "not us-east-1 AWS_REGION",
        "not eu-west-3 line 8",
        "not eu-west-2 line 4",
        "not eu-west-1 line 2",
    ]
    assert lines[lines.index("Region") + 1] == "us-east-2 --region"


def test_a_duration_variable_counts_before_the_file(home: Path) -> None:
    furnish(home, f"{ONE}duration_seconds = 1800\n", "base")
    lines = page(home, "prod", AWS_ASSUME_ROLE_TTL="20m")
    assert lines[lines.index("duration_seconds 20m AWS_ASSUME_ROLE_TTL") + 1] == "not 1800 line 7"


def test_what_the_sso_session_says_is_told_with_its_lines(home: Path) -> None:
    furnish(home, f"{SSO}sso_start_url = https://inline.example\n")
    lines = page(home, "prod")
    assert lines[lines.index("sso_start_url https://corp.example/start line 2") + 1] == (
        "not https://inline.example line 8"
    )
    assert "sso_region eu-north-1 line 3" in lines


def test_endpoints_are_told_with_who_set_them(home: Path) -> None:
    furnish(home, f"{SSO}{TOP}use_fips_endpoint = true\n")
    lines = page(home, "top", AWS_ENDPOINT_URL_STS="http://127.0.0.1:1", AWS_CA_BUNDLE="/ca")
    assert "STS at http://127.0.0.1:1, FIPS, trusting /ca AWS_ENDPOINT_URL_STS" in lines
    assert "Identity Center sign-in in eu-north-1, FIPS, trusting /ca" in lines


def test_no_region_is_said_too(home: Path) -> None:
    furnish(home, "[profile base]\noutput = json\n", "base")
    assert "none: no region will be set" in page(home, "base")


def test_a_broken_profile_is_explained_as_far_as_it_gets_and_then_fails(desk: Desk) -> None:
    desk.profile("prod", source_profile="base", role_arn="Admin", region="x.evil/")
    result = vault(desk, "explain", "prod")
    assert result.returncode == 1
    assert "role_arn        Admin" in result.stdout
    assert "Settings of base" in result.stdout
    assert "Steps" not in result.stdout
    assert result.stderr.startswith(f"vault: {desk.config} line 6: region must be a region")
    said = json.loads(vault(desk, "explain", "prod", "--json").stdout)
    assert (said["steps"], said["error"]["code"]) == ([], 1)


@pytest.mark.parametrize(
    ("words", "code", "says"), [(("nope",), 1, "no profile 'nope'"), (("base", "--duration=1m"), 2, "out of range")]
)
def test_the_exit_code_is_that_of_a_use(desk: Desk, words: tuple[str, ...], code: int, says: str) -> None:
    result = vault(desk, "explain", *words)
    assert result.returncode == code
    assert says in result.stderr


# Nothing is opened, asked or run


def test_it_needs_neither_passphrase_nor_network_nor_person(desk: Desk, aws: StrictAws) -> None:
    desk.role("prod", mfa=True)
    desk.profile("process", credential_process=f"touch {desk.home}/hit", mfa_process=f"touch {desk.home}/hit")
    before = len(aws.requests)
    for name in ("prod", "process"):
        result = vault(desk, "explain", name, SHELLINT_FILE_PASSPHRASE="", SHELLINT_NO_INPUT="1")
        assert (result.returncode, result.stderr) == (0, "")
        assert desk.key.secret_access_key not in result.stdout
    assert len(aws.requests) == before
    assert not (desk.home / "hit").exists()


def test_no_secret_of_a_config_is_shown(home: Path) -> None:
    furnish(home, f"{BASE}aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n")
    reply = explain(home, "base")
    assert reply.error
    assert SECRET not in reply.out + reply.error.what + explain(home, "base", "--json").out
    assert "line 4" in reply.error.what


def test_a_pipe_gets_plain_lines_without_edges(desk: Desk) -> None:
    desk.role("prod")
    out = vault(desk, "explain", "prod", FORCE_COLOR="1").stdout
    assert out.isascii()
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("no_color", [True, False])
def test_a_terminal_gets_colours_unless_they_are_not_wanted(desk: Desk, *, no_color: bool) -> None:
    desk.role("prod")
    env = environment(desk.home, **desk.env, **({"NO_COLOR": "1"} if no_color else {}))
    with Terminal([str(BIN / "vault"), "explain", "prod"], env, cwd=desk.home, lines=50) as terminal:
        terminal.see("^Settings of base")
        assert terminal.wait_exit() == 0
        assert (b"\x1b[36m" in terminal.raw) != no_color
        terminal.see("^role_arn +arn:aws")


def test_programs_get_everything(home: Path) -> None:
    file = furnish(home, with_mfa(ONE), "base")
    said = facts(home, "prod")
    assert [step["step"] for step in said["steps"]] == ["StoredKey", "SessionToken", "AssumeRole"]
    assert said["steps"][1] | {"mfa_serial": MFA, "duration": 28_800} == said["steps"][1]
    assert said["region"] is None
    assert {"place": str(file), "line": 5} in [setting["origin"] for setting in said["settings"]]
    assert (said["notes"], said["error"]) == ([], None)
