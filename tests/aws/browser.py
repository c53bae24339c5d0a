"""The person before the browser: opens a page of the double, presses a button, follows where it leads.

`python -m tests.aws.browser [--deny] URL` does it as a program, so that it can stand for a browser.
"""

from __future__ import annotations

import argparse
import urllib.error
import urllib.request
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

__all__ = ["answer", "main", "sign_in"]


def answer(url: str, *, allow: bool = True) -> str:
    """Open the page and press Allow or Deny: the address the browser is sent to, empty when it stays.

    Raises ValueError with status and text of a page that asks nothing, as one that shows an error.
    """
    status, location, page = _request(url)
    if location:
        return location
    form = _Form()
    form.feed(page)
    if form.action is None:
        raise ValueError(f"{status}: {page}")
    fields = form.fields | {"answer": "allow" if allow else "deny"}
    _, location, _ = _request(urljoin(url, form.action), urlencode(fields).encode())
    return location


def sign_in(url: str, *, allow: bool = True) -> str:
    """Answer the page, and open the address it leads to: the address, empty when it led nowhere."""
    location = answer(url, allow=allow)
    if location:
        _request(location)
    return location


def main() -> None:
    """Do it for the arguments of the program."""
    parser = argparse.ArgumentParser(prog="python -m tests.aws.browser")
    parser.add_argument("--deny", action="store_true", help="press Deny")
    parser.add_argument("url")
    options = parser.parse_args()
    sign_in(options.url, allow=not options.deny)


class _Form(HTMLParser):
    """The form of a page: where it goes, and its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self.action = given["action"]
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given["value"]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _request(url: str, body: bytes | None = None) -> tuple[int, str, str]:
    """Return status, the address of a redirect (or nothing), and the page."""
    opener = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, body, timeout=10) as response:
            return response.status, "", response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            location = error.headers.get("Location", "")
            if not location:
                raise ValueError(f"{error.code}: {error.read().decode()}") from None
            return error.code, location, ""


if __name__ == "__main__":
    main()
