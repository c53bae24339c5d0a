"""A pytest plugin for shells of other versions: `pytest -p tests.matrix` runs only the tests that drive a shell.

The versions are whatever PATH has; `make test-all` runs it once for each Debian release (scripts/suite).
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

__all__ = ["pytest_collection_modifyitems", "pytest_report_header"]

_SHELLS = ("bash", "zsh", "fish")


def pytest_report_header() -> str:
    """Say which shells these are."""
    return "shells: " + ", ".join(f"{name} {_version(name)}" for name in _SHELLS if shutil.which(name))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what no shell takes part in."""
    chosen = [item for item in items if _drives_a_shell(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _drives_a_shell(item)])
    items[:] = chosen


def _drives_a_shell(item: pytest.Item) -> bool:
    return "shell_kind" in getattr(item, "fixturenames", ()) or item.path.name.startswith("test_hook_")


def _version(name: str) -> str:
    done = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
    return next(word for word in done.stdout.split() if word[0].isdigit())
