"""What the examples of `--help` need to be run, and what shows that each has done what it is for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.examples import ROOT
from tests.sso_desk import SsoDesk

__all__ = ["Scene", "as_run", "make_programs", "scene_of"]


@dataclass(frozen=True, slots=True)
class Scene:
    """What an example needs to be run as it stands, and what is on the screen when it has done what it is for.

    A line that begins with `[exit code] AWS_VAULT AWS_REGION` follows the example; `before` and `after` are typed
    around both. `answers` are what a person does where a pattern is seen: keys, or something elsewhere. `files` are
    below the home, which is the current directory.
    """

    shows: str
    before: str = ""
    after: str = ""
    answers: tuple[tuple[str, str | Callable[[SsoDesk], object]], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = False
    agent: bool = False
    shell: str = "bash"
    code: int = 0


KEY = {"AccessKeyId": "AKIAEXAMPLEEXAMPLE01", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
SECTION = f"[{{}}]\naws_access_key_id = {KEY['AccessKeyId']}\naws_secret_access_key = {KEY['SecretAccessKey']}\n"
HELD = "vault use prod"
YES = (r"\[(y/N|Y/n)\]:$", "y\r")

USE = Scene(r"^\[0\] prod eu-west-1$")
LOGIN = Scene(r"the console of prod for (1h|59m)", env={"BROWSER": "firefox"})
IMPORT = Scene(
    r"2 keys are stored: dev, prod",
    before="vault remove dev --yes",
    files={".aws/credentials": SECTION.format("dev") + SECTION.format("prod").replace("LE01", "LE02")},
)
ADD = Scene("the key of dev is stored", before="vault remove dev --yes")
ROTATE = Scene("takes the place of")
SIGNED_IN = Scene("signed in to corp for ", env={"BROWSER": "./browser"})
SIGNED_OUT = Scene("signed out of corp", signed_in=True)
SERVE = Scene("export AWS_CONTAINER_CREDENTIALS_FULL_URI=", answers=(("until Ctrl-C", "\x03"),), code=130)
SYNC = Scene("main-admin", signed_in=True, answers=(YES,))

SCENES: Mapping[str, Scene] = {
    "vault": replace(USE, shows=r"^\[0\] dev eu-west-1$"),
    "vault setup": Scene(r"\.bashrc", answers=(YES,)),
    "vault add dev": replace(
        ADD,
        answers=(
            ("Access key id:$", f"{KEY['AccessKeyId']}\r"),
            ("Secret access key:$", f"{KEY['SecretAccessKey']}\r"),
            ("MFA device", "\r"),
        ),
    ),
    "vault add dev --env": replace(
        ADD, env=dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEY.values(), strict=True))
    ),
    "vault add dev --stdin < key.json": replace(ADD, files={"key.json": json.dumps({"AccessKey": KEY})}),
    "use": USE,
    "vault use prod --duration 30m --region eu-west-1": replace(USE, shows="prod for 30m, region eu-west-1"),
    "vault use -": replace(USE, before=f"vault use dev; {HELD}", shows=r"^\[0\] dev "),
    "refresh": replace(USE, before=HELD),
    "clear": Scene(r"^\[0\]$", before=HELD),
    "vault clear --cached": Scene("1 stored sessions are forgotten", before=HELD),
    "vault clear --cached prod": Scene("1 stored sessions of prod are forgotten", before=HELD),
    "lock": Scene("1 session and 0 sign-ins forgotten", before=HELD),
    "sessions": Scene(r"^prod +1h +bash +\d+ ", before=HELD, agent=True),
    "vault sessions --json": Scene('"profile": "prod"', before=HELD, agent=True),
    "agent": Scene("running: version", before="vault agent start", agent=True),
    "agent start": Scene("the agent runs", agent=True),
    "agent status": Scene("running: version", before="vault agent start", agent=True),
    "agent stop": Scene("the agent stops", before="vault agent start", agent=True),
    "vault agent stop": Scene("the agent stops", before="vault agent start", agent=True),
    "region": Scene(r"^\[0\] prod eu-central-1$", before=HELD),
    "status": Scene("prod", before=HELD),
    "vault status --json": Scene('"profile": "prod"', before=HELD),
    "explain": Scene("assume"),
    "vault explain prod --duration 4h": Scene("4h"),
    "vault explain prod --json": Scene('"step": "AssumeRole"'),
    "vault exec prod -- aws s3 ls": Scene("aws s3 ls as prod"),
    "vault exec prod --duration 15m terraform plan": Scene("terraform plan as prod"),
    "vault exec prod --serve -- ./long-job": Scene("long-job  as prod"),
    "vault exec prod": Scene("in this shell within your shell", answers=(("`exit` ends it", "exit\r"),)),
    "serve": SERVE,
    "vault serve prod --shell fish": replace(SERVE, shows="set -g -x AWS_CONTAINER_CREDENTIALS_FULL_URI "),
    "vault serve prod --ec2 --port 9099": replace(SERVE, shows="export AWS_EC2_METADATA_SERVICE_ENDPOINT="),
    'eval "$(vault export prod --format bash)"': USE,
    "vault export prod --format json": Scene('"SessionToken":'),
    "vault export prod --format fish | source": replace(USE, shell="fish"),
    "vault export prod --format powershell | Out-String | Invoke-Expression": replace(USE, shell="powershell"),
    "(umask 077; vault export prod --format dotenv > .env)": Scene(
        "^-rw-------.*AWS_SESSION_TOKEN=", after="echo $(ls -l .env; cat .env)"
    ),
    "credential-process": Scene('"Version": 1'),
    "login": LOGIN,
    "vault login prod --print": replace(LOGIN, shows=r"^https://us-east-1\.signin\.aws\.amazon\.com/federation\?"),
    "whoami": Scene("assumed-role/prod"),
    "vault whoami": Scene("assumed-role/prod", before=HELD),
    "import": IMPORT,
    "vault import --dry-run": replace(IMPORT, shows="store dev AKIA…LE01"),
    "vault import --scrub": replace(IMPORT, answers=(YES,), after="grep -c AKIA .aws/credentials", shows="^0$"),
    "vault import --from csv alice_accessKeys.csv alice": Scene(
        "1 key is stored: alice",
        files={"alice_accessKeys.csv": "Access key ID,Secret access key\r\n" + ",".join(KEY.values()) + "\r\n"},
    ),
    "vault import --from aws-vault": Scene(
        "3 keys are stored: plain, team/prod, with space",
        env={
            "AWS_VAULT_FILE_DIR": str(ROOT / "tests" / "aws_vault_keys"),
            "AWS_VAULT_FILE_PASSPHRASE": "correct horse",
        },
    ),
    "list": Scene("^dev "),
    "vault list --json": Scene('"profile": "dev"'),
    "vault list --profiles": Scene("^dev$"),
    "vault list --credentials": Scene("^dev$"),
    "remove": Scene("the key of dev is forgotten"),
    "vault remove dev": Scene("the key of dev is forgotten", answers=(YES,)),
    "rotate": ROTATE,
    "vault rotate dev": replace(ROTATE, answers=(YES,)),
    "vault sso login": SIGNED_IN,
    "sso login": SIGNED_IN,
    "vault sso login corp --no-browser": replace(
        SIGNED_IN, answers=(("with the code [A-Z]{4}-[A-Z]{4}", lambda desk: desk.aws.sso.approve()),)
    ),
    "sso logout": SIGNED_OUT,
    "vault sso logout --all": SIGNED_OUT,
    "sso sync": SYNC,
    "vault sso sync --dry-run": replace(SYNC, answers=()),
    "vault sso sync --name '{account}.{role}' --prefix corp-": replace(SYNC, shows="corp-main.admin"),
    "vault sso sync --prune --yes": replace(SYNC, answers=()),
    "store": Scene("passphrase"),
    "doctor": Scene(r"✓ +config .*3 profiles", before=HELD),
    "vault doctor --json": Scene('"check": "config", "state": "ok"', before=HELD),
    "vault store add-passphrase": Scene(
        "passphrase", answers=(("New passphrase:$", "second\r"), ("again:$", "second\r"))
    ),
    "setup": Scene(r"\.bashrc", answers=(YES,)),
    "vault setup zsh --yes": Scene(r"\.zshrc"),
    "vault setup --undo": Scene(r"\.bashrc", before="vault setup --yes"),
    "hook": Scene("prod for 1h", after=HELD),
    'eval "$(vault hook zsh)"': Scene("prod for 1h", after=HELD, shell="zsh"),
}
"""By the example, else by its command."""

INSTEAD = {"--port 9099": "--port 0"}
"""What is not run as it stands: another run of the tests may have that port."""


def scene_of(command: str, line: str) -> Scene:
    """Return the scene of an example of a command."""
    return SCENES.get(line.partition("  ")[0]) or SCENES[command]


def as_run(line: str) -> str:
    """Return what is run of an example."""
    for words, others in INSTEAD.items():
        line = line.replace(words, others)
    return line


def make_programs(home: Path) -> None:
    """Make the programs that examples start: none of them is there to be tested, and a browser needs a person."""
    visit = "import sys; from tests.aws.browser import answer; answer(sys.argv[1].rpartition('url=')[2])"
    shows = 'echo "$(basename "$0") $* as $AWS_VAULT"'
    (home / "bin").mkdir()
    for name, text in (
        ("bin/aws", shows),
        ("bin/terraform", shows),
        ("long-job", shows),
        ("bin/firefox", f'cd {ROOT} && exec {sys.executable} -c "{visit}" "$1"'),
    ):
        (home / name).write_text(f"#!/bin/sh\n{text}\n")
        (home / name).chmod(0o755)
