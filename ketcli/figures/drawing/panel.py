"""A plot of two axes on a page: its frame, curves, bands and points, and where their values lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.patches import Rectangle

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.lettering import LEADING, baseline, width_of, wrap
from ketcli.render.ruler import Ruler

TICK = 3.0
LABEL_GAP = 3.0


@dataclass(frozen=True)
class Margins:
    """The room around a panel's frame for ticks, labels and what the axes measure."""

    left: float
    bottom: float
    top: float = 4.0
    right: float = 10.0


@dataclass(frozen=True)
class Panel:
    """A frame on a page: `left`, `top`, `right`, `bottom` in points; `upward` when large values of y stand high."""

    page: Page
    left: float
    top: float
    right: float
    bottom: float
    x_ruler: Ruler
    y_ruler: Ruler
    upward: bool = True

    def x(self, value: float) -> float:
        """Return the place of a value, up to ten frames away."""
        share = min(max(self.x_ruler.share(value), -10.0), 10.0)
        return self.left + (self.right - self.left) * share

    def y(self, value: float) -> float:
        """Return the height of a value, up to ten frames away."""
        share = min(max(self.y_ruler.share(value), -10.0), 10.0)
        share = 1.0 - share if self.upward else share
        return self.top + (self.bottom - self.top) * share

    @property
    def window(self) -> Rectangle:
        """Return the frame as a window for what may reach beyond it."""
        return self.page.clip(self.left, self.top, self.right - self.left, self.bottom - self.top)

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom

    def back(self, fill: str = style.PAPER, *, grid: bool = True) -> None:
        """Fill the frame, with faint lines at the ticks."""
        corners = [
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
        ]
        self.page.area(corners, fill=fill)
        if grid:
            for tick in self.x_ruler.ticks:
                self.page.line(
                    [(self.x(tick), self.top), (self.x(tick), self.bottom)], width=0.5, colour=style.FAINT
                )
            for tick in self.y_ruler.ticks:
                self.page.line(
                    [(self.left, self.y(tick)), (self.right, self.y(tick))], width=0.5, colour=style.FAINT
                )

    def axes(self, x_label: str, y_label: str) -> None:
        """Draw the left and lower axis with ticks, labels and what they measure."""
        page = self.page
        page.line([(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)], width=0.8)
        edge = -math.inf
        for tick, label in zip(self.x_ruler.ticks, self.x_ruler.labels, strict=True):
            x, half = self.x(tick), width_of(label, style.SMALL) / 2.0
            page.line([(x, self.bottom), (x, self.bottom + TICK)], width=0.8)
            if x - half > edge + 2.0:
                page.text(x, self.bottom + TICK + style.SMALL * 1.2, label, size=style.SMALL, anchor="center")
                edge = x + half
        for tick, label in zip(self.y_ruler.ticks, self.y_ruler.labels, strict=True):
            y = self.y(tick)
            page.line([(self.left - TICK, y), (self.left, y)], width=0.8)
            x = self.left - TICK - LABEL_GAP
            page.text(x, baseline(y, style.SMALL), label, size=style.SMALL, anchor="right")
        middle = (self.left + self.right) / 2.0
        y = self.bottom + TICK + style.SMALL * (1.2 + LEADING)
        for line in wrap(x_label, self.right - self.left + 20.0, style.SMALL):
            page.text(middle, y, line, size=style.SMALL, colour=style.MUTED, anchor="center")
            y += style.SMALL * LEADING
        if y_label:
            x = self.left - TICK - LABEL_GAP * 2 - self.label_width(self.y_ruler) - 2.0
            height = (self.top + self.bottom) / 2.0
            page.text(x, height, y_label, size=style.SMALL, colour=style.MUTED, anchor="center", turned=True)

    @staticmethod
    def label_width(ruler: Ruler) -> float:
        """Return the width of the widest label of a ruler."""
        return max((width_of(label, style.SMALL) for label in ruler.labels), default=0.0)

    def curve(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str = style.INK,
        width: float = 1.0,
        dashes: Sequence[float] = (),
    ) -> None:
        """Draw a line through values, cut at the frame."""
        placed = self.placed(points)
        self.page.line(placed, width=width, colour=colour, dashes=dashes, within=self.window)

    def placed(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return where values lie on the page."""
        return [(self.x(x), self.y(y)) for x, y in points]

    def shape(self, points: Sequence[tuple[float, float]], *, fill: str, opacity: float = 1.0) -> None:
        """Fill the shape through values, cut at the frame."""
        self.page.area(self.placed(points), fill=fill, opacity=opacity, within=self.window)


def margins(y_ruler: Ruler, *, y_label: bool = True, x_lines: int = 1) -> Margins:
    """Return the room that a panel's labels need."""
    named = style.SMALL * LEADING if y_label else 0.0
    left = TICK + LABEL_GAP * 2 + Panel.label_width(y_ruler) + named
    return Margins(left, TICK + style.SMALL * (1.2 + LEADING * x_lines) + 4.0)
