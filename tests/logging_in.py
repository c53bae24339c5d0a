"""What `vault login` prints, read and visited; and what a shell holds after `vault use`."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.aws.client import Reply, send
from tests.aws.messages import RawRequest
from tests.command import vault
from tests.desk import Desk

__all__ = ["exported", "page_of", "printed", "visit"]


def printed(desk: Desk, *words: str, **env: str) -> str:
    """Return the address that `login --print` prints."""
    result = vault(desk, "login", *words, "--print", **env)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("\n")
    assert "secret" in result.stderr
    return result.stdout.rstrip("\n")


def visit(desk: Desk, url: str) -> Reply:
    """Open an address of the sign-in service at the double."""
    parts = urlsplit(url)
    return send(desk.aws.endpoint_url, RawRequest("GET", parts.path, parts.query, (("host", "127.0.0.1"),), b""))


def page_of(url: str) -> str:
    """Return the page that an address leads to."""
    return parse_qs(urlsplit(url).query)["Destination"][0]


def exported(desk: Desk, *words: str) -> dict[str, str]:
    """Return the variables that a shell has after `use`."""
    lines = vault(desk, "export", *words).stdout.splitlines()
    return dict(line.partition("=")[::2] for line in lines)
