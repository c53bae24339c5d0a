"""A window of KDE's asks for the code: https://develop.kde.org/docs/administration/kdialog/."""

from __future__ import annotations

from collections.abc import Mapping

from shellint.prompts.driver import Driver, nobody_at_a_display

__all__ = ["KDIALOG"]


def _command(text: str, _: Mapping[str, str]) -> tuple[str, ...]:
    return ("kdialog", "--title", "vault", "--inputbox", text)


KDIALOG = Driver("kdialog", nobody_at_a_display, "kdialog", _command, asks=True, cancelled=1)
