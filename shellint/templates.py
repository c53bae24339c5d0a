"""Where the templates of the shell text are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["templates"]


def templates() -> Path:
    """Return the folder of templates: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "shells"
    return inside if inside.is_dir() else package.parent / "shells"
