"""Forest plots: study names and counts, squares and intervals on a common axis, estimates, weights, models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ketcli.figures.data.forest import Forest, ForestRow
from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page, side_of
from ketcli.figures.drawing.forest_layout import Layout, Line, bold, indent, lay_out
from ketcli.figures.drawing.lettering import LEADING, baseline
from ketcli.figures.drawing.page import Section
from ketcli.figures.drawing.track import Track

SQUARE, LEAST_SQUARE = 9.0, 2.4
DIAMOND = 4.2  # half its height
DOT = 2.7
TOP_AXIS_FROM = 900.0  # a plot taller than this has its axis above, too


def section(forest: Forest, least: float = 0.0) -> Section:
    """Return a forest plot as part of a page at least `least` points wide; its height grows with the rows."""
    lines, layout = lay_out(forest, least)
    rows = max(map(len, layout.heads))
    head = rows * style.TEXT * LEADING + 7.0
    body = sum(line.height for line in lines) + 2.0
    tracks = _tracks(forest, layout)
    axis = max(track.height for track in tracks) if any(row.drawn for row in forest.rows) else 0.0

    def draw(page: Page, top: float) -> None:
        _draw_head(page, layout, top, rows)
        _draw_lines(page, tracks, layout, _stacked(lines, top + head))
        if axis:
            for track in tracks:
                track.axis(page, top + head + body)
                if body > TOP_AXIS_FROM:
                    track.labels(page, top + (rows - 0.2) * style.TEXT * LEADING)

    texts = tuple(text for row in forest.rows for text in row.texts)
    return Section(layout.width, head + body + axis, draw, texts)


def _tracks(forest: Forest, layout: Layout) -> list[Track]:
    """Return the axes: of the measure, behind that of the risks where they are drawn."""
    left, right = layout.plots[-1]
    main = Track(forest.ruler, left, right, forest.null, forest.axis_label, forest.towards_low, forest.towards_high)
    if forest.risks is None:
        return [main]
    return [Track(forest.risks.ruler, *layout.plots[0], None, forest.risks.label), main]


def _stacked(lines: Sequence[Line], top: float) -> list[Line]:
    placed: list[Line] = []
    for line in lines:
        placed.append(replace(line, top=top))
        top += line.height
    return placed


def _draw_head(page: Page, layout: Layout, top: float, rows: int) -> None:
    for column, edge, words in zip(layout.columns, layout.edges, layout.heads, strict=True):
        for i, word in enumerate(words):
            y = top + (rows - len(words) + i + 0.8) * style.TEXT * LEADING
            page.text(edge, y, word, bold=True, anchor=column.align)
    y = top + rows * style.TEXT * LEADING + 3.0
    page.line([(style.MARGIN, y), (layout.width - style.MARGIN, y)], width=0.7, colour=style.INK)


def _draw_lines(page: Page, tracks: Sequence[Track], layout: Layout, lines: Sequence[Line]) -> None:
    *risks, main = tracks
    for run in _runs(lines):
        for track in risks:
            track.grid(page, run[0].top, run[-1].top + run[-1].height)
        _draw_guides(page, main, run)
    for line in lines:
        _draw_texts(page, layout, line)
        if line.row.shape not in ("heading", "about"):
            _draw_mark(page, main, line.row, line.middle)
            for track in risks:
                _draw_risks(page, track, line.row, line.middle)


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the stretches of rows that have marks: guide lines cross neither headings nor model lines."""
    runs: list[list[Line]] = [[]]
    for line in lines:
        if line.row.shape in ("heading", "about"):
            runs.append([])
        else:
            runs[-1].append(line)
    return [run for run in runs if run]


def _draw_guides(page: Page, track: Track, run: Sequence[Line]) -> None:
    top, bottom = run[0].top, run[-1].top + run[-1].height
    track.grid(page, top, bottom)
    pooled = [line for line in run if line.row.shape == "pooled"]
    if len(pooled) == 1 and pooled[0].row.estimate is not None and pooled[0].top > top:
        x = track.x(pooled[0].row.estimate)
        page.line([(x, top), (x, pooled[0].middle - DIAMOND)], width=0.6, colour=style.POOLED, dashes=(2.5, 2.5))


def _draw_texts(page: Page, layout: Layout, line: Line) -> None:
    row = line.row
    strong, colour = bold(row), style.MUTED if row.shape in ("about", "prediction", "open") else style.INK
    if row.shape in ("heading", "about"):
        first = (
            line.top
            + (line.height - line.after - (5.0 if row.shape == "heading" else 1.0))
            - (len(line.cells[0]) - 1) * line.size * LEADING
        )
        for i, text in enumerate(line.cells[0]):
            x = style.MARGIN + (0.0 if row.shape == "heading" else 6.0)
            y = first + i * line.size * LEADING - (0.0 if row.shape == "heading" else 1.5)
            page.text(x, y, text, size=line.size, bold=strong, colour=colour)
        return
    for i, (column, edge, words) in enumerate(zip(layout.columns, layout.edges, line.cells, strict=True)):
        size = style.TEXT if i else line.size
        step = size * LEADING * 0.92
        first = line.middle - (len(words) - 1) * step / 2.0
        for j, word in enumerate(words):
            y = baseline(first + j * step, size)
            page.text(edge + indent(row, i), y, word, size=size, bold=strong, colour=colour, anchor=column.align)


def _draw_mark(page: Page, track: Track, row: ForestRow, y: float) -> None:
    match row:
        case ForestRow(shape="pooled" | "subgroup" | "alternative", estimate=float(), low=float(), high=float()):
            _draw_diamond(page, track, row, y)
        case ForestRow(shape="prediction", low=float(low), high=float(high)):
            track.interval(page, y, low, high, colour=style.SUBGROUP, width=1.8)
            for end in filter(track.holds, (low, high)):
                x = track.x(end)
                page.line([(x, y - 2.8), (x, y + 2.8)], width=1.3, colour=style.POOLED)
        case ForestRow(shape="estimate"):
            _draw_estimate(page, track, row, y)
        case _:
            _draw_study(page, track, row, y)


def _draw_risks(page: Page, track: Track, row: ForestRow, y: float) -> None:
    """Draw the risk on the drug as a full dot, that of the control as an open one, joined by a line."""
    known = [
        (risk, fill) for risk, fill in zip(row.risks, (style.STUDY, style.PAPER), strict=True) if risk is not None
    ]
    if len(known) == 2:
        page.line([(track.x(risk), y) for risk, _ in known], width=0.9, colour=style.RULE)
    for risk, fill in reversed(known):
        page.circle(track.x(risk), y, DOT, fill=fill, edge=style.INK, width=0.7)


def _draw_estimate(page: Page, track: Track, row: ForestRow, y: float) -> None:
    """Draw one of several pooled estimates: a small diamond of fixed size on its interval."""
    if row.low is not None and row.high is not None:
        track.interval(page, y, row.low, row.high, colour=style.POOLED, width=0.9)
    if row.estimate is not None and track.holds(row.estimate):
        x, r = track.x(row.estimate), DIAMOND * 0.75
        page.area([(x - r, y), (x, y - r), (x + r, y), (x, y + r)], fill=style.POOLED)


def _draw_study(page: Page, track: Track, row: ForestRow, y: float) -> None:
    inside = row.estimate is not None and track.holds(row.estimate)
    if row.estimate is not None and inside:
        fill, edge = (style.PAPER, style.MUTED) if row.shape == "open" else (style.STUDY, None)
        page.square(track.x(row.estimate), y, side_of(row.size, SQUARE, LEAST_SQUARE), fill=fill, edge=edge)
    # a limit that is told alone is drawn to the estimate
    low, high = (row.estimate if end is None else end for end in (row.low, row.high))
    if low is not None and high is not None and low < high:
        track.interval(page, y, low, high, colour=style.INK, width=0.9)
    if row.estimate is not None and inside:
        x = track.x(row.estimate)
        page.line([(x, y - 1.9), (x, y + 1.9)], width=0.9)
    elif row.estimate is not None:
        track.arrows(page, y, row.estimate, row.estimate, colour=style.INK)


def _draw_diamond(page: Page, track: Track, row: ForestRow, y: float) -> None:
    low, estimate, high = row.low or 0.0, row.estimate or 0.0, row.high or 0.0
    fill = {"pooled": style.POOLED, "subgroup": style.SUBGROUP}.get(row.shape, style.PAPER)
    half = DIAMOND if row.shape == "pooled" else DIAMOND * 0.85
    corners = [
        (track.far(low), y),
        (track.far(estimate), y - half),
        (track.far(high), y),
        (track.far(estimate), y + half),
    ]
    window = page.clip(track.left - 0.5, y - half - 2, track.right - track.left + 1.0, 2 * half + 4)
    page.area(corners, fill=fill, edge=style.POOLED, within=window)
    track.arrows(page, y, low, high, colour=style.POOLED)
