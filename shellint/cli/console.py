"""The commands that show who one is at AWS: login, whoami."""

from __future__ import annotations

from typing import Any

import click

from shellint.cli.options import Common, common, example, make_wish, wish_options
from shellint.errors import UsageError
from shellint.lease import Wish
from shellint.request import Reply, Request
from shellint.variables import is_on

__all__ = ["login_command", "whoami_command"]

_OPTIONS = {
    "duration": "--duration",
    "minimum": "--min",
    "role_arn": "--role-arn",
    "source_profile": "--source-profile",
}


@click.command(
    "login",
    epilog=example(
        "vault login prod",
        "vault login prod --path s3/buckets --region eu-west-1",
        "vault login prod --print",
        "vault login prod --browser 'firefox ext+container:name=prod&url=%s'",
    ),
)
@click.argument("profile", required=False)
@click.option("--path", metavar="PATH", help="The page to open, such as ec2/home.")
@click.option("-s", "--print", "--stdout", "printed", is_flag=True, help="Print the address, a secret for 15 minutes.")
@click.option("--browser", metavar="COMMAND", help="The command that opens it; %s in it stands for the address.")
@click.option(
    "-a",
    "--logout",
    "--auto-logout",
    "logout",
    is_flag=True,
    help="Sign the browser out of AWS first. Not where multi-session is on: AWS answers with an error, and needs none.",
)
@click.option("-n", "--no-session", is_flag=True, hidden=True, expose_value=False)  # it never is what opens the console
@wish_options
@common
def login_command(
    request: Request,
    _: Common,
    *,
    profile: str | None,
    path: str | None,
    printed: bool,
    browser: str | None,
    logout: bool,
    mfa_token: str | None,
    force: bool,
    **wishes: Any,
) -> Reply:
    """Open the AWS console as PROFILE; without one, as this shell."""
    from shellint.actions.login import login

    return login(
        request,
        _wish(profile, mfa_token, force, wishes),
        region=wishes["region"],
        path=path,
        printed=printed or is_on(request.env.get("AWS_VAULT_STDOUT")),
        browser=browser,
        logout=logout or is_on(request.env.get("AWS_VAULT_AUTO_LOGOUT")),
        force=force,
        mfa_token=mfa_token,
    )


@click.command("whoami", epilog=example("vault whoami prod", "vault whoami", "vault whoami prod --json"))
@click.argument("profile", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs, as `aws sts get-caller-identity` prints it.")
@wish_options
@common
def whoami_command(
    request: Request,
    _: Common,
    *,
    profile: str | None,
    as_json: bool,
    mfa_token: str | None,
    force: bool,
    **wishes: Any,
) -> Reply:
    """Ask AWS who PROFILE is; without one, who this shell is."""
    from shellint.actions.whoami import whoami

    wish = _wish(profile, mfa_token, force, wishes)
    return whoami(request, wish, as_json=as_json, region=wishes["region"], force=force, mfa_token=mfa_token)


def _wish(profile: str | None, mfa_token: str | None, force: bool, wishes: dict[str, Any]) -> Wish | None:
    """Return the wish for a profile; without one there is none, and nothing that would shape it may be given."""
    if profile is not None:
        return make_wish(profile, **wishes)
    shaping = {"--force": force, "--mfa-token": mfa_token} | {_OPTIONS[name]: wishes[name] for name in _OPTIONS}
    for option, value in shaping.items():
        if value:
            raise UsageError(f"{option} shapes a new session, and without a PROFILE there is none", "name a profile")
    return None
