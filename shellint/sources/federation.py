"""The federation endpoint of AWS: a session in, a token out that opens the console once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from shellint import __version__
from shellint.errors import AwsRefused, NetworkError
from shellint.sources.answers import StrangeAnswer
from shellint.sources.client import CONNECT_TIMEOUT, READ_TIMEOUT, proxies_to
from shellint.sources.failures import NOT_AN_ANSWER, translate
from shellint.sources.refusals import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shellint.credentials import Credentials
    from shellint.endpoint import Endpoint
    from shellint.errors import ShellintError

__all__ = ["sign_in_token"]

_TOKEN = re.compile(r"[!-~]{1,16384}")
_TOO_MANY = 429


def sign_in_token(
    endpoint: Endpoint,
    host: str,
    session: Credentials,
    env: Mapping[str, str],
    *,
    owner: str,
    seconds: int | None = None,
    read_timeout: float = READ_TIMEOUT,
) -> str:
    """Return a token for `session` of profile `owner`, good for 15 minutes, from `host` or the URL `endpoint` has set.

    `seconds` (900 to 43200) is how long the console is to stay open, where that is not as long as the session lasts:
    AWS takes it only for a role that was assumed with a long-term key. From `env` only the proxy variables are read.
    The session travels in the body of a POST: a URL is what proxies and servers write down.
    Raises AwsRefused when AWS does not take the session, NetworkError when it does not answer, or not as AWS does.
    """
    url = f"{(endpoint.url or f'https://{host}').rstrip('/')}/federation"
    form = {"Action": "getSigninToken", "Session": _session(session)}
    if seconds is not None:
        form["SessionDuration"] = str(seconds)
    at = urlsplit(url).netloc
    asked = Request(owner, owner, session.access_key_id, False, at, endpoint.region, endpoint.ca_bundle)
    from botocore.exceptions import BotoCoreError

    try:
        status, body = _post(url, form, proxies_to(at, env), endpoint.ca_bundle or True, read_timeout)
        if status == 200:
            return _token(body)
        failure: ShellintError = _refusal(status, asked, seconds)
    except (BotoCoreError, *NOT_AN_ANSWER) as error:
        failure = translate(error, asked, {}, 0)
    # Raised out here, so that it is chained to nothing that holds the request.
    raise failure


def _session(session: Credentials) -> str:
    return json.dumps(
        {
            "sessionId": session.access_key_id,
            "sessionKey": session.secret_access_key,
            "sessionToken": session.session_token,
        }
    )


def _post(
    url: str, form: Mapping[str, str], proxies: dict[str, str], verify: str | bool, read_timeout: float
) -> tuple[int, bytes]:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session(verify=verify, proxies=proxies, timeout=(CONNECT_TIMEOUT, read_timeout))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": f"shellint/{__version__}"}
    try:
        answer = session.send(AWSRequest("POST", url, headers, urlencode(form)).prepare())
        return int(answer.status_code), bytes(answer.content)
    finally:
        session.close()


def _token(body: bytes) -> str:
    token = json.loads(body)["SigninToken"]
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise StrangeAnswer("it gave a malformed SigninToken")
    return token


def _refusal(status: int, asked: Request, seconds: int | None) -> ShellintError:
    """Return the error for an answer that is a page for a person, whose status says all that can be known."""
    if status >= 500 or status == _TOO_MANY:
        return NetworkError(f"{asked.host} cannot do it now (HTTP {status})", "try again in a minute")
    if status < 400:
        return NetworkError(f"what answers as {asked.host} is not AWS (HTTP {status})", "a proxy may stand between")
    todo = "`vault whoami` shows whose it is: the console takes a role's or a federated user's, while it lasts"
    if seconds is not None:
        todo = "try it without --duration: AWS may allow this role no console of a length of its own"
    return AwsRefused(f"AWS opens no console for {asked.signer} (HTTP {status})", todo, code=str(status))
