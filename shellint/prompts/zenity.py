"""A window of GNOME's asks for the code: https://help.gnome.org/users/zenity/stable/entry.html."""

from __future__ import annotations

from collections.abc import Mapping

from shellint.prompts.driver import Driver, nobody_at_a_display

__all__ = ["ZENITY"]


def _command(text: str, _: Mapping[str, str]) -> tuple[str, ...]:
    # zenity reads escapes as C does, and GTK an underscore as the mark of an access key: both vanish unless doubled.
    shown = text.replace("\\", "\\\\").replace("_", "__")
    return ("zenity", "--entry", "--title=vault", f"--text={shown}")


ZENITY = Driver("zenity", nobody_at_a_display, "zenity", _command, asks=True, cancelled=1)
