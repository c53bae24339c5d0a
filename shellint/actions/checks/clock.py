"""The clock of this machine beside that of AWS, which refuses what was signed at another time."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from shellint.actions.checks.finding import Finding
from shellint.actions.planning import look_up, wish_for
from shellint.endpoint import sts_endpoint
from shellint.lease import Wish
from shellint.profiles import resolve
from shellint.request import Request
from shellint.sources.client import aws_client, proxies_to

__all__ = ["check_clock", "not_asked"]

# Seconds. https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html has the first.
_REFUSED, _WORTH_A_WORD = 300, 30
_PATIENCE = 3.0


def check_clock(request: Request) -> Iterator[Finding]:
    """Ask STS for the time, once and briefly; without an answer nothing is known."""
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session

    setup = look_up(request, wish_for(request, Wish("default")))
    profile = resolve("default", setup.config, setup.env, known=("default",))
    endpoint, _ = sts_endpoint(profile, ())
    url = aws_client("sts", endpoint, None, setup.env, profile="default", owner="default", now=request.now).url
    session = URLLib3Session(
        verify=endpoint.ca_bundle or True, proxies=proxies_to(urlsplit(url).netloc, setup.env), timeout=_PATIENCE
    )
    asked = request.now()
    try:
        answer = session.send(AWSRequest("HEAD", url).prepare())
    except BotoCoreError:
        yield Finding("skipped", f"nothing is known of it: {url} does not answer")
        return
    finally:
        session.close()
    theirs = _seconds(answer.headers.get("Date", ""))
    if theirs is None:
        yield Finding("skipped", f"nothing is known of it: {url} does not tell the time")
        return
    ahead = round((asked + request.now()) / 2 - theirs)
    if abs(ahead) < _WORTH_A_WORD:
        yield Finding("ok", f"it is that of {url}")
        return
    text = f"it is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} that of {url}"
    yield Finding("wrong" if abs(ahead) >= _REFUSED else "advice", text, "set it, or let NTP do so")


def not_asked(_: Request) -> Iterator[Finding]:
    """Stand in for `check_clock` where AWS is not to be asked."""
    yield Finding("skipped", "AWS is asked for the time with --online only")


def _seconds(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
