"""GetFederationToken: a user's key becomes a session that the console takes, with the user's own permissions.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html. It has what both the user's policies
and the one sent along allow, so one that allows everything takes nothing away; without any it could do nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shellint.credentials import Credentials
    from shellint.sources.sts import Sts
    from shellint.steps import FederationToken

__all__ = ["get_federation_token"]

_EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, separators=(",", ":")
)
_SHORTEST, _LONGEST = 2, 32


def get_federation_token(sts: Sts, step: FederationToken) -> Credentials:
    """Return the session of `step`, under the name of the user whose key asks. Raises as `Sts.call`.

    The name comes from GetCallerIdentity, which no policy can deny; iam:GetUser many users may not call.
    """
    name = _name(sts.identity().arn)
    return sts.session("get_federation_token", {"Name": name, "Policy": _EVERYTHING, "DurationSeconds": step.duration})


def _name(arn: str) -> str:
    """Return the name at the end of an ARN (`:user/PATH/NAME`, `:root`), in the shape that a federated user has."""
    name = re.split("[:/]", arn)[-1]
    return re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:_LONGEST].ljust(_SHORTEST, "-")
