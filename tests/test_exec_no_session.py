"""`exec --no-session`: the key does without GetSessionToken; one command is given it itself where that was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shellint.lease import Wish
from shellint.steps import Step
from tests.aws import StrictAws
from tests.command import elsewhere, vault
from tests.desk import Desk
from tests.planning import BASE, KEY, MFA, ONE, TWO, plan_of, role_step, with_mfa
from tests.rig.environment import fresh_home


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with StrictAws() as aws:
        yield Desk(aws, fresh_home(tmp_path_factory.mktemp("desk") / "home"))


@pytest.mark.parametrize(
    ("text", "name", "steps"),
    [
        (BASE, "base", (KEY,)),
        (ONE, "prod", (KEY, role_step("prod"))),
        (with_mfa(ONE), "prod", (KEY, role_step("prod", mfa_serial=MFA))),
        (with_mfa(TWO), "deep", (KEY, role_step("prod", mfa_serial=MFA), role_step("deep"))),
        (with_mfa(TWO, "deep"), "deep", (KEY, role_step("prod", mfa_serial=MFA), role_step("deep"))),
    ],
)
def test_the_first_role_is_assumed_with_the_key_and_its_code(text: str, name: str, steps: tuple[Step, ...]) -> None:
    plan = plan_of(text, name, session=False)
    assert (plan.steps, plan.notes) == (steps, ())


def test_a_refresh_repeats_it() -> None:
    assert Wish.decode(Wish("prod", no_session=True).encode()) == Wish("prod", no_session=True)


def test_one_command_gets_the_key_itself_and_the_person_is_told(desk: Desk) -> None:
    before = len(desk.aws.requests)
    done = vault(desk, "exec", "-n", "base", "--", "env", AWS_SESSION_TOKEN="stale", AWS_CREDENTIAL_EXPIRATION="stale")
    assert done.returncode == 0
    assert f"AWS_ACCESS_KEY_ID={desk.key.access_key_id}\n" in done.stdout
    assert f"AWS_SECRET_ACCESS_KEY={desk.key.secret_access_key}\n" in done.stdout
    assert "AWS_SESSION_TOKEN" not in done.stdout
    assert "EXPIRATION" not in done.stdout
    assert done.stderr == "vault: env is given the long-term key of base itself, which does not end\n"
    assert len(desk.aws.requests) == before


def test_a_whole_shell_is_not_given_the_key(desk: Desk) -> None:
    done = vault(desk, "exec", "--no-session", "base", SHELL="/usr/bin/env")
    assert (done.returncode, done.stdout) == (2, "")
    assert "its long-term key would stay in a whole shell" in done.stderr
    assert desk.key.secret_access_key not in done.stderr


def test_a_role_gets_its_code_with_the_key_and_no_key_leaves(desk: Desk) -> None:
    desk.role("guarded", mfa=True, require_mfa=True)
    before = len(desk.aws.requests)
    code = desk.mfa.fresh_code()
    done = vault(desk, "exec", "--no-session", "--mfa-token", code, "guarded", "--", "env")
    assert (done.returncode, done.stderr) == (0, elsewhere(desk))
    assert "AWS_ACCESS_KEY_ID=ASIA" in done.stdout
    (record,) = desk.aws.requests[before:]
    assert (record.action, record.mfa_code, record.arn) == ("AssumeRole", True, desk.alice.arn)


def test_a_server_has_no_use_for_it(desk: Desk) -> None:
    done = vault(desk, "exec", "--serve", "--no-session", "base", "env")
    assert (done.returncode, done.stdout) == (2, "")
