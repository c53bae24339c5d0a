"""Drivers: the program that AWS_VAULT_PROMPT names is called as its manual says, and its answer is checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from shellint.credentials import Credentials
from shellint.errors import ConfigError, NeedsHuman, ShellintError
from shellint.sources.mfa import MfaCodes
from shellint.steps import SessionToken
from shellint.terminal import Human, NoHuman
from tests.prompting import Shelf, Turn
from tests.world import Script

SERIAL = "arn:aws:iam::123456789012:mfa/alice_b"
CODE = "612345"
MAKERS = {
    "ykman": ("ykman", ["oath", "accounts", "code", "--single", SERIAL]),
    "pass-otp": ("pass", ["otp", SERIAL]),
    "op": ("op", ["item", "get", SERIAL, "--otp"]),
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "bin")


def got(
    shelf: Shelf,
    prompt: str,
    human: Human | None = None,
    env: Mapping[str, str] | None = None,
    *,
    serial: str = SERIAL,
    limit: float = 60,
) -> str:
    """Return the code that is handed on."""
    codes: list[str | None] = []

    def call(code: str | None) -> Credentials:
        codes.append(code)
        return Credentials("ASIA", "secret", "token", None, None, 0)

    given = {"PATH": shelf.path, "AWS_VAULT_PROMPT": prompt, **(env or {})}
    step = SessionToken("base", serial, None, 900)
    MfaCodes(human or Script(), given, limit=limit, platform="linux").use(step, call)
    (code,) = codes
    assert code is not None
    return code


@pytest.mark.parametrize(
    ("prompt", "program", "argv", "env"),
    [
        *((prompt, *words, {}) for prompt, words in MAKERS.items()),
        (
            "ykman",
            "ykman",
            ["oath", "accounts", "code", "--single", "AWS:al"],
            {"YKMAN_OATH_CREDENTIAL_NAME": "AWS:al"},
        ),
        (
            "ykman",
            "ykman",
            ["--device", "12345678", "oath", "accounts", "code", "--single", SERIAL],
            {"YKMAN_OATH_DEVICE_SERIAL": "12345678"},
        ),
        ("ykman", "ykman", ["oath", "code", "--single", SERIAL], {"AWS_VAULT_YKMAN_VERSION": "3"}),
        ("ykman", "ykman", ["oath", "accounts", "code", "--single", SERIAL], {"AWS_VAULT_YKMAN_VERSION": "5"}),
        ("pass-otp", "pass", ["otp", "aws/$(id) x"], {"PASS_OATH_CREDENTIAL_NAME": "aws/$(id) x"}),
        ("pass", "pass", ["otp", SERIAL], {}),
        ("op", "op", ["item", "get", "AWS alice", "--otp"], {"OP_OATH_CREDENTIAL_NAME": "AWS alice"}),
        (
            "op",
            "op",
            ["read", "op://Work/AWS/one-time password?attribute=otp"],
            {"OP_OATH_CREDENTIAL_NAME": "op://Work/AWS/one-time password?attribute=otp"},
        ),
    ],
)
def test_a_program_that_makes_codes_is_called_as_its_manual_says(
    shelf: Shelf, prompt: str, program: str, argv: list[str], env: dict[str, str]
) -> None:
    human = Script()
    shelf.put(program, Turn(argv, f"{CODE}\n"))
    assert got(shelf, prompt, human, env) == CODE
    (call,) = shelf.calls(program)
    assert (call["terminals"][1], call["descriptors"]) == (False, 3)
    assert human.asked == []


def test_the_person_is_told_to_touch_the_key(shelf: Shelf) -> None:
    human = Script()
    shelf.put("ykman", Turn(MAKERS["ykman"][1], f"{CODE}\n"))
    got(shelf, "ykman", human)
    assert human.said == [f"MFA code for {SERIAL}: touch your YubiKey if it blinks"]


@pytest.mark.parametrize("prompt", MAKERS)
@pytest.mark.parametrize(
    "printed",
    ["", "hunter2\n", "1234567\n", "12345\n", "123456\n654321\n", f"{SERIAL}  123456\n", "\xff\x1b[31m\0", "[Touch]\n"],
)
def test_anything_but_a_code_is_one_clear_line_that_shows_none_of_it(shelf: Shelf, prompt: str, printed: str) -> None:
    program, argv = MAKERS[prompt]
    shelf.put(program, Turn(argv, printed))
    with pytest.raises(ConfigError, match=f"^{prompt} printed something else than an MFA code$") as caught:
        got(shelf, prompt)
    assert not any(word in caught.value.what + caught.value.todo for word in printed.split())


def test_a_program_that_never_stops_printing_is_stopped(shelf: Shelf) -> None:
    shelf.put("pass", Turn(["otp", SERIAL], then="while True: os.write(1, b'1' * 65536)"))
    with pytest.raises(ConfigError, match=r"^pass-otp printed more than 4096 bytes$"):
        got(shelf, "pass-otp")
    assert shelf.running() == []


def test_a_program_that_hangs_is_ended_after_its_time_with_what_it_started(shelf: Shelf) -> None:
    """What it printed before counts for nothing."""
    shelf.put("ykman", Turn(MAKERS["ykman"][1], CODE, then="os.fork(); import signal; signal.pause()"))
    with pytest.raises(ConfigError, match=r"^ykman gave no answer in 0\.5 s$"):
        got(shelf, "ykman", limit=0.5)
    assert shelf.running() == []


@pytest.mark.parametrize("prompt", MAKERS)
def test_a_program_that_fails_says_how_to_see_why(shelf: Shelf, prompt: str) -> None:
    program, argv = MAKERS[prompt]
    shelf.put(program, Turn(argv, f"{CODE}\n", code=1, stderr="ERROR: No matching account found.\n"))
    with pytest.raises(ConfigError, match=f"^{prompt} failed with exit code 1$") as caught:
        got(shelf, prompt)
    assert caught.value.todo == f"run it by hand to see why: {' '.join([program, *argv])}"
    assert len(shelf.calls(program)) == 1, "it would give the same code again"


@pytest.mark.parametrize("prompt", MAKERS)
def test_a_program_that_is_absent_is_named_with_the_variable(shelf: Shelf, prompt: str) -> None:
    with pytest.raises(ConfigError) as caught:
        got(shelf, prompt)
    program = MAKERS[prompt][0]
    assert caught.value.what == f"AWS_VAULT_PROMPT: {prompt} cannot give an MFA code: there is no {program} on PATH"
    assert caught.value.todo.startswith("install it; it takes terminal, ykman, ")


@pytest.mark.parametrize("prompt", MAKERS)
def test_a_name_can_never_be_an_option(shelf: Shelf, prompt: str) -> None:
    program, _ = MAKERS[prompt]
    shelf.put(program)
    with pytest.raises(ConfigError, match=r"^mfa_serial: a name that begins with a dash"):
        got(shelf, prompt, serial="--help")
    variable = {"ykman": "YKMAN", "pass": "PASS", "op": "OP"}[program] + "_OATH_CREDENTIAL_NAME"
    with pytest.raises(ConfigError, match=f"^{variable}: a name that begins with a dash"):
        got(shelf, prompt, env={variable: "-x"})
    assert shelf.calls(program) == []


@pytest.mark.parametrize(
    ("prompt", "error"), [("ykman", NeedsHuman), ("pass-otp", None), ("op", None), ("zenity", NeedsHuman)]
)
def test_without_input_only_a_program_that_needs_no_person_runs(
    shelf: Shelf, prompt: str, error: type[ShellintError] | None
) -> None:
    program, argv = MAKERS.get(prompt, (prompt, []))
    shelf.put(program, Turn(argv, f"{CODE}\n"))
    if error is None:
        assert got(shelf, prompt, NoHuman()) == CODE
        return
    with pytest.raises(error, match=r"input was ruled out by --no-input or SHELLINT_NO_INPUT$") as caught:
        got(shelf, prompt, NoHuman(), {"DISPLAY": ":0"})
    assert "--mfa-token CODE" in caught.value.todo
    assert shelf.calls(program) == []


@pytest.mark.parametrize("prompt", ["ykman", "pass-otp", "op", "zenity", "kdialog"])
def test_a_renewal_that_the_prompt_began_runs_none_of_them(shelf: Shelf, prompt: str) -> None:
    program = MAKERS.get(prompt, (prompt, []))[0]
    shelf.put(program)
    env = {"PATH": shelf.path, "AWS_VAULT_PROMPT": prompt, "DISPLAY": ":0"}
    codes = MfaCodes(Script(), env, programs=False)
    with pytest.raises(NeedsHuman, match=f"comes from {prompt}, which runs only when a person asks"):
        codes.use(SessionToken("base", SERIAL, None, 900), lambda _: pytest.fail("a code was found"))
    assert shelf.calls(program) == []
