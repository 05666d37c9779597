"""Funnel plots: studies by effect and standard error, contours of significance, Egger's line, trim and fill."""

from __future__ import annotations

from collections.abc import Sequence

from ketcli.figures.data.funnel import Z95, Funnel
from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.grid import Card, Swatch, grid, legend
from ketcli.figures.drawing.page import Section
from ketcli.figures.drawing.panel import Panel, margins

WIDE, NARROW = 420.0, 272.0
DOT = 2.9
EXPECTED, ADJUSTED, EGGER = (3.0, 2.0), (1.5, 1.5), (6.0, 2.0, 1.5, 2.0)
# Areas from the outside in, each with the normal deviate at its edge: greys that print.
OUTSIDE = "#f2f4f6"
CONTOURS = (
    (2.5758293035489004, "#dde1e6", "0.01 < p < 0.05"),
    (Z95, "#c3c9d1", "0.05 < p < 0.1"),
    (1.6448536269514722, style.PAPER, "p > 0.1"),
)


def sections(funnels: Sequence[Funnel]) -> list[Section]:
    """Return the funnels, two in a row when there are several, and the legend below."""
    width = WIDE if len(funnels) == 1 else NARROW
    plots = grid([_card(funnel, width) for funnel in funnels], width=width, across=2)
    return [plots, legend(_swatches(funnels), plots.width)]


def _card(funnel: Funnel, width: float) -> Card:
    height = width * 0.72

    def draw(page: Page, left: float, top: float, width: float) -> None:
        room = margins(funnel.y)
        panel = Panel(
            page,
            left + room.left,
            top + room.top,
            left + width - room.right,
            top + height - room.bottom,
            funnel.x,
            funnel.y,
            upward=False,
        )
        _draw(panel, funnel)

    return Card(funnel.title, "; ".join(funnel.about), height, draw)


def _draw(panel: Panel, funnel: Funnel) -> None:
    deepest = funnel.y.high
    if funnel.null is not None:
        panel.back(OUTSIDE, grid=False)
        for z, fill, _ in CONTOURS:
            at, spread = funnel.null, z * deepest
            panel.shape([(at, 0.0), (at - spread, deepest), (at + spread, deepest)], fill=fill)
        panel.curve([(funnel.null, 0.0), (funnel.null, deepest)], colour=style.MUTED, width=0.7)
    else:
        panel.back()
    if funnel.centre is not None:
        c, spread = funnel.centre, Z95 * deepest
        panel.curve([(c, 0.0), (c, deepest)], colour=style.POOLED, width=1.0)
        panel.curve(
            [(c - spread, deepest), (c, 0.0), (c + spread, deepest)],
            colour=style.POOLED,
            width=0.8,
            dashes=EXPECTED,
        )
    if funnel.adjusted is not None:
        panel.curve(
            [(funnel.adjusted, 0.0), (funnel.adjusted, deepest)],
            colour=style.SERIES[2],
            dashes=ADJUSTED,
        )
    if funnel.egger is not None:
        limit, slope = funnel.egger
        panel.curve(
            [(limit, 0.0), (limit + slope * deepest, deepest)],
            colour=style.SERIES[0],
            dashes=EGGER,
        )
    for point in funnel.points:
        x, y = panel.x(point.yi), panel.y(point.se)
        if point.filled:
            panel.page.circle(x, y, DOT, fill=style.PAPER, edge=style.INK, within=panel.window)
        else:
            panel.page.circle(x, y, DOT, fill=style.STUDY, edge=style.INK, width=0.6)
    panel.axes(funnel.axis_label, "Standard error")


def _swatches(funnels: Sequence[Funnel]) -> list[Swatch]:
    swatches = [Swatch("dot", "study", style.STUDY, edge=style.INK)]
    if any(point.filled for funnel in funnels for point in funnel.points):
        swatches.append(Swatch("open-dot", "added by trim and fill"))
    if any(funnel.centre is not None for funnel in funnels):
        swatches.append(Swatch("line", "pooled estimate", style.POOLED))
        swatches.append(
            Swatch("line", "where 95 % of studies would lie without heterogeneity", style.POOLED, EXPECTED)
        )
    if any(funnel.adjusted is not None for funnel in funnels):
        swatches.append(Swatch("line", "with the added studies", style.SERIES[2], ADJUSTED))
    if any(funnel.egger is not None for funnel in funnels):
        swatches.append(Swatch("line", "Egger's line", style.SERIES[0], EGGER))
    if any(funnel.null is not None for funnel in funnels):
        swatches += [Swatch("area", name, fill, edge=style.RULE) for _, fill, name in reversed(CONTOURS)]
        swatches.append(Swatch("area", "p < 0.01", OUTSIDE, edge=style.RULE))
    return swatches
