"""AssumeRole: a key or a session becomes a session of a role.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shellint.credentials import Credentials
    from shellint.sources.sts import Sts
    from shellint.steps import AssumeRole

__all__ = ["assume_role"]


def assume_role(sts: Sts, step: AssumeRole, mfa_code: str | None) -> Credentials:
    """Return the session of `step`; `mfa_code` goes with `step.mfa_serial`. Raises as `Sts.call`."""
    optional: dict[str, Any] = {
        "ExternalId": step.external_id,
        "SourceIdentity": step.source_identity,
        "Tags": [{"Key": key, "Value": value} for key, value in step.session_tags],
        "TransitiveTagKeys": list(step.transitive_tag_keys),
        "SerialNumber": step.mfa_serial if mfa_code is not None else None,
        "TokenCode": mfa_code,
    }
    return sts.session(
        "assume_role",
        {"RoleArn": step.role_arn, "RoleSessionName": step.session_name, "DurationSeconds": step.duration}
        | {name: value for name, value in optional.items() if value},
    )
