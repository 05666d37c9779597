"""Baujat, L'Abbé and drapery plots, each a single frame."""

from __future__ import annotations

import math

from ketcli.figures.data.diagnostics import Drapery, Scatter
from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page, side_of
from ketcli.figures.drawing.grid import Card, Swatch, grid, legend
from ketcli.figures.drawing.labels import Named, put
from ketcli.figures.drawing.page import Section
from ketcli.figures.drawing.panel import Panel, margins

WIDTH = 420.0
LARGEST, LEAST = 10.0, 2.4
FEW = 16  # points that may be as large
DOT = 3.0
SIGNIFICANT = 0.05
PREDICTION = (4.0, 2.0)


def scatter(plot: Scatter) -> list[Section]:
    """Return points with their names; names that find no free place are left out, the most telling placed first."""
    square = plot.diagonal
    height = WIDTH - 20.0 if square else WIDTH * 0.75

    def draw(page: Page, left: float, top: float, width: float) -> None:
        room = margins(plot.y)
        panel = Panel(
            page,
            left + room.left,
            top + room.top,
            left + width - room.right,
            top + height - room.bottom,
            plot.x,
            plot.y,
        )
        panel.back()
        equal = [(plot.x.low, plot.x.low), (plot.x.high, plot.x.high)] if plot.diagonal else []
        if equal:
            panel.curve(equal, colour=style.MUTED, width=0.8)
        for i, curve in enumerate(plot.curves):
            panel.curve(
                curve, colour=style.POOLED, width=1.0 if i == 0 else 0.8, dashes=() if i == 0 else PREDICTION
            )
        # many circles are smaller, so that they cover no more of the frame than few do
        largest = LARGEST * min(1.0, math.sqrt(FEW / max(len(plot.spots), 1)))
        names = []
        for spot in sorted(plot.spots, key=lambda spot: -spot.size):
            x, y = panel.x(spot.x), panel.y(spot.y)
            radius = side_of(spot.size, largest, LEAST) if plot.diagonal else DOT
            page.circle(x, y, radius, fill=style.STUDY, edge=style.INK, width=0.6, opacity=0.85)
            names.append(Named(x, y, radius, spot.label, spot.matters))
        lines = [panel.placed(curve) for curve in (equal, *plot.curves)]
        put(page, names, panel.frame, lines=lines)
        panel.axes(plot.x_label, plot.y_label)

    plots = grid([Card(plot.title, "", height, draw)], width=WIDTH, across=1)
    if not plot.diagonal:
        return [plots]
    signs = [
        Swatch("dot", "study, area in proportion to its weight", style.STUDY, edge=style.INK),
        Swatch("line", "no difference", style.MUTED),
    ]
    if plot.curves:
        signs += [
            Swatch("line", "pooled effect", style.POOLED),
            Swatch("line", "its interval", style.POOLED, PREDICTION),
        ]
    return [plots, legend(signs, plots.width)]


def drapery(plot: Drapery) -> list[Section]:
    """Return the p-value curves; where one is above a height, the effect lies in that study's interval."""
    height = WIDTH * 0.75

    def draw(page: Page, left: float, top: float, width: float) -> None:
        room = margins(plot.y)
        panel = Panel(
            page,
            left + room.left,
            top + room.top,
            left + width - room.right,
            top + height - room.bottom,
            plot.x,
            plot.y,
        )
        panel.back()
        if plot.null is not None:
            panel.curve([(plot.null, 0.0), (plot.null, 1.0)], colour=style.MUTED, width=0.8)
        panel.curve(
            [(plot.x.low, SIGNIFICANT), (plot.x.high, SIGNIFICANT)], colour=style.INK, width=0.6, dashes=(2, 2)
        )
        for curve in plot.studies:
            panel.curve(curve, colour=style.STUDY, width=0.6 if len(plot.studies) <= FEW else 0.35)
        if plot.prediction is not None:
            low, high, at = plot.prediction
            panel.curve([(low, at), (high, at)], colour=style.SUBGROUP, width=3.0)
        if plot.pooled:
            panel.curve(plot.pooled, colour=style.POOLED, width=1.8)
        panel.axes(plot.x_label, "p-value")

    plots = grid([Card(plot.title, "", height, draw)], width=WIDTH, across=1)
    signs = [
        Swatch("line", "study", style.STUDY),
        Swatch("line", "pooled", style.POOLED),
        Swatch("line", "p 0.05: between the ends of a curve there, the 95 % interval", style.INK, (2.0, 2.0)),
    ]
    if plot.prediction is not None:
        signs.append(Swatch("line", "prediction interval", style.SUBGROUP))
    return [plots, legend(signs, plots.width)]
