"""Imports that meet: others of their kind, and a `vault add`."""

from __future__ import annotations

import subprocess

from tests.aws import StrictAws
from tests.desk import BIN, Desk
from tests.rig.environment import environment


def started(desk: Desk, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BIN / "vault", *words],
        env=environment(desk.home, **desk.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_imports_and_additions_at_once_lose_nothing(desk: Desk, aws: StrictAws) -> None:
    key = aws.add_user("many").add_key()
    pair = f"aws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret_access_key}\n"
    names = [f"p{number}" for number in range(200)]
    file = desk.config.with_name("credentials")
    file.write_text("".join(f"[{name}]\n{pair}# of {name}\n" for name in names))
    whole = file.read_bytes()
    added = [f"added{number}" for number in range(4)]
    desk.env |= {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    running = [started(desk, "import", "--scrub", "--yes") for _ in range(2)]
    running += [started(desk, "add", name, "--env", "--no-config") for name in added]
    for process in running:
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0, told
        assert key.secret_access_key not in told
    listed = subprocess.run(
        [BIN / "vault", "list", "--credentials"],
        env=environment(desk.home, **desk.env),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert listed.stdout.split() == sorted(["base", *names, *added])
    assert file.read_text() == "".join(f"[{name}]\n# of {name}\n" for name in names)
    (copy,) = file.parent.glob("*.before-import*")
    assert copy.read_bytes() == whole
    assert not list(file.parent.glob(".*.tmp"))
