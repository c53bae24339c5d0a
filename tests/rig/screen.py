"""A terminal's screen, and everything that scrolled off it, as the person in front of it reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyte

__all__ = ["Screen"]


class Screen(pyte.Screen):
    """`pyte.Screen` that keeps what scrolled away, numbers its lines from the start, and answers queries."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        self.gone: list[str] = []
        self.answer = answer
        super().__init__(columns, lines)

    def row(self, y: int, end: int | None = None) -> str:
        """Return line `y` of the screen, up to column `end`, trailing blanks kept."""
        return "".join(self.buffer[y][x].data for x in range(self.columns if end is None else end))

    def everything(self) -> list[str]:
        """Return every line since the start, at full width."""
        return self.gone + [self.row(y) for y in range(self.lines)]

    @property
    def position(self) -> int:
        """The number of the cursor's line since the start: it never falls, also when the screen is cleared."""
        return len(self.gone) + self.cursor.y

    @property
    def before_cursor(self) -> str:
        """The cursor's line, left of the cursor."""
        return self.row(self.cursor.y, self.cursor.x)

    def index(self) -> None:
        """Keep the top line before the screen scrolls."""
        if self.cursor.y == self.lines - 1:
            self.gone.append(self.row(0))
        super().index()

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Take lines away below the cursor, then above: pyte takes the first ones and leaves the cursor behind."""
        if lines and lines < self.lines:
            above = max(0, self.cursor.y + 1 - lines)
            self.gone += [self.row(y) for y in range(above)]
            rows = [self.buffer[y] for y in range(above, above + lines)]
            self.buffer.clear()
            self.buffer.update(enumerate(rows))
            self.cursor.y -= above
            self.lines = lines
        super().resize(lines, columns)

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """Keep what a cleared screen showed."""
        if how == 2:
            self.gone += [self.row(y) for y in range(self.lines)]
        super().erase_in_display(how, *args, **kwargs)

    def write_process_input(self, data: str) -> None:
        """Answer a query (cursor position, device attributes): some shells wait for it."""
        self.answer(data.encode())
