"""The command run as a script would run it: no terminal anywhere, two pipes, an exit code."""

from __future__ import annotations

import subprocess

from tests.desk import BIN, Desk
from tests.rig.environment import environment

__all__ = ["elsewhere", "vault"]


def vault(desk: Desk, *words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run `vault WORDS` at the desk, with `env` laid over its environment."""
    return subprocess.run(
        [BIN / "vault", *words],
        env=environment(desk.home, **{**desk.env, **env}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )


def elsewhere(desk: Desk) -> str:
    """Return what is said when STS is asked: at a desk that is not AWS."""
    return f"vault: STS is asked at {desk.aws.endpoint_url} (AWS_ENDPOINT_URL)\n"
