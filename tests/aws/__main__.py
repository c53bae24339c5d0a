"""Run the double for a person: `python -m tests.aws`. It ends on SIGTERM, SIGINT or the end of its stdin."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from tests.aws import federation
from tests.aws.double import StrictAws

__all__ = ["main"]


def main() -> None:
    """Serve until told to stop; the one line on stdout is JSON and says where it is and who lives there."""
    parser = argparse.ArgumentParser(prog="python -m tests.aws", description="A strict AWS on the loopback.")
    parser.add_argument("--port", type=int, default=0, help="listen here (a free port unless told)")
    parser.add_argument("--session-seconds", type=int, metavar="N", help="every session lasts N seconds")
    parser.add_argument("--clock-offset", type=float, default=0.0, metavar="N", help="its clock is N seconds ahead")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append each request to FILE, one JSON object a line")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with StrictAws(port=options.port, log=options.log) as aws:
        aws.session_seconds = options.session_seconds
        aws.clock_offset = options.clock_offset
        print(json.dumps(populate(aws)), flush=True)
        for _ in sys.stdin.buffer:
            pass


def populate(aws: StrictAws) -> dict[str, object]:
    """Make something to try things with, and say how to reach it.

    A user and three roles: one open to the user, one that wants MFA, one behind a role. An Identity Center with an
    account and a role, where the person signs in by the pages that the double shows, or `python -m tests.aws.browser`.
    """
    user = aws.add_user("demo")
    key, mfa = user.add_key(), user.add_mfa()
    reader = aws.add_role("reader", trusted=[user.arn])
    admin = aws.add_role("admin", trusted=[user.arn], require_mfa=True)
    deploy = aws.add_role("deploy", trusted=[reader.arn])
    instance = aws.sso.add_instance()
    account = instance.add_account(aws.account, "Demo")
    account.add_role("Reader")
    return {
        "endpoint_url": aws.endpoint_url,
        "federation_url": f"{aws.endpoint_url}{federation.PATH}",
        "account": aws.account,
        "user": user.arn,
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret_access_key,
        "mfa_serial": mfa.serial,
        "mfa_seed": mfa.seed,
        "sso_start_url": instance.start_url,
        "sso_region": "us-east-1",
        "sso_account_id": account.account_id,
        "sso_role_name": "Reader",
        "roles": {role.name: role.arn for role in (reader, admin, deploy)},
    }


if __name__ == "__main__":
    main()
