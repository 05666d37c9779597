"""Where everything of a forest plot goes: columns measured by their texts, long names wrapped, rows stacked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ketcli.figures.data.forest import Forest, ForestColumn, ForestRow
from ketcli.figures.drawing import style
from ketcli.figures.drawing.lettering import LEADING, width_of, wrap

GAP = 11.0
PITCH, TIGHT_PITCH = 13.0, 11.5
MANY_ROWS = 60
LABEL_WIDTHS = (210.0, 165.0, 130.0)
OTHER_WIDTH = 92.0  # a text column beside the label wraps from here on
PLOT_WIDTH, RISKS_WIDTH = 190.0, 120.0
WIDEST_PAGE = 700.0
NARROWEST_PAGE = 440.0
LINES, SHRUNK = 3, 0.87  # a label of more lines is set smaller
BELOW_ABOUT = 3.5  # keeps the line about a model clear of the axis and of the rows below


@dataclass(frozen=True)
class Line:
    """A row with its texts wrapped: lines of text per column, size of the label, height and top.

    `after` is the part of the height that stays empty below a line about a model.
    """

    row: ForestRow
    cells: tuple[tuple[str, ...], ...]
    size: float
    height: float
    top: float = 0.0
    after: float = 0.0

    @property
    def middle(self) -> float:
        """Return the height at which the row's mark stands."""
        return self.top + self.height / 2.0


@dataclass(frozen=True)
class Layout:
    """Where everything goes, in points: right or left edges of the text columns, the plot, the page."""

    width: float
    columns: tuple[ForestColumn, ...]
    edges: tuple[float, ...]  # the edge a column's text is aligned at
    heads: tuple[tuple[str, ...], ...]
    plots: tuple[tuple[float, float], ...]


def lay_out(forest: Forest, least: float = 0.0) -> tuple[list[Line], Layout]:
    """Wrap the texts and set the columns; long study names narrow the label column before the page grows."""
    columns = (*forest.left, *forest.right)
    plot_widths = [PLOT_WIDTH] if forest.risks is None else [RISKS_WIDTH, PLOT_WIDTH - 40.0]
    for most in LABEL_WIDTHS:
        limits = [most, *(OTHER_WIDTH if c.align == "left" else math.inf for c in columns[1:])]
        widths = [
            min(max(width, _head_width(column)), max(limit, _head_width(column)))
            for column, width, limit in zip(columns, _natural(forest, len(columns)), limits, strict=True)
        ]
        total = sum(widths) + GAP * len(widths) + sum(plot + GAP for plot in plot_widths) + 2 * style.MARGIN
        if total <= WIDEST_PAGE:
            break
    spare = max(max(NARROWEST_PAGE, least) - total, 0.0)
    pitch = TIGHT_PITCH if sum(r.shape != "heading" for r in forest.rows) > MANY_ROWS else PITCH
    x = style.MARGIN
    edges: list[float] = []
    plots: list[tuple[float, float]] = []
    for i, (column, width) in enumerate(zip(columns, widths, strict=True)):
        if i == len(forest.left):
            for plot in plot_widths:
                plots.append((x + GAP / 2, x + GAP / 2 + plot + spare / len(plot_widths)))
                x = plots[-1][1] + 1.5 * GAP
        edges.append(x if column.align == "left" else x + width)
        x += width + GAP
    page_width = x - GAP + style.MARGIN
    heads = tuple(
        tuple(wrap(c.label, max(w, _head_width(c)), style.TEXT, bold=True))
        for c, w in zip(columns, widths, strict=True)
    )
    layout = Layout(page_width, columns, tuple(edges), heads, tuple(plots))
    return [_line(row, widths, layout, pitch) for row in forest.rows], layout


def _head_width(column: ForestColumn) -> float:
    """Return the least width of a column's head: that of its longest word."""
    return max(width_of(word, style.TEXT, bold=True) for word in column.label.split() or [""])


def _natural(forest: Forest, count: int) -> list[float]:
    """Return the width each column would have without wrapping."""
    cells = [row for row in forest.rows if len(row.texts) == count]
    return [
        max((width_of(row.texts[i], style.TEXT, bold=bold(row)) + indent(row, i) for row in cells), default=0.0)
        for i in range(count)
    ]


def bold(row: ForestRow) -> bool:
    """Return True for rows printed strongly."""
    return row.strong or row.shape == "heading"


def indent(row: ForestRow, column: int) -> float:
    """Return how far to the right of the headings a text stands."""
    return 6.0 if column == 0 and row.shape != "heading" else 0.0


def _line(row: ForestRow, widths: Sequence[float], layout: Layout, pitch: float) -> Line:
    if row.shape in ("heading", "about"):
        size = style.TEXT if row.shape == "heading" else style.SMALL
        room = layout.width - 2 * style.MARGIN - 6.0
        cell = tuple(wrap(row.texts[0], room, size, bold=bold(row)))
        gap = 7.0 if row.shape == "heading" else 3.0
        after = BELOW_ABOUT if row.shape == "about" else 0.0
        return Line(row, (cell,), size, len(cell) * size * LEADING + gap + after, after=after)
    size = style.TEXT
    rooms = [width - indent(row, i) for i, width in enumerate(widths)]
    label, *others = (_wrapped(row, i, room, size) for i, room in enumerate(rooms))
    if len(label) > LINES:  # shrink the name, not its numbers, before growing further
        size = style.TEXT * SHRUNK
        label = _wrapped(row, 0, rooms[0], size)
    tallest = max(len(label) * size, *(len(lines) * style.TEXT for lines in others), style.TEXT)
    return Line(row, (label, *others), size, max(pitch, (tallest - style.TEXT) * LEADING * 0.92 + pitch))


def _wrapped(row: ForestRow, column: int, room: float, size: float) -> tuple[str, ...]:
    """Wrap a cell at a hair more than its room: widths that were measured must not wrap by rounding."""
    return tuple(wrap(row.texts[column], room + 0.01, size, bold=bold(row)))
