"""Bubble plots: studies by their average of a moderator, the fitted line with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from ketcli.figures.data.factors import Bubble
from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page, side_of
from ketcli.figures.drawing.grid import Card, Swatch, grid, legend
from ketcli.figures.drawing.labels import Named, put
from ketcli.figures.drawing.page import Section
from ketcli.figures.drawing.panel import Panel, margins

WIDTH, HEIGHT = 310.0, 215.0
LARGEST, LEAST = 9.0, 2.2


def sections(bubbles: Sequence[Bubble]) -> list[Section]:
    """Return the plots, two in a row, and their legend."""
    plots = grid([_card(bubble) for bubble in bubbles], width=WIDTH, across=2)
    signs = (
        Swatch("dot", "study, area in proportion to its weight", style.STUDY, edge=style.INK),
        Swatch("line", "meta-regression", style.POOLED),
        Swatch("area", "its confidence interval", style.BAND),
    )
    return [plots, legend(signs, plots.width)]


def _card(bubble: Bubble) -> Card:
    def draw(page: Page, left: float, top: float, width: float) -> None:
        room = margins(bubble.y)
        frame = (left + room.left, top + room.top, left + width - room.right, top + HEIGHT - room.bottom)
        panel = Panel(page, *frame, bubble.x, bubble.y)
        panel.back()
        band = [(x, low) for x, _, low, _ in bubble.line] + [(x, high) for x, _, _, high in reversed(bubble.line)]
        panel.shape(band, fill=style.BAND)
        panel.curve([(x, y) for x, y, _, _ in bubble.line], colour=style.POOLED, width=1.2)
        names: list[Named] = []
        for point in sorted(bubble.points, key=lambda point: -point.size):
            radius = side_of(point.size, LARGEST, LEAST)
            x, y = panel.x(point.x), panel.y(point.y)
            page.circle(x, y, radius, fill=style.STUDY, edge=style.INK, width=0.6, opacity=0.85)
            names.append(Named(x, y, radius, point.label, point.size))
        put(page, names, panel.frame, lines=[panel.placed([(x, y) for x, y, _, _ in bubble.line])])
        panel.axes(bubble.x_label, "Rate")

    return Card(bubble.title, bubble.about, HEIGHT, draw)
