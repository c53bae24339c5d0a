"""Questions on a real terminal: what shows, what comes back, and that the terminal is left as it was."""

from __future__ import annotations

import signal
import sys
import tty
from collections.abc import Iterator

import pexpect
import pytest

from shellint.errors import NeedsHuman
from shellint.terminal import NoHuman
from tests.asking import ASK, CONFIRM, PROGRAM, ROOT, SECRET, Asked


@pytest.fixture
def asked() -> Iterator[Asked]:
    """A new terminal."""
    made = Asked()
    yield made
    made.close()


def test_an_answer_shows_as_it_is_typed(asked: Asked) -> None:
    asked.run(ASK)
    asked.see("MFA code for prod: ")
    asked.type("123456\n")
    assert asked.end() == (0, "'123456'\n")
    assert asked.shown == b"MFA code for prod: 123456\r\n"
    assert asked.mode == asked.before


def test_a_secret_does_not_show_and_the_next_output_starts_on_a_new_line(asked: Asked) -> None:
    asked.run(SECRET)
    asked.see("Passphrase: ")
    assert not asked.echoes
    asked.type("hush ü\udcff\n")
    assert asked.end() == (0, "'hush \\xfc\\udcff'\n")
    assert asked.shown == b"Passphrase: \r\n"
    assert asked.mode == asked.before


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize(("code", "prompt"), [(ASK, "prod: "), (SECRET, "Passphrase: "), (CONFIRM, "[y/N]: ")])
def test_leaving_a_question_is_130_and_the_terminal_is_as_before(
    asked: Asked, code: str, prompt: str, key: str
) -> None:
    asked.run(code)
    asked.see(prompt)
    asked.type(key)
    assert asked.end() == (130, "Interrupted interrupted\n")
    assert asked.shown.endswith(b"\r\n")
    assert asked.mode == asked.before


@pytest.mark.parametrize("half_typed", ["12", "12\x04"])
def test_half_an_answer_is_no_answer(asked: Asked, half_typed: str) -> None:
    asked.run(ASK)
    asked.see("prod: ")
    asked.type(half_typed + "\x03")
    assert asked.end() == (130, "Interrupted interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM])
@pytest.mark.parametrize(("code", "prompt"), [(ASK, "prod: "), (SECRET, "Passphrase: ")])
def test_a_signal_ends_the_program_as_ever_and_echo_is_back(
    asked: Asked, code: str, prompt: str, number: signal.Signals
) -> None:
    asked.run(code)
    asked.see(prompt)
    asked.signal(number)
    assert asked.end() == (-number, "")
    assert asked.mode == asked.before


def test_ctrl_c_where_it_kills_leaves_echo_on_too(asked: Asked) -> None:
    asked.run("signal.signal(signal.SIGINT, signal.SIG_DFL)\n" + SECRET)
    asked.see("Passphrase: ")
    asked.type("\x03")
    assert asked.end() == (-signal.SIGINT, "")
    assert asked.mode == asked.before


def test_a_program_that_outlives_a_signal_asks_again(asked: Asked) -> None:
    asked.run(
        f"got = []\nsignal.signal(signal.SIGTERM, lambda *_: got.append(1))\n{SECRET}\n"
        "os.kill(os.getpid(), signal.SIGTERM)\nprint(got)"
    )
    asked.see("Passphrase: ")
    asked.signal(signal.SIGTERM)
    asked.see("Passphrase: ", times=2)
    assert not asked.echoes
    asked.type("hush\n")
    assert asked.end() == (0, "'hush'\n[1, 1]\n"), "the program's own handler runs during and after the question"
    assert b"hush" not in asked.shown


def test_an_ignored_signal_stays_ignored(asked: Asked) -> None:
    asked.run("signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + SECRET)
    asked.see("Passphrase: ")
    asked.signal(signal.SIGHUP)
    asked.type("hush\n")
    assert asked.end() == (0, "'hush'\n")
    assert asked.shown == b"Passphrase: \r\n"


def test_no_terminal_needs_a_human_and_names_the_question(asked: Asked) -> None:
    for code, question in ((ASK, "MFA code for prod"), (SECRET, "Passphrase"), (CONFIRM, "Overwrite prod?")):
        asked.run(code, controlling=False)
        exit_code, out = asked.end()
        assert exit_code == 4
        assert out.startswith("NeedsHuman a person has to answer and there is no terminal")
        assert question in out


def test_a_hostile_question_cannot_steer_the_terminal(asked: Asked) -> None:
    asked.run(r"terminal.ask('pr\x1b[2J\x9b1mo\rd\n\x07\u202e\udcff')")
    asked.type("\n")
    asked.end()
    assert asked.shown.replace(b"\r\n", b"") == b"pr[2J1mod: "


@pytest.mark.parametrize(
    ("typed", "default", "result"),
    [("y", False, True), ("YES", False, True), ("n", True, False), ("", False, False), ("", True, True)],
)
def test_confirm_takes_yes_no_or_the_default(asked: Asked, typed: str, default: bool, result: bool) -> None:
    asked.run(f"print(terminal.confirm('Overwrite prod?', default={default}))")
    asked.see("Overwrite prod? [Y/n]: " if default else "Overwrite prod? [y/N]: ")
    asked.type(typed + "\n")
    assert asked.end() == (0, f"{result}\n")


def test_confirm_asks_until_the_answer_is_one(asked: Asked) -> None:
    asked.run(CONFIRM)
    asked.see("[y/N]: ")
    asked.type("perhaps\n")
    asked.see("[y/N]: ", times=2)
    asked.type("y\n")
    assert asked.end() == (0, "True\n")


def test_a_terminal_in_raw_mode_edits_the_line_all_the_same(asked: Asked) -> None:
    """As under a key binding of the shell's line editor."""
    tty.setraw(asked.slave)
    asked.run(ASK)
    asked.see("prod: ")
    asked.type("1x\x7f23\r")
    assert asked.end() == (0, "'123'\n")
    assert asked.mode == asked.before


def test_what_was_pasted_ahead_answers_the_next_question(asked: Asked) -> None:
    asked.run(ASK + "\n" + SECRET)
    asked.see("prod: ")
    asked.type("123456\nhush\n")
    assert asked.end() == (0, "'123456'\n'hush'\n")


def test_a_thread_may_ask(asked: Asked) -> None:
    asked.run(f"thread = threading.Thread(target=lambda: {SECRET})\nthread.start()\nthread.join()")
    asked.see("Passphrase: ")
    asked.type("hush\n")
    assert asked.end() == (0, "'hush'\n")


def test_stopped_and_continued_the_question_is_asked_again_without_echo() -> None:
    """In a real shell with job control: Ctrl-Z, then fg."""
    program = PROGRAM.replace("print", "terminal.say").replace('"', "'")
    with pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], cwd=ROOT, timeout=20) as shell:
        shell.sendline("PS1='rea''dy> '; unset PROMPT_COMMAND")
        shell.expect_exact("ready> ")
        code = SECRET.replace("print", "terminal.say")
        shell.sendline(f'{sys.executable} -c "{program}" "" "{code}"')
        shell.expect_exact("Passphrase: ")
        shell.send("\x1a")
        shell.expect_exact("ready> ")
        shell.sendline("stty -a | grep -o -e ' -*echo '")
        shell.expect_exact(" echo ")
        shell.expect_exact("ready> ")
        shell.sendline("fg")
        shell.expect_exact("Passphrase: ")
        assert not shell.getecho()
        shell.sendline("hu" + "sh")
        shell.expect_exact("'hush'")
        shell.expect_exact("ready> ")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)


def test_no_human_answers_nothing_but_hears(capfd: pytest.CaptureFixture[str]) -> None:
    human = NoHuman()
    for ask in (human.ask, human.ask_secret, human.confirm):
        with pytest.raises(NeedsHuman, match="ruled out by --no-input or SHELLINT_NO_INPUT: Overwrite it") as refused:
            ask("Overwrite it")
        assert refused.value.exit_code == 4
    with pytest.raises(NeedsHuman):
        human.confirm("Overwrite it", default=True)
    human.say("done \x1b[31m")
    assert capfd.readouterr().err == "done [31m\n"
