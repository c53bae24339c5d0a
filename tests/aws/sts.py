"""The actions of the Security Token Service. A caller gets here verified, with parameters of the right shape."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.aws.call import Action, Call, credentials
from tests.aws.identity import AccessKey, Caller, Role, Session
from tests.aws.messages import AwsError, Element
from tests.aws.shapes import tags_of, transitive_keys_of

__all__ = ["ACTIONS", "CHAINED_SECONDS", "ROLE_ARN", "check_role_maximum"]

CHAINED_SECONDS = 3600
ROLE_ARN = r"arn:aws[a-z-]*:iam::\d{12}:role/.+"


def get_caller_identity(call: Call) -> Element:
    """Say who asks: no policy can deny it.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    return {"Arn": call.caller.arn, "UserId": call.caller.user_id, "Account": call.caller.account}


def get_session_token(call: Call) -> Element:
    """Give a user temporary credentials; only a long-term key may ask. 12 hours unless told.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    if not isinstance(call.caller, AccessKey):
        raise AwsError(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
    mfa = _check_mfa(call)
    expires = call.expiry(call.duration(43200))
    return {"Credentials": credentials(call.directory.session_of_user(call.caller.user, expires=expires, mfa=mfa))}


def get_federation_token(call: Call) -> Element:
    """Give temporary credentials to somebody AWS does not know; only a long-term key may ask. 12 hours unless told.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    if not isinstance(call.caller, AccessKey):
        raise AwsError(403, "AccessDenied", "Cannot call GetFederationToken with session credentials")
    session = call.directory.session_of_federated_user(
        call.caller.account, call.parameters["Name"], expires=call.expiry(call.duration(43200))
    )
    return {
        "Credentials": credentials(session),
        "FederatedUser": {"FederatedUserId": session.user_id, "Arn": session.arn},
        "PackedPolicySize": "0",
    }


def assume_role(call: Call) -> Element:
    """Give temporary credentials of a role. One hour unless told.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    arn, name = call.parameters["RoleArn"], call.parameters["RoleSessionName"]
    if not re.fullmatch(ROLE_ARN, arn):
        raise AwsError(400, "ValidationError", f"{arn} is invalid")
    mfa = _check_mfa(call) or call.caller.mfa
    role = _authorised_role(call, arn, mfa=mfa)
    duration = _check_duration(call, role)
    transitive_tags = _transitive_tags(call)
    source_identity = call.parameters.get("SourceIdentity") or _inherited(call.caller)
    session = call.directory.session_of_role(
        role,
        name,
        expires=call.expiry(duration),
        chained=isinstance(call.caller, Session),
        transitive_tags=transitive_tags,
        source_identity=source_identity,
    )
    result: dict[str, Element] = {
        "Credentials": credentials(session),
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }
    if source_identity:
        result["SourceIdentity"] = source_identity
    return result


ACTIONS: Mapping[str, Action] = {
    "GetCallerIdentity": get_caller_identity,
    "GetSessionToken": get_session_token,
    "GetFederationToken": get_federation_token,
    "AssumeRole": assume_role,
}


def _check_mfa(call: Call) -> bool:
    """Verify the code that came with a call; false when none came.

    The device must be the caller's own, and a code counts once
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html).
    """
    serial, code = call.parameters.get("SerialNumber"), call.parameters.get("TokenCode")
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise _mfa_failed(", must provide both MFA serial number and one time pass code.")
    devices = call.caller.user.mfas if call.caller.user else []
    device = next((device for device in devices if device.serial == serial), None)
    if device is None:
        raise _mfa_failed(
            ", unable to validate MFA code.  "
            "Please verify your MFA serial number is valid and associated with this user."
        )
    if not device.accept(code):
        raise _mfa_failed(" with invalid MFA one time pass code. ")
    return True


def _authorised_role(call: Call, arn: str, *, mfa: bool) -> Role:
    """Find the role and evaluate its trust policy; one that does not exist is refused in the same words.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
    """
    role = call.directory.roles.get(arn)
    if (
        role is None
        or (isinstance(call.caller, Session) and call.caller.federated)  # it may call GetCallerIdentity alone
        or not role.trusts(call.caller)
        or (role.require_mfa and not mfa)
        or (role.external_id is not None and role.external_id != call.parameters.get("ExternalId"))
    ):
        raise _not_authorised(call, "sts:AssumeRole", arn)
    inherited = _inherited(call.caller)
    changes_identity = "SourceIdentity" in call.parameters and call.parameters["SourceIdentity"] != inherited
    needed = {
        "sts:AssumeRole": True,
        "sts:TagSession": bool(tags_of(call.parameters)),
        "sts:SetSourceIdentity": "SourceIdentity" in call.parameters or inherited is not None,
    }
    denied = next((action for action, wanted in needed.items() if wanted and action not in role.actions), None)
    if denied is None and inherited is not None and changes_identity:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
        denied = "sts:SetSourceIdentity"
    if denied:
        raise _not_authorised(call, denied, arn)
    return role


def _check_duration(call: Call, role: Role) -> int:
    """Check the duration against the role's maximum, and against one hour when temporary credentials ask.

    GetSessionToken's credentials count as chaining too (https://repost.aws/knowledge-center/iam-role-chaining-limit,
    99designs/aws-vault#263).
    """
    duration = call.duration(CHAINED_SECONDS)
    if isinstance(call.caller, Session) and duration > CHAINED_SECONDS:
        raise AwsError(
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    check_role_maximum(role, duration)
    return duration


def check_role_maximum(role: Role, duration: int) -> None:
    """Refuse a session longer than the role's maximum."""
    if duration > role.max_duration:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError(400, "ValidationError", message)


def _transitive_tags(call: Call) -> dict[str, str]:
    """Return the tags that the next role inherits; one that is inherited already cannot be passed again.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    """
    inherited = call.caller.transitive_tags if isinstance(call.caller, Session) else {}
    tags = tags_of(call.parameters)
    if {key.lower() for key in inherited} & {key.lower() for key in tags}:
        message = (
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
        raise AwsError(400, "InvalidParameterValue", message)
    kept = {key.lower() for key in transitive_keys_of(call.parameters)}
    return dict(inherited) | {key: value for key, value in tags.items() if key.lower() in kept}


def _inherited(caller: Caller) -> str | None:
    return caller.source_identity if isinstance(caller, Session) else None


def _not_authorised(call: Call, action: str, arn: str) -> AwsError:
    message = f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {arn}"
    return AwsError(403, "AccessDenied", message)


def _mfa_failed(rest: str) -> AwsError:
    return AwsError(403, "AccessDenied", f"MultiFactorAuthentication failed{rest}")
