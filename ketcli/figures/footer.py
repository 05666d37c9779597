"""The small print under a picture, wrapped to its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ketcli.figures import style
from ketcli.figures.canvas import LEADING, Page, wrap

SPACE_ABOVE = 8.0
BETWEEN = 1.8


@dataclass(frozen=True)
class Footer:
    """Footnotes as lines of text, and the height they take."""

    notes: tuple[tuple[str, ...], ...]

    @property
    def height(self) -> float:
        """Return the height in points, 0 without notes."""
        if not self.notes:
            return 0.0
        return SPACE_ABOVE + sum(len(note) * style.TINY * LEADING + BETWEEN for note in self.notes)

    def draw(self, page: Page, left: float, top: float) -> None:
        """Put the notes on the page below `top`."""
        y = top + SPACE_ABOVE
        for note in self.notes:
            for line in note:
                page.text(left, y + style.TINY, line, size=style.TINY, colour=style.MUTED)
                y += style.TINY * LEADING
            y += BETWEEN


def lay_footer(notes: Sequence[str], width: float) -> Footer:
    """Return the footnotes wrapped to `width` points."""
    return Footer(tuple(tuple(wrap(note, width, style.TINY)) for note in notes if note))
