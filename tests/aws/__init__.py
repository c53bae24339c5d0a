"""A strict stand-in for AWS on the loopback: it checks what AWS documents, and keeps a log of what it was asked.

    with StrictAws() as aws:
        alice = aws.add_user("alice")
        key = alice.add_key()
        sts = boto3.client("sts", endpoint_url=aws.endpoint_url, ...)

`double.py` is the front; `signature.py` verifies who asks, `identity.py` holds who exists, `sts.py` answers,
`shapes.py` refuses malformed parameters, `server.py` speaks HTTP. Not modelled: identity policies (whoever a role
trusts may assume it), the root user, presigned requests.
"""

from __future__ import annotations

from tests.aws.double import StrictAws
from tests.aws.faults import Breakage
from tests.aws.identity import KeyPair, Role, User
from tests.aws.journal import RequestRecord
from tests.aws.totp import Mfa

__all__ = ["Breakage", "KeyPair", "Mfa", "RequestRecord", "Role", "StrictAws", "User"]
