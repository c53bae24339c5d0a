"""One story for every strange shell: use, a status, a refusal, clear, and two ends of a session.

Each part is known in advance, so any shell, however it is set up, must show exactly this.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shellint import environment
from shellint.variables import OURS, SETS
from tests.fake_program import SECRETS, FakeProgram, Look, loaded, ours
from tests.rig.environment import environment as plain_environment
from tests.rig.environment import fresh_home
from tests.rig.kinds import Kind

__all__ = ["BEFORE", "SEGMENT", "Stage", "check", "check_secrets", "make_stage", "story"]

BEFORE = {"AWS_PROFILE": "mine", "AWS_REGION": "us-east-2"}
"""What was there before."""

SEGMENT = re.compile(r"prod 5\dm")
"""What the prompt says; the tests may take some minutes."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A shell's hook, its fake program, and what must be seen at each point of the story."""

    program: FakeProgram
    env: dict[str, str]
    expected: Mapping[str, tuple[str, dict[str, str]]]
    to: str = ""
    """Where a look goes, when it is not to be on the screen."""

    def look(self, words: str) -> str:
        """Return the line that looks: `words` are its name and the status to note."""
        return f"{self.program.look} {words}{self.to}"


def make_stage(kind: Kind, directory: Path) -> Stage:
    """Prepare every answer: `prod` lasts, `brief` and `broken` have ended, the latter with a program that fails."""
    fake = FakeProgram(directory / "program")
    env = plain_environment(fresh_home(directory / "home"), **BEFORE)
    now = time.time()
    prod = loaded(BEFORE, "prod", 3600 - 5, now)
    brief = loaded(BEFORE, "brief", -5, now)
    broken = loaded(BEFORE, "broken", -5, now)
    after = {name: change.applied_to(BEFORE) for name, change in (("prod", prod), ("brief", brief), ("broken", broken))}
    fallen = {
        name: value for name, value in after["broken"].items() if name not in {*SETS, *OURS} or name == "SHELLINT_SAVED"
    }
    fake.change(kind, "use prod", prod)
    fake.change(kind, "use brief", brief)
    fake.change(kind, "use broken", broken)
    fake.answer("use refused", code=3, says="vault: AWS refused\n")
    fake.change(kind, "clear@prod", environment.clear(after["prod"], sealed={}))
    fake.change(kind, "clear --expired --no-input@brief", environment.clear(after["brief"], sealed={}))
    fake.answer("clear --expired --no-input@broken", code=1)
    fake.change(kind, "clear@", environment.clear(fallen, sealed={}))
    fake.hook(kind)
    expected = {
        "use": ("0", after["prod"]),
        "status": ("1", after["prod"]),
        "shown": ("0", after["prod"]),
        "refused": ("3", after["prod"]),
        "clear": ("0", BEFORE),
        "expired": ("0", BEFORE),
        "fallback": ("0", fallen),
        "restored": ("0", BEFORE),
    }
    return Stage(fake, env, expected)


def story(stage: Stage, act: str) -> list[str]:
    """Return the lines to type; `act` tells two stories in one shell apart."""
    look = stage.look
    return [
        "vault use prod",
        look(f'{act}use "$?"'),
        "! true",
        look(f'{act}status "$?"'),
        "vault_prompt_info",
        look(f'{act}shown "$?"'),
        "vault use refused || " + look(f'{act}refused "$?"'),
        "vault use refused && " + look(f"{act}never"),
        "vault clear",
        look(f'{act}clear "$?"'),
        "vault use brief",
        look(f'{act}expired "$?"'),
        "vault use broken",
        look(f'{act}fallback "$?"'),
        "vault clear",
        look(f'{act}restored "$?"'),
    ]


def check_secrets(seen: Mapping[str, Look], shown: str) -> None:
    """Fail if a secret stood anywhere but in the two variables that are for it."""
    for secret in SECRETS:
        assert secret not in shown
        for look in seen.values():
            assert secret not in look.before
            holders = {name for name, value in look.env.items() if secret in value}
            assert holders <= {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


def check(stage: Stage, seen: Mapping[str, Look], shown: str, acts: str = "12") -> None:
    """Fail unless each act was seen exactly as it must be, and each of its prompts showed the segment."""
    left = dict(seen)
    for act in acts:
        for name, (status, env) in stage.expected.items():
            look = left.pop(f"{act}{name}", None)
            assert look is not None, f"{act}{name} was never reached; on the screen:\n{shown}"
            assert (name, look.status, ours(look.env)) == (name, status, env), shown
    assert not left, shown
    assert len(SEGMENT.findall(shown)) >= 8 * len(acts), shown
