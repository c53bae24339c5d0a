"""The person who completes a sign-in that this program has begun: `python -m tests.sso_browser [--deny] ADDRESS`."""

from __future__ import annotations

import sys

from tests.aws.browser import answer, sign_in

__all__ = ["visit"]


def visit(address: str, *, allow: bool = True) -> None:
    """Go where a one-time address leads, press the button there, and come back with what it brought."""
    sign_in(answer(address), allow=allow)


if __name__ == "__main__":
    *options, given = sys.argv[1:]
    visit(given, allow="--deny" not in options)
