"""A text run by a shell without a terminal and without any start-up file."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.rig.kinds import Kind, as_bytes
from tests.rig.programs import program

__all__ = ["run_script"]


def run_script(
    kind: Kind, text: str | bytes, env: Mapping[str, str], *flags: str, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run `text` from a file with exactly `env`; `flags` are further arguments of the shell, like `-u`."""
    with tempfile.TemporaryDirectory(prefix="rig-") as directory:
        file = Path(directory) / "script"
        file.write_bytes(as_bytes(text))
        return subprocess.run(
            [program(kind.path or kind.name), *kind.script, *flags, str(file)],
            env=env,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
