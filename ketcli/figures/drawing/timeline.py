"""Time courses: a panel per regimen, drug and route, the outcomes by window with intervals, studies and people."""

from __future__ import annotations

from collections.abc import Sequence

from ketcli.figures.data.timeline import Course, Series
from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.grid import Card, Swatch, grid, legend
from ketcli.figures.drawing.lettering import LEADING, baseline, width_of, wrap
from ketcli.figures.drawing.page import Section
from ketcli.figures.drawing.panel import TICK, Panel, margins
from ketcli.render.ruler import Ruler

WIDTH = 310.0
FRAME = 150.0  # height of the frame alone
APART = 7.0  # between the outcomes of one window
DOT, ARROW = 2.9, 5.0


def sections(courses: Sequence[Course]) -> list[Section]:
    """Return the panels, two in a row, and their legend."""
    names = list(dict.fromkeys(series.name for course in courses for series in course.series))
    plots = grid([_card(course, names) for course in courses], width=WIDTH, across=2)
    swatches = [
        Swatch("dot", f"{name}, several studies pooled", _colour(names, name), edge=style.INK) for name in names
    ]
    swatches.append(Swatch("open-dot", "one study"))
    return [plots, legend(swatches, plots.width)]


def _colour(names: Sequence[str], name: str) -> str:
    return style.SERIES[names.index(name) % len(style.SERIES)]


def _card(course: Course, names: Sequence[str]) -> Card:
    room = margins(course.y)
    slot = (WIDTH - room.left - room.right) / len(course.slots)
    labels = [wrap(label.replace("-", "–"), slot - 2.0, style.TINY) for label in course.slots]
    below = TICK + max(map(len, labels)) * style.TINY * LEADING + 5.0
    numbers = style.TINY * LEADING + 1.0
    height = room.top + FRAME + below + numbers * len(course.series) + 4.0

    def draw(page: Page, left: float, top: float, width: float) -> None:
        x = Ruler(0.0, float(len(course.slots)), tuple(i + 0.5 for i in range(len(labels))), ("",) * len(labels))
        frame = (left + room.left, top + room.top, left + width - room.right, top + room.top + FRAME)
        panel = Panel(page, *frame, x, course.y)
        panel.back()
        if course.null is not None:
            panel.curve([(x.low, course.null), (x.high, course.null)], colour=style.MUTED, width=0.7)
        panel.axes("", course.y_label)
        for i, lines in enumerate(labels):
            for j, line in enumerate(lines):
                y = panel.bottom + TICK + (j + 1) * style.TINY * LEADING
                page.text(panel.x(i + 0.5), y, line, size=style.TINY, anchor="center")
        for i, series in enumerate(course.series):
            shift = (i - (len(course.series) - 1) / 2.0) * APART
            colour = _colour(names, series.name)
            _draw_series(panel, series, shift, colour, dashes=style.DASHES[names.index(series.name)])
            _draw_numbers(panel, series, panel.bottom + below + (i + 0.5) * numbers, colour)

    return Card(course.title, "", height, draw)


def _draw_series(panel: Panel, series: Series, shift: float, colour: str, dashes: tuple[float, ...]) -> None:
    page, window = panel.page, panel.window
    places = [(panel.x(point.slot + 0.5) + shift, panel.y(point.estimate)) for point in series.points]
    if len(places) > 1:
        page.line(places, width=0.8, colour=colour, dashes=dashes)
    for point, (x, y) in zip(series.points, places, strict=True):
        page.line([(x, panel.y(point.low)), (x, panel.y(point.high))], width=1.0, colour=colour, within=window)
        if panel.y_ruler.share(point.low) < 0.0:
            page.area(
                [(x, panel.bottom), (x - 2.4, panel.bottom - ARROW), (x + 2.4, panel.bottom - ARROW)], fill=colour
            )
        if panel.y_ruler.share(point.high) > 1.0:
            page.area([(x, panel.top), (x - 2.4, panel.top + ARROW), (x + 2.4, panel.top + ARROW)], fill=colour)
        page.circle(
            x, y, DOT, fill=colour if point.k > 1 else style.PAPER, edge=style.INK if point.k > 1 else colour
        )


def _draw_numbers(panel: Panel, series: Series, y: float, colour: str) -> None:
    """Put studies and people of each window below it, the sign of the outcome before them."""
    page = panel.page
    sign = panel.left - 22.0
    page.circle(sign, y, DOT, fill=colour, edge=style.INK)
    page.text(sign + 5.0, baseline(y, style.TINY), "k (n)", size=style.TINY, colour=style.MUTED)
    slot = panel.x(1.0) - panel.x(0.0)
    for point in series.points:
        text = f"{point.k} ({point.n})"
        size = style.TINY if width_of(text, style.TINY) <= slot - 1.0 else style.TINY * 0.85
        x = panel.x(point.slot + 0.5)
        page.text(x, baseline(y, size), text, size=size, anchor="center")
