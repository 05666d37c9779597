"""Icon arrays: of 100 people how many have an outcome, group beside group, and how far that could be off."""

from __future__ import annotations

from collections.abc import Sequence

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.grid import Card, Swatch, grid, legend
from ketcli.figures.drawing.lettering import LEADING, wrap
from ketcli.figures.drawing.page import Section
from ketcli.render.icons import HALF, PEOPLE, ROW, people
from ketcli.report import Icons, Share
from ketcli.wording import UNICODE, limits, one_line, percent

CELL, HALF_GAP, GROUP_GAP = 8.0, 3.0, 22.0
SIDE = ROW * CELL + HALF_GAP
WIDTH = 2 * SIDE + GROUP_GAP
RADIUS, REST = 3.1, 1.1
SURE, LIKELY = style.SERIES[0], "#7fb8dc"


def sections(pictures: Sequence[Icons]) -> list[Section]:
    """Return a card per outcome, three in a row, and what the icons mean."""
    plots = grid([_card(picture) for picture in pictures], width=WIDTH, across=3)
    signs = (
        Swatch("dot", "with the outcome, as many as the lower limit", SURE, edge=SURE),
        Swatch("dot", "with the outcome, up to the estimate", LIKELY, edge=SURE),
        Swatch("open-dot", "up to the upper limit", SURE),
        Swatch("speck", "without", style.RULE),
    )
    return [plots, legend(signs, max(plots.width, 2 * WIDTH))]


def _card(picture: Icons) -> Card:
    names = [wrap(one_line(share.name), SIDE, style.SMALL) for share in picture.shares]
    head = max(map(len, names)) * style.SMALL * LEADING + 4.0
    height = head + ROW * CELL + 4.0 + style.TEXT * LEADING

    def draw(page: Page, left: float, top: float, _: float) -> None:
        for i, (share, lines) in enumerate(zip(picture.shares, names, strict=True)):
            x = left + i * (SIDE + GROUP_GAP)
            for j, line in enumerate(lines):
                page.text(x, top + (j + 0.8) * style.SMALL * LEADING, line, size=style.SMALL, colour=style.MUTED)
            _draw_people(page, share, x, top + head)
            ends = limits(percent(share.low), percent(share.high), UNICODE)
            y = top + head + ROW * CELL + style.TEXT * LEADING
            page.text(x, y, f"{percent(share.rate)} of 100 ({ends})", size=style.TEXT)

    return Card(one_line(picture.title), "", height, draw)


def _draw_people(page: Page, share: Share, left: float, top: float) -> None:
    """Draw ten rows of ten, a gap after five so that they can be counted."""
    low, likely, high = (people(value) for value in (share.low, share.rate, share.high))
    for i in range(PEOPLE):
        row, place = divmod(i, ROW)
        x = left + (place + 0.5) * CELL + HALF_GAP * (place >= HALF)
        y = top + (row + 0.5) * CELL
        if i < likely:
            page.circle(x, y, RADIUS, fill=SURE if i < low else LIKELY, edge=SURE, width=0.6)
        elif i < high:
            page.circle(x, y, RADIUS, fill=style.PAPER, edge=SURE, width=0.6)
        else:
            page.circle(x, y, REST, fill=style.RULE)
