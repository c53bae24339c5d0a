"""Draw docs/demo.svg from what a real shell shows: `python -m tests.story.picture`."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.rig.kinds import KINDS, MARK
from tests.rig.screen import Screen
from tests.story.house import open_house
from tests.story.stage import Stage
from tests.story.story import BEFORE, hook, store

__all__ = ["draw", "main"]

FILE = Path(__file__).parents[2] / "docs" / "demo.svg"
COLUMNS = 80
COLOURS = {"default": None, "brown": "yellow"}
"""Where the names of pyte are not those of rich."""


def main() -> None:
    """Type the few lines a newcomer has to know, and keep the picture of it."""
    with open_house() as house:
        with (house.home / ".aws" / "config").open("a") as config:
            config.write(f"[profile prod]\nrole_arn = {house.admin.arn}\nsource_profile = demo\n")
            config.write(f"mfa_serial = {house.mfa.serial}\n")
        with Stage(KINDS["bash"], house, columns=COLUMNS) as stage:
            store(stage)
            hook(stage)
            stage.type(f"unset {' '.join(BEFORE)}; clear")
            stage.type("vault use prod", ("MFA code", house.mfa.fresh_code()))
            stage.type("vault status")
            stage.type("vault clear")
            FILE.write_text(draw(stage.screen))


def draw(screen: Screen) -> str:
    """Return what stands on a screen, down to the cursor, as SVG that fetches nothing."""
    console = Console(record=True, width=screen.columns, file=io.StringIO(), force_terminal=True)
    for y in range(screen.cursor.y + 1):
        line = Text.assemble(*_runs(screen, y))
        line.rstrip()
        console.print(line, no_wrap=True, overflow="crop")
    svg = console.export_svg(title="bash", unique_id="demo")
    return re.sub(r" +@font-face \{.*?\n +\}\n", "", svg, flags=re.DOTALL)


def _runs(screen: Screen, y: int) -> Iterator[tuple[str, Style]]:
    """Yield the stretches of one look in a line."""
    cells = (screen.buffer[y][x] for x in range(screen.columns))
    for (colour, bold), run in itertools.groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
        text = "".join(cell.data for cell in run).replace(MARK, "$ ")
        yield text, Style(color=COLOURS.get(colour, colour), bold=bold)


if __name__ == "__main__":
    main()
