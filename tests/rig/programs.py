"""Programs the tests run but the project does not install."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache

__all__ = ["needs", "program", "version"]


def program(name: str) -> str:
    """Return the path of `name`; without it the test fails where CI=true is set, and is skipped elsewhere."""
    path = shutil.which(name)
    if path is None:
        import pytest  # the story drives the same shells, in an environment without it

        verdict = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        verdict(f"{name} is not installed: `make test` installs it when run as root on Debian")
    return path


def needs(name: str, *least: int, to: str) -> None:
    """Skip a test of what a shell can do only from version `least` on."""
    if version(name) < least:
        import pytest

        pytest.skip(f"{name} cannot {to} before {'.'.join(map(str, least))}")


@cache
def version(name: str) -> tuple[int, ...]:
    """Return the version of a shell, for what an older one cannot do."""
    done = subprocess.run([program(name), "--version"], capture_output=True, text=True, check=True)
    return tuple(map(int, re.findall(r"\d+", done.stdout)[:3]))
