"""The stretch of a page that is an axis: where values lie on it, its line, ticks and labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.lettering import LEADING, width_of
from ketcli.render.ruler import Ruler

TICK = 3.0
ARROW = 5.5
ROUNDING = 1e-9


@dataclass(frozen=True)
class Track:
    """A ruler laid on a page from `left` to `right`, with the value of no effect and what lies to its sides."""

    ruler: Ruler
    left: float
    right: float
    null: float | None = None
    label: str = ""
    towards_low: str = ""
    towards_high: str = ""

    def x(self, value: float) -> float:
        """Return the place of a value, at the nearer end when it lies beyond."""
        return self.left + (self.right - self.left) * self.ruler.clipped(value)

    def far(self, value: float) -> float:
        """Return the place of a value up to ten axes away: a shape cut by the window keeps its slope."""
        share = min(max(self.ruler.share(value), -10.0), 10.0)
        return self.left + (self.right - self.left) * share

    def holds(self, value: float) -> bool:
        """Return True when a value lies on the axis."""
        return -ROUNDING <= self.ruler.share(value) <= 1.0 + ROUNDING

    @property
    def directed(self) -> bool:
        """Return True when the sides of the null line have names."""
        return self.null is not None and bool(self.towards_low or self.towards_high)

    @property
    def height(self) -> float:
        """Return the height of ticks, labels and directions below the line."""
        return 4.0 + (2 + self.directed) * style.TEXT * LEADING

    def interval(self, page: Page, y: float, low: float, high: float, *, colour: str, width: float) -> None:
        """Draw an interval, with an arrow where it goes on beyond the axis."""
        x0, x1 = self.x(low), self.x(high)
        page.line([(x0, y), (x1, y)], width=width, colour=colour)
        self.arrows(page, y, low, high, colour=colour)

    def arrows(self, page: Page, y: float, low: float, high: float, *, colour: str) -> None:
        """Draw an arrowhead at each end that `low` or `high` lies beyond."""
        for end, way, beyond in ((self.left, -1.0, low), (self.right, 1.0, high)):
            if math.isfinite(beyond) and self.holds(beyond):
                continue
            share = self.ruler.share(beyond)
            if (share < 0.0) if way < 0.0 else (share > 1.0):
                tip, back = end + way * 2.0, end - way * (ARROW - 2.0)
                page.area([(tip, y), (back, y - 2.4), (back, y + 2.4)], fill=colour)

    def grid(self, page: Page, top: float, bottom: float) -> None:
        """Draw faint lines at the ticks and the null line through a stretch of rows."""
        for tick in self.ruler.ticks:
            if tick != self.null:
                page.line([(self.x(tick), top), (self.x(tick), bottom)], width=0.5, colour=style.FAINT)
        if self.null is not None:
            page.line([(self.x(self.null), top), (self.x(self.null), bottom)], width=0.7, colour=style.MUTED)

    def axis(self, page: Page, y: float) -> None:
        """Draw the axis at height `y`: line, ticks, labels, what it measures, and the names of its sides."""
        page.line([(self.left, y), (self.right, y)], width=0.8)
        for tick, _ in self._apart():
            page.line([(self.x(tick), y), (self.x(tick), y + TICK)], width=0.8)
        y += TICK + style.TEXT * 1.15
        self.labels(page, y)
        y += style.TEXT * LEADING
        half = width_of(self.label, style.SMALL) / 2.0
        middle = (self.left + self.right) / 2.0
        middle = min(max(middle, style.MARGIN + half), page.width - style.MARGIN - half)
        page.text(middle, y, self.label, size=style.SMALL, colour=style.MUTED, anchor="center")
        if self.directed:
            self._directions(page, y + style.TEXT * LEADING)

    def labels(self, page: Page, y: float) -> None:
        """Put the labels of the ticks on the baseline `y`."""
        for tick, label in self._apart():
            page.text(self.x(tick), y, label, size=style.SMALL, anchor="center")

    def _apart(self) -> list[tuple[float, str]]:
        """Return the ticks whose labels do not touch, the null line's first to stay."""
        kept: list[tuple[float, float, float, str]] = []
        pairs = zip(self.ruler.ticks, self.ruler.labels, strict=True)
        for tick, label in sorted(pairs, key=lambda pair: (pair[0] != self.null, pair[0])):
            x, half = self.x(tick), width_of(label, style.SMALL) / 2.0 + 2.0
            if all(x + half <= low or x - half >= high for low, high, _, _ in kept):
                kept.append((x - half, x + half, tick, label))
        return [(tick, label) for _, _, tick, label in sorted(kept)]

    def _directions(self, page: Page, y: float) -> None:
        """Name the two sides of the null line, together moved inwards where they would leave the page."""
        x = self.x(self.null) if self.null is not None else self.left
        low = f"◂ {self.towards_low}" if self.towards_low else ""
        high = f"{self.towards_high} ▸" if self.towards_high else ""
        start = x - 6.0 - width_of(low, style.SMALL)
        stop = x + 6.0 + width_of(high, style.SMALL)
        shift = max(style.MARGIN - start, 0.0) - max(stop - (page.width - style.MARGIN), 0.0)
        page.text(x - 6.0 + shift, y, low, size=style.SMALL, anchor="right")
        page.text(x + 6.0 + shift, y, high, size=style.SMALL)
