"""An agent of a test's own: at a socket with a short name, ended with the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

from tests.desk import Desk
from tests.fake_program import CALL
from tests.rig.environment import environment

__all__ = ["Agency", "agency", "until"]


class Agency:
    """A desk whose commands are answered by an agent; `runtime` is its directory."""

    def __init__(self, desk: Desk, runtime: Path) -> None:
        self.desk = desk
        self.runtime = runtime / "shellint"
        self.env = {**desk.env, "SHELLINT_AGENT": "auto", "XDG_RUNTIME_DIR": str(runtime)}

    def run(self, *words: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run the lean client as a hook does, where there is no terminal; `typed` is its stdin."""
        return subprocess.run(
            [*CALL, *words],
            env=environment(self.desk.home, **{**self.env, **env}),
            cwd=self.desk.home,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            start_new_session=True,
        )

    def captured(self, *words: str, pid: int | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it as bash's hook captures it, for the shell `pid`."""
        return self.run(*words, SHELLINT_SHELL="bash", SHELLINT_PID=str(pid or os.getpid()), **env)

    def agents(self) -> list[psutil.Process]:
        """Return the agents that run at this place."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.runtime) in word for word in process.info["cmdline"] or ())
        ]

    def kill(self) -> None:
        """Kill the agents, and wait until they are gone: one that is dying still listens."""
        doomed = self.agents()
        for process in doomed:
            process.kill()
        _, left = psutil.wait_procs(doomed, 20)
        assert not left


@contextlib.contextmanager
def agency(desk: Desk) -> Iterator[Agency]:
    """Give a desk an agent."""
    runtime = Path(tempfile.mkdtemp(dir="/tmp"))
    started = Agency(desk, runtime)
    try:
        yield started
    finally:
        for process in started.agents():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(runtime, ignore_errors=True)


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def variables(text: str) -> Mapping[str, str]:
    """Return what a text for bash exports, as bash reads it."""
    done = subprocess.run(
        ["bash", "-c", '__shellint_unset() { unset -v "$1"; }; eval "$1"; env -0', "bash", text.replace("\\__", "__")],
        capture_output=True,
        check=True,
        env={},
    )
    return dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if "=" in line)
