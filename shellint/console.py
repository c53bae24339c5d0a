"""The console's addresses, in every partition that has one for the public. Pure: no network.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from shellint.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONSOLES", "Console", "console_of", "destination", "login_url", "logout_url"]


@dataclass(frozen=True, slots=True)
class Console:
    """Two hosts of a partition: the one that signs people in, and the console's, which a region may stand before."""

    sign_in: str
    pages: str


# The sign-in hosts of the AWS SDKs' endpoint rules for `signin`. With `aws`, only the one of us-east-1 leads on after a
# logout (https://github.com/99designs/aws-vault/pull/1268); `aws-eusc` has none without a region.
CONSOLES: Mapping[str, Console] = {
    "aws": Console("us-east-1.signin.aws.amazon.com", "console.aws.amazon.com"),
    "aws-cn": Console("signin.amazonaws.cn", "console.amazonaws.cn"),
    "aws-us-gov": Console("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
    "aws-eusc": Console("eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
}

_HOME = "console/home"
_ISSUER = "shellint"
# What may stand in a path, query or fragment as it is (RFC 3986); a % stays where it begins an escape.
_PLAIN = "/?:@!$&'()*+,;=-._~"
_HEX = frozenset("0123456789abcdefABCDEF")


def console_of(partition: str) -> Console:
    """Return the console of a partition. Raises ConfigError for one that is not reached from the internet."""
    if partition not in CONSOLES:
        raise ConfigError(
            f"the console of partition {partition} is reached from within its own network alone",
            f"there is one to open from here for {', '.join(CONSOLES)}",
        )
    return CONSOLES[partition]


def destination(console: Console, region: str | None, path: str | None) -> str:
    """Return the address of a page: `path` (`ec2/home`, `s3/buckets?tab=x#y`) in `region`, the home page without one.

    Whatever the path holds, the host stays the console's. Raises UsageError for a path that is a whole address.
    """
    host = f"{region}.{console.pages}" if region else console.pages
    page, hash_sign, fragment = (path or _HOME).partition("#")
    page, _, query = page.partition("?")
    if "://" in page:
        raise UsageError(
            "--path is the part behind the console's host", "leave out https:// and the host: --path ec2/home"
        )
    # A browser takes a backslash for a slash, and drops line ends and tabs: encoded, they are only odd names.
    page = "/" + _encoded(page.lstrip("/\\")).lstrip("/")
    query = _encoded(query)
    if region and "region" not in {name for name, _ in parse_qsl(query, keep_blank_values=True)}:
        query = f"region={region}&{query}" if query else f"region={region}"
    return f"https://{host}{page}" + (f"?{query}" if query else "") + (hash_sign and f"#{_encoded(fragment)}")


def login_url(console: Console, sign_in_token: str, page: str) -> str:
    """Return the address that opens the console at `page`: a secret for the 15 minutes that its token is good."""
    query = {"Action": "login", "Issuer": _ISSUER, "Destination": page, "SigninToken": sign_in_token}
    return f"https://{console.sign_in}/federation?{urlencode(query, quote_via=quote, safe='')}"


def logout_url(console: Console, then: str) -> str:
    """Return the address that signs the browser out and leads on to `then`, an address on the same host.

    In a browser that has the console's multi-session turned on, AWS answers it with an error (HTTP 400): there a logout
    is for one of several sessions (https://github.com/ByteNess/aws-vault/issues/23).
    """
    query = {"Action": "logout", "redirect_uri": then}
    return f"https://{console.sign_in}/oauth?{urlencode(query, quote_via=quote, safe='')}"


def _encoded(text: str) -> str:
    """Return text with everything escaped that a URL cannot hold, and what is escaped already left as it is."""
    first, *rest = text.split("%")
    escapes = ("%" if len(part) >= 2 and set(part[:2]) <= _HEX else "%25" for part in rest)
    parts = (quote(part, safe=_PLAIN, errors="surrogateescape") for part in rest)
    return quote(first, safe=_PLAIN, errors="surrogateescape") + "".join(
        sign + part for sign, part in zip(escapes, parts, strict=True)
    )
