"""The commands about long-term keys: add, remove."""

from __future__ import annotations

import click

from shellint.cli.options import Common, common, example
from shellint.errors import UsageError
from shellint.request import Reply, Request

__all__ = ["add_command", "remove_command"]


@click.command(
    "add",
    epilog=example(
        "vault add dev",
        "vault add dev --env                 # AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "vault add dev --stdin < key.json    # as `aws iam create-access-key` prints it",
    ),
)
@click.argument("profile")
@click.option("--env", "from_env", is_flag=True, help="Take the key from the environment.")
@click.option("--stdin", "--json", "from_stdin", is_flag=True, help="Take the key from JSON on stdin.")
@click.option("--mfa-serial", metavar="ARN", help="The MFA device, for a section that is added to the config file.")
@click.option(
    "--config/--no-config",
    "--add-config/--no-add-config",
    "write_config",
    default=True,
    help="Add a section to ~/.aws/config if missing.",
)
@common
def add_command(
    request: Request,
    options: Common,
    *,
    profile: str,
    from_env: bool,
    from_stdin: bool,
    mfa_serial: str | None,
    write_config: bool,
) -> Reply:
    """Store the long-term key of PROFILE; asks for it unless told where it comes from."""
    from shellint.actions.keys import (
        add,
        check_mfa_serial,
        key_from_environment,
        key_from_json,
        key_from_person,
        mfa_serial_from_person,
    )
    from shellint.config_edit import check_profile_name

    check_profile_name(profile)
    if mfa_serial:
        check_mfa_serial(mfa_serial)
    if from_env and from_stdin:
        raise UsageError("--env and --stdin exclude each other")
    if from_env:
        key = key_from_environment(request.env)
    elif from_stdin:
        with open(0, encoding="utf-8", errors="replace", closefd=False) as stdin:
            key = key_from_json(stdin.read())
    else:
        key = key_from_person(request)
        if mfa_serial is None and write_config:
            mfa_serial = mfa_serial_from_person(request)
    return add(request, profile, key, mfa_serial=mfa_serial, yes=options.yes, write_config=write_config)


@click.command("remove", epilog=example("vault remove dev", "vault remove dev --yes"))
@click.argument("profile")
@click.option("-f", "--force", is_flag=True, help="The same as --yes.")
@click.option("-s", "--sessions-only", is_flag=True, hidden=True)
@common
def remove_command(request: Request, options: Common, *, profile: str, force: bool, sessions_only: bool) -> Reply:
    """Forget the long-term key of PROFILE, and the sessions made from it."""
    from shellint.actions.clear import forget
    from shellint.actions.keys import remove

    if sessions_only:
        return forget(request, (profile,))
    return remove(request, profile, yes=options.yes or force)
