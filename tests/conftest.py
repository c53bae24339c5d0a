"""What every test may ask for: a clean environment, a home, shells that are closed at the end."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.aws import StrictAws
from tests.desk import Desk
from tests.rig.environment import fresh_home
from tests.rig.kinds import KINDS, Kind
from tests.rig.programs import program
from tests.rig.shell import Shell

THOROUGH = {
    "test_help_examples": "each example of each --help, in a shell of its own",
    "test_agent_attacked": "thousands of connections, and what they cost",
    "test_agent_crowd": "hundreds of shells at once, and what they cost",
    "test_aws_vault_flags": "each flag and variable of AWS Vault",
    "test_hook_exec": "each shell becoming another",
    "test_hook_idle": "prompts left alone, with sessions of seconds",
    "test_hook_inherited": "each shell within another",
    "test_hook_options": "each option of each shell, before and after loading",
    "test_hostile_links": "configs of megabytes",
    "test_import_killed": "a kill between any two system calls",
    "test_login_shell": "each thing a shell may hold, opened as a console",
    "test_powershell_values": "each hostile value in PowerShell, in three modes",
    "test_rig": "what the tests themselves stand on",
    "test_rotate_broken_off": "a rotation that ends anywhere",
    "test_rotate_killed": "a kill before and after each step",
    "test_rotate_stray": "the same, with a key that stands in the way",
    "test_su": "another user's shell",
    "test_tmux": "panes of a real tmux",
}
"""The tests that try one rule from every side, and why they take long: only `make test-all` runs them."""


def pytest_configure() -> None:
    """Judge properties by what they find and not by how busy the machine is."""
    import hypothesis

    hypothesis.settings.register_profile("shellint", deadline=None, print_blob=True)
    hypothesis.settings.load_profile("shellint")
    # What starts the tests in the background may have these ignored, and a shell hands that on to all it starts.
    for name, handler in (
        ("SIGINT", signal.default_int_handler),
        ("SIGQUIT", signal.SIG_DFL),
        ("SIGHUP", signal.SIG_DFL),
    ):
        signal.signal(getattr(signal, name), handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the thorough ones."""
    for item in items:
        if item.path.stem in THOROUGH:
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(scope="session", autouse=True)
def nothing_from_outside() -> Iterator[None]:
    """Take the developer's own AWS session, settings and switches out of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        foreign = [
            name for name in os.environ if name.startswith(("AWS_", "SHELLINT_")) and name != "SHELLINT_TEST_PWSH"
        ]
        for name in foreign:
            patch.delenv(name)
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A new home directory, mode 0700."""
    return fresh_home(tmp_path / "home")


@pytest.fixture(scope="module")
def aws() -> Iterator[StrictAws]:
    """A strict AWS, one for all tests of a file: each brings its own people."""
    with StrictAws() as strict:
        yield strict


@pytest.fixture
def desk(aws: StrictAws, tmp_path: Path) -> Desk:
    """Someone with a home and a stored key."""
    return Desk(aws, fresh_home(tmp_path / "home"))


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A directory of someone whom file modes bind, and that someone's rights: root is bound by none."""
    directory = Path(tempfile.mkdtemp())
    nobody = 65_534
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(directory, nobody, nobody)
        os.seteuid(nobody)
    try:
        yield directory
    finally:
        if is_root:
            os.seteuid(0)
        directory.chmod(0o700)
        shutil.rmtree(directory)


@pytest.fixture(params=list(KINDS))
def shell_kind(request: pytest.FixtureRequest) -> Kind:
    """Each shell in turn."""
    kind: Kind = KINDS[request.param]
    program(kind.name)
    return kind


@pytest.fixture
def shell(shell_kind: Kind, home: Path) -> Iterator[Callable[..., Shell]]:
    """Start an interactive shell: `shell(rc, env, **options of Shell)`. All are closed after the test."""
    with ExitStack() as started:

        def start(*arguments: Any, **options: Any) -> Shell:
            return started.enter_context(Shell(shell_kind, home, *arguments, **options))

        yield start
