"""Through the agent, whoever sits at the client is asked there, and what a config file names runs there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.agent_rig import Agency, agency, until
from tests.aws import StrictAws
from tests.desk import PASSPHRASE, Desk
from tests.fake_program import CALL
from tests.prompting import Shelf, Turn
from tests.rig.environment import environment
from tests.rig.terminal import Terminal
from tests.sso_desk import MAIN, SsoDesk
from tests.sso_world import browser_script

KEY = "sh", "-c", "echo got=$AWS_ACCESS_KEY_ID"
CODE = r"MFA code for \S+:$"


@pytest.fixture
def agent(desk: Desk) -> Iterator[Agency]:
    desk.role("plain")
    desk.role("dev", mfa=True)
    with agency(desk) as started:
        yield started


@pytest.fixture
def terminals() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def at(terminals: ExitStack, agent: Agency, *words: str, **env: str) -> Terminal:
    """Run a command in a terminal, and show its exit code at its end; a variable that is empty is not there."""
    variables = environment(agent.desk.home, **{**agent.env, **env})
    present = {name: value for name, value in variables.items() if value}
    line = ["bash", "--norc", "-c", '"$@"; echo "code=$?"', "bash", *CALL, *words]
    return terminals.enter_context(Terminal(line, present, cwd=agent.desk.home, columns=160))


def asked(agent: Agency, action: str) -> int:
    """Return how often AWS was asked since this test's desk was made."""
    return sum(record.action == action for record in agent.desk.aws.requests if record.access_key_id == _key(agent))


def _key(agent: Agency) -> str:
    return agent.desk.key.access_key_id


def test_a_code_is_asked_at_the_clients_terminal_until_it_fits_and_then_no_more(
    agent: Agency, terminals: ExitStack
) -> None:
    terminal = at(terminals, agent, "exec", "dev", "--", *KEY)
    terminal.see(CODE)
    terminal.send("000000\r")
    terminal.wait(lambda: len(re.findall("^MFA code for", terminal.text(), re.MULTILINE)) == 2, "the question again")
    terminal.send(agent.desk.mfa.fresh_code() + "\r")
    found = terminal.see(r"^got=(ASIA\w+)")[1]
    terminal.see("^code=0")
    assert json.loads(agent.run("credential-process", "dev").stdout)["AccessKeyId"] == found
    assert len(agent.agents()) == 1


@pytest.mark.parametrize(("question", "env"), [("MFA code", {}), ("Passphrase", {"SHELLINT_FILE_PASSPHRASE": ""})])
def test_ctrl_c_at_a_question_is_130_and_the_terminal_is_as_before(
    agent: Agency, terminals: ExitStack, question: str, env: dict[str, str]
) -> None:
    terminal = at(terminals, agent, "exec", "dev", "--", *KEY, **env)
    terminal.see(f"{question}.*:$")
    assert terminal.echoes == (question == "MFA code")
    terminal.ctrl("c")
    terminal.see("^code=130")
    assert terminal.echoes
    assert "got=" not in terminal.text()


@pytest.mark.parametrize("env", [{}, {"AWS_VAULT_PROMPT": "terminal"}, {"AWS_VAULT_PROMPT": "zenity"}])
@pytest.mark.parametrize("no_input", ["1", "0"])
def test_where_nobody_may_be_asked_or_is_there_the_words_are_the_same(
    agent: Agency, env: dict[str, str], no_input: str
) -> None:
    env = {**env, "SHELLINT_NO_INPUT": no_input}
    words = ("exec", "dev", "--", "true")
    with_it, without = (agent.run(*words, **env, SHELLINT_AGENT=mode) for mode in ("auto", "off"))
    assert len(agent.agents()) == 1
    assert (with_it.returncode, with_it.stderr) == (without.returncode, without.stderr)
    assert with_it.returncode == 4


def test_a_passphrase_is_typed_once_and_opens_the_store_for_everybody_until_a_lock(
    agent: Agency, terminals: ExitStack
) -> None:
    """Of the same user: like a key that was added to ssh-agent. One that is wrong is not looked at meanwhile."""
    terminal = at(terminals, agent, "exec", "plain", "--", *KEY, SHELLINT_FILE_PASSPHRASE="")
    terminal.see("Passphrase of .*:$")
    terminal.send("wrong\r")
    terminal.see("wrong passphrase, once more\nPassphrase of .*:$")
    terminal.send(PASSPHRASE + "\r")
    terminal.see("^got=ASIA")
    assert not terminal.showed(PASSPHRASE)
    again = at(terminals, agent, "exec", "plain", "--force", "--", *KEY, SHELLINT_FILE_PASSPHRASE="")
    again.see("^got=ASIA")
    assert "Passphrase" not in again.text()
    assert agent.run("exec", "plain", "--", "true", SHELLINT_FILE_PASSPHRASE="wrong").returncode == 0
    assert agent.run("lock").returncode == 0
    locked = agent.run("exec", "plain", "--", "true", SHELLINT_FILE_PASSPHRASE="wrong")
    assert locked.returncode == 1
    assert "the passphrase from SHELLINT_FILE_PASSPHRASE does not open" in locked.stderr


def test_a_profile_is_picked_at_the_terminal(agent: Agency, terminals: ExitStack) -> None:
    variables = environment(agent.desk.home, **agent.env, SHELLINT_SHELL="bash", SHELLINT_PID="1")
    line = ["bash", "--norc", "-c", 'out=$("$@"); echo "code=$?"; echo "${out:+loaded}"', "bash", *CALL, "use"]
    terminal = terminals.enter_context(Terminal(line, variables, cwd=agent.desk.home, columns=160))
    terminal.see("Profile:$")
    assert "plain" in terminal.text()
    terminal.send("pl\r")
    terminal.see("^code=0")
    terminal.see("^loaded")
    assert len(agent.agents()) == 1


def test_a_key_is_touched_where_the_person_is(agent: Agency, terminals: ExitStack) -> None:
    shelf = Shelf(agent.desk.home / "shelf")
    code = agent.desk.mfa.fresh_code()
    shelf.put("ykman", Turn(None, f"{code}\n", stderr="Touch your YubiKey...\n"))
    path = f"{shelf.path}:{agent.desk.env['PATH']}"
    terminal = at(terminals, agent, "exec", "dev", "--", *KEY, AWS_VAULT_PROMPT="ykman", PATH=path)
    terminal.see("Touch your YubiKey")
    terminal.see("^got=ASIA")
    (call,) = shelf.calls("ykman")
    assert (call["terminals"], call["descriptors"]) == ([True, False, True], 3)
    assert len(agent.agents()) == 1


def test_a_sign_in_is_for_the_whole_program_and_what_it_opens_for_the_agent(home: Path, terminals: ExitStack) -> None:
    with StrictAws() as aws:
        desk = SsoDesk(aws, home)
        desk.profile("admin", sso_session="corp", sso_account_id=MAIN, sso_role_name="Admin")
        with agency(desk) as agent:
            nobody = agent.run("exec", "--no-input", "admin", "--", *KEY)
            assert nobody.returncode == 4
            assert nobody.stderr.splitlines()[-2:] == [
                "vault: nobody is signed in to corp",
                "       `vault sso login corp` signs in",
            ]
            terminal = at(terminals, agent, "exec", "admin", "--", *KEY, **browser_script(home))
            terminal.see("^got=ASIA")
            terminal.see("^code=0")
            assert agent.run("exec", "--no-input", "--force", "admin", "--", *KEY).stdout.startswith("got=ASIA")
            assert desk.calls().count("CreateToken") == 1


def test_an_unanswered_question_is_no_other_profiles_trouble(agent: Agency, terminals: ExitStack) -> None:
    waiting = at(terminals, agent, "exec", "dev", "--", *KEY)
    waiting.see(CODE)
    assert agent.run("credential-process", "plain").returncode == 0
    waiting.ctrl("c")
    waiting.see("^code=130")


def test_two_shells_ask_once_and_the_second_when_the_first_declines(agent: Agency, terminals: ExitStack) -> None:
    first = at(terminals, agent, "exec", "dev", "--", *KEY)
    first.see(CODE)
    second = at(terminals, agent, "exec", "dev", "--", *KEY)
    third = at(terminals, agent, "exec", "dev", "--", *KEY)
    for each in (second, third):
        each.see("waiting for another vault, which is getting the same session")
        assert "MFA code" not in each.text()
    first.ctrl("c")
    first.see("^code=130")

    def taking_over() -> list[Terminal]:
        for each in (second, third):
            each.quiet(0.01)
        return [each for each in (second, third) if "MFA code" in each.text()]

    until(taking_over)
    (chosen,) = taking_over()
    other = second if chosen is third else third
    chosen.send(agent.desk.mfa.fresh_code() + "\r")
    for each in (chosen, other):
        each.see("^got=ASIA")
    assert "MFA code" not in other.text()
    assert asked(agent, "GetSessionToken") == 1
