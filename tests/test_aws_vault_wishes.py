"""What aws-vault's users ask for most, by the number of the wish, and how it is granted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.aws import StrictAws
from tests.command import vault
from tests.desk import BIN, Desk
from tests.explaining import explain, furnish
from tests.logging_in import exported
from tests.planning import BARE, BASE, arn
from tests.rig.environment import environment
from tests.rig.kinds import Kind
from tests.seat import Seat, seated

HOUR = 3600


@pytest.fixture
def seat(shell_kind: Kind, home: Path) -> Iterator[Seat]:
    with seated(shell_kind, home) as seat:
        yield seat


def use(desk: Desk, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `vault use` as the hook of a bash does."""
    return vault(desk, "use", *words, SHELLINT_SHELL="bash", SHELLINT_PID="1", **env)


def test_w1_one_mfa_code_serves_five_roles_and_the_keys_own_profile(desk: Desk, aws: StrictAws) -> None:
    names = [f"role{number}" for number in range(5)]
    for name in names:
        desk.role(name, mfa=True, require_mfa=True)
    desk.profile("base", mfa_serial=desk.mfa.serial)
    before = len(aws.requests)
    first = vault(desk, "exec", "--mfa-token", desk.mfa.fresh_code(), names[0], "true")
    assert first.returncode == 0, first.stderr
    for name in (*names, "base"):  # nobody is there who could give a code
        assert vault(desk, "exec", "--no-input", name, "true").returncode == 0
    asked = [record.action for record in aws.requests[before:]]
    assert asked == ["GetSessionToken", *["AssumeRole"] * 5]


def test_w5_the_shell_one_sits_in_gets_them_and_keeps_what_it_has(seat: Seat) -> None:
    sh = seat.sit()
    sh.run("mkdir work && cd work")
    sh.run("alias hi='echo hello'")
    sh.run("vault use plain")
    assert sh.value("AWS_VAULT") == b"plain"
    assert sh.output("hi") == "hello"
    assert sh.output("pwd") == str(seat.home / "work")
    assert psutil.Process(sh.pid).children() == [], "there is no shell within the shell"


@pytest.mark.parametrize("hops", [2, 3])
@pytest.mark.parametrize("mfa", [False, True])
def test_w6_the_cap_of_a_chain_is_announced_by_use_and_by_explain(
    desk: Desk, aws: StrictAws, hops: int, *, mfa: bool
) -> None:
    code = ("--mfa-token", desk.mfa.fresh_code()) if mfa else ()
    trusted, source = desk.alice.arn, "base"
    for number in range(hops):
        role = aws.add_role(f"hop{hops}{number}{mfa}", trusted=[trusted], max_duration=12 * HOUR)
        device = {"mfa_serial": desk.mfa.serial} if mfa and not number else {}
        desk.profile(f"p{number}", role_arn=role.arn, source_profile=source, **device)
        trusted, source = role.arn, f"p{number}"
    note = f"{source} lasts 1h, not 12h (--duration): it is a chained role"
    assert note in vault(desk, "explain", source, "--duration", "12h").stdout
    used = use(desk, source, "--duration", "12h", *code)
    assert used.returncode == 0, used.stderr
    assert f"vault: {note}" in used.stderr
    assert f"vault: {source} for 1h" in used.stderr


def test_w6_a_session_in_the_environment_caps_a_role_too(desk: Desk) -> None:
    role = desk.role("prod")
    desk.profile("ci", role_arn=role.arn, credential_source="Environment")
    words = ("explain", "ci", "--duration", "2h")
    assert "ci lasts 1h, not 2h" in vault(desk, *words, AWS_SESSION_TOKEN="x").stdout
    assert "ci lasts 1h" not in vault(desk, *words).stdout


def test_w6_a_single_role_that_is_to_last_longer_takes_the_code_itself_and_gets_it(desk: Desk, aws: StrictAws) -> None:
    desk.role("prod", mfa=True, require_mfa=True, max_duration=4 * HOUR)
    before = len(aws.requests)
    used = use(desk, "prod", "--duration", "14400", "--mfa-token", desk.mfa.fresh_code())
    assert used.returncode == 0, used.stderr
    assert "prod is to last 4h (--duration), so it takes an MFA code of its own" in used.stderr
    assert "vault: prod for 4h" in used.stderr
    (record,) = aws.requests[before:]
    assert (record.action, record.mfa_code) == ("AssumeRole", True)


def test_w9_a_session_without_mfa_is_said_to_be_refused_by_iam(home: Path) -> None:
    said = "made without an MFA code: IAM refuses it, and STS all but AssumeRole and GetCallerIdentity"
    role = f"[profile prod]\nrole_arn = {arn('prod')}\nsource_profile = base\n"
    furnish(home, BARE + role, "base")
    assert said in explain(home, "base").out
    assert said not in explain(home, "prod").out
    furnish(home, BASE)
    assert said not in explain(home, "base").out


def test_w10_the_region_of_the_profile_before_never_wins_over_the_next_ones(seat: Seat) -> None:
    for name, region in (("north", "eu-north-1"), ("west", "us-west-2")):
        seat.profile(name, source_profile="base", region=region)
    sh = seat.sit()
    for name, expected in (("north", b"eu-north-1"), ("west", b"us-west-2"), ("plain", b"eu-west-1")):
        sh.run(f"vault use {name}")
        assert (sh.value("AWS_REGION"), sh.value("AWS_DEFAULT_REGION")) == (expected, expected)
    sh.run("vault clear")
    assert sh.value("AWS_REGION") is None


def test_w10_a_region_of_the_persons_own_wins_and_that_is_said(seat: Seat) -> None:
    seat.profile("west", source_profile="base", region="us-west-2")
    sh = seat.sit(env={"AWS_REGION": "eu-north-1"})
    assert "region eu-north-1 (AWS_REGION), not us-west-2 as west has it" in sh.output("vault use west").replace(
        "\n", ""
    )
    assert sh.value("AWS_REGION") == b"eu-north-1"


def test_w10_without_any_region_sts_is_asked_in_the_one_of_the_partition(home: Path) -> None:
    text = f"[profile base]\noutput = json\n[profile china]\nrole_arn = {arn('x').replace('aws', 'aws-cn')}\n"
    furnish(home, f"{text}source_profile = base\n", "base")
    for name, region in (("base", "us-east-1"), ("china", "cn-north-1")):
        out = explain(home, name).out
        assert f"STS in {region}" in out
        assert "none: no region will be set" in out


def test_w13_a_tool_that_takes_a_profile_gets_it_by_credential_process(desk: Desk) -> None:
    """As Terraform does with `profile =`; beside a session that is loaded the named profile still counts."""
    desk.role("prod")
    desk.profile("tool", credential_process=f"{BIN / 'vault'} credential-process prod")
    ask = "import boto3; print(boto3.Session(profile_name='tool').client('sts').get_caller_identity()['Arn'])"
    env = environment(desk.home, **desk.env) | exported(desk, "base")
    done = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ":assumed-role/prod/" in done.stdout, done.stderr
