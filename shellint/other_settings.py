"""What the AWS CLI and the SDKs, or other programs, read of a profile and this program has no need of.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html and
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html#cli-configure-files-settings
"""

from __future__ import annotations

__all__ = ["is_read_elsewhere"]

_ELSEWHERE = frozenset(
    {
        "account_id_endpoint_mode",
        "api_versions",
        "auth_scheme_preference",
        "aws_account_id",
        "aws_expiration",
        "aws_secret_access_key",
        "aws_security_token",
        "aws_session_token",
        "cloudfront",
        "cloudsearch",
        "cloudsearchdomain",
        "defaults_mode",
        "disable_request_compression",
        "ec2_metadata_service_endpoint",
        "ec2_metadata_service_endpoint_mode",
        "ec2_metadata_v1_disabled",
        "emr",
        "endpoint_discovery_enabled",
        "expiration",
        "inject_host_prefix",
        "managed_by",
        "max_attempts",
        "metadata_service_num_attempts",
        "metadata_service_timeout",
        "output",
        "parameter_validation",
        "payload_signing_enabled",
        "preview",
        "request_checksum_calculation",
        "request_min_compression_size_bytes",
        "response_checksum_validation",
        "retry_mode",
        "s3",
        "s3_disable_express_session_auth",
        "s3_disable_multiregion_access_points",
        "s3_us_east_1_regional_endpoint",
        "s3_use_arn_region",
        "s3api",
        "sdk_ua_app_id",
        "sigv4a_signing_region_set",
        "sso_account_name",
        "tcp_keepalive",
        "ua_append",
        "user_agent_extra",
    }
)
_FAMILIES = ("cli_", "csm_", "endpoint_url_", "granted_", "toolkit_")


def is_read_elsewhere(setting: str) -> bool:
    """Whether somebody else is known to read `setting`, so that its being there is no mistake."""
    return setting in _ELSEWHERE or setting.startswith(_FAMILIES)
