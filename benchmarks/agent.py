"""`python -m benchmarks.agent`: what a command answered by the agent costs, how soon the agent listens, what it weighs.

B is an empty `python -I -S` of the same interpreter. AWS is the tests' double, in this process, which rests meanwhile.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.interleaved import medians, report
from tests.agent_rig import Agency, agency
from tests.aws import StrictAws
from tests.desk import Desk
from tests.fake_program import CALL
from tests.rig.environment import environment, fresh_home

ROUNDS = 40
BARE = [sys.executable, "-I", "-S", "-c", ""]
IMPORTS = """
import os
from shellint.agent import server
from shellint.agent.ready import get_ready
get_ready({})
import boto3, gc
clients = boto3.Session().client("sts", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
gc.collect()
import psutil
print(psutil.Process().memory_info().rss)
"""


def main() -> None:
    """Print all of it."""
    with StrictAws() as aws, tempfile.TemporaryDirectory() as directory:
        desk = Desk(aws, fresh_home(Path(directory) / "home"))
        desk.role("plain")
        with agency(desk) as agent:
            os.environ.clear()
            os.environ.update(environment(desk.home, **agent.env), SHELLINT_SHELL="bash", SHELLINT_PID=str(os.getpid()))
            listens(agent)
            commands(agent)
            weight(agent)


def commands(agent: Agency) -> None:
    """Print the time of each command, in yardsticks."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    agent.captured("use", "plain")
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    taken = medians(
        {
            "empty": BARE,
            "true": ["/bin/true"],
            "use": [*CALL, "use", "plain"],
            "credential-process": [*CALL, "credential-process", "plain"],
            "exec true": [*CALL, "exec", "plain", "--", "/bin/true"],
            "hook": [*CALL, "hook", "bash"],
        },
        rounds=ROUNDS,
    )
    os.dup2(out, 1)
    print(report(taken, yardstick="empty", base="empty"), end="", flush=True)


def listens(agent: Agency) -> None:
    """Print how long an agent takes until it listens: what `agent start` takes until it is connected."""
    code = (
        "import sys; sys.path.append(sys.argv[1]); from shellint import reach; from time import perf_counter as now;"
        "begin = now(); reach.connect(True); print(now() - begin)"
    )
    root = str(Path(CALL[-1]).parents[1])
    took, bare = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        subprocess.run(BARE, check=True)
        bare.append(time.perf_counter() - begin)
        done = subprocess.run([sys.executable, "-I", "-S", "-c", code, root], capture_output=True, check=True)
        took.append(float(done.stdout))
        for process in agent.agents():
            process.kill()  # its lock goes with it
    unit = statistics.median(bare)
    print(f"listens after {statistics.median(took) / unit:.2f} B")


def weight(agent: Agency) -> None:
    """Print the agent's memory after the commands, against a process that imported the same and answered nothing."""
    (process,) = agent.agents()
    bare = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=Path(CALL[-1]).parents[1], capture_output=True, check=True
    )
    own, unit = psutil.Process(process.pid).memory_info().rss, int(bare.stdout)
    print(f"weighs {own / 2**20:.1f} MB, {own / unit:.2f} x one that only imported the same")


if __name__ == "__main__":
    main()
