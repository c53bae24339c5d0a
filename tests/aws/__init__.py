"""A strict stand-in for AWS on the loopback: it checks what AWS documents, and keeps a log of what it was asked.

    with StrictAws() as aws:
        alice = aws.add_user("alice")
        key = alice.add_key()
        sts = boto3.client("sts", endpoint_url=aws.endpoint_url, ...)

`double.py` is the front, `server.py` speaks HTTP, and each protocol has a door: `query.py` (STS, IAM), `rest.py` (SSO
OIDC, the SSO portal), `pages.py` (what a person sees in the browser), `federation.py` (the console). `signature.py`
verifies who asks, `identity.py` and `sso.py` say who exists, `shapes.py` refuses malformed parameters. `browser.py` is
the person before the pages; `metadata.py` is what a machine in AWS finds next to it. Not modelled: identity policies
(whoever a role trusts may assume it), the root user, presigned requests.
"""

from __future__ import annotations

from tests.aws.double import StrictAws
from tests.aws.faults import Breakage
from tests.aws.identity import KeyPair, Role, User
from tests.aws.identity_provider import IdentityProvider
from tests.aws.journal import RequestRecord
from tests.aws.sso import Account, IdentityCenter, Instance
from tests.aws.totp import Mfa

__all__ = [
    "Account",
    "Breakage",
    "IdentityCenter",
    "IdentityProvider",
    "Instance",
    "KeyPair",
    "Mfa",
    "RequestRecord",
    "Role",
    "StrictAws",
    "User",
]
