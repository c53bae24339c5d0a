"""The names of the variables a session touches, each table with its reason."""

from __future__ import annotations

__all__ = [
    "CREDENTIALS",
    "EXPIRATIONS",
    "FIXED",
    "LONGEST_LEASE",
    "OURS",
    "PASSPHRASES",
    "REGIONS",
    "REPLACED",
    "REPLACED_PREFIXES",
    "SAVED_LIMIT",
    "SECRET",
    "SETS",
    "SHAPING",
    "is_on",
    "is_touched",
]

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
EXPIRATIONS = ("AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION")
SETS = (*CREDENTIALS, "AWS_VAULT", *REGIONS, *EXPIRATIONS)
"""What `use` sets. AWS_VAULT and the expirations light up the prompt engines that know aws-vault."""

REPLACED = (
    "AWS_PROFILE",  # beside keys it misleads the JS and Go v1 SDKs, and botocore fails when it is not in the file
    "AWS_DEFAULT_PROFILE",
    "AWS_SECURITY_TOKEN",  # a stale one beats a fresh AWS_SESSION_TOKEN in botocore
    "AWS_CREDENTIAL_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ACCOUNT_ID",
    "AWS_CREDENTIAL_SCOPE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWSU_PROFILE",
    "AWSUME_PROFILE",
    "AWSUME_EXPIRATION",
    "AWSUME_COMMAND",
    "AWSUME_DEFAULT_PROFILE",
    "AWS_SSO_PROFILE",
)
"""What `use` saves, then unsets: left in place, each of these would change who the SDKs think they are."""

REPLACED_PREFIXES = ("AWSUME_",)

OURS = (
    "SHELLINT_EXPIRES",
    "SHELLINT_SESSION",
    "SHELLINT_KEY",
    "SHELLINT_OWNER",
    "SHELLINT_REQUEST",
    "SHELLINT_SAVED",
    "SHELLINT_LOCK",
)
SECRET = frozenset({"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"})
"""Variables whose former value never stands in SHELLINT_SAVED; it rests in the sealed store."""

PASSPHRASES = ("SHELLINT_FILE_PASSPHRASE", "AWS_VAULT_FILE_PASSPHRASE")
"""What opens a store, ours or aws-vault's: nothing for a program that neither is."""

SHAPING = (
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SESSION_TAGS",
    "AWS_TRANSITIVE_TAGS",
    "AWS_SOURCE_IDENTITY",
    "AWS_MFA_SERIAL",
    "AWS_VAULT_DURATION",
    "AWS_ASSUME_ROLE_TTL",
    "AWS_SESSION_TOKEN_TTL",
    "AWS_CHAINED_SESSION_TOKEN_TTL",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SIGNIN",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_CA_BUNDLE",
)
"""What shapes a session: kept with the wish, so that a renewal repeats it whatever has happened since.

A secret is none of them: AWS_CONTAINER_AUTHORIZATION_TOKEN is read where it stands.
"""

FIXED = (*SETS, *REPLACED, *OURS)
"""Every name tested for readonly before anything starts."""

SAVED_LIMIT = 8192
LONGEST_LEASE = 37 * 3600
"""Seconds. GetSessionToken gives 36 hours at most; anything further ahead is not an expiry of ours."""


def is_touched(name: str) -> bool:
    """Whether `name` is one that `use` may set or unset, and `clear` may therefore restore.

    An environment can hold names that no shell can unset (`AWSUME_A-B`): those are none of them.
    """
    return (
        name in SETS
        or name in REPLACED
        or (name.startswith(REPLACED_PREFIXES) and name.isascii() and name.isidentifier())
    )


def is_on(value: str | None) -> bool:
    """Whether a switch of aws-vault is on, by the words that it takes (https://pkg.go.dev/strconv#ParseBool)."""
    return value in {"1", "t", "T", "true", "TRUE", "True"}
