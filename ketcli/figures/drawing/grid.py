"""Several plots on one page: cards of equal width side by side, and the legend that explains their signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.lettering import LEADING, baseline, width_of, wrap
from ketcli.figures.drawing.page import Section

GAP = 18.0
SWATCH = 14.0


@dataclass(frozen=True)
class Card:
    """One plot of a grid: its title, sentences under the title, its height, and what draws it in a given box."""

    title: str
    about: str
    height: float
    draw: Callable[[Page, float, float, float], None]  # page, left, top, width


@dataclass(frozen=True)
class Swatch:
    """One sign of a legend and what it means."""

    sign: Literal["dot", "open-dot", "speck", "line", "area"]
    label: str
    colour: str = style.INK
    dashes: tuple[float, ...] = ()
    edge: str | None = None


def grid(cards: Sequence[Card], *, width: float, across: int) -> Section:
    """Return cards `across` in a row, each `width` points wide; titles wrap, rows are as high as their highest."""
    across = min(across, len(cards))
    heads = [
        (wrap(card.title, width, style.TEXT, bold=True), wrap(card.about, width, style.SMALL)) for card in cards
    ]
    rows = [range(start, min(start + across, len(cards))) for start in range(0, len(cards), across)]

    def head_height(i: int) -> float:
        title, about = heads[i]
        lines = len(title) * style.TEXT * bool(cards[i].title) + len(about) * style.SMALL * bool(cards[i].about)
        return lines * LEADING + 4.0

    heights = [max(head_height(i) for i in row) + max(cards[i].height for i in row) for row in rows]

    def draw(page: Page, top: float) -> None:
        for row, height in zip(rows, heights, strict=True):
            head = max(head_height(i) for i in row)
            for place, i in enumerate(row):
                left = style.MARGIN + place * (width + GAP)
                y = top
                kinds = ((style.TEXT, True, style.INK), (style.SMALL, False, style.MUTED))
                for lines, (size, bold, colour) in zip(heads[i], kinds, strict=True):
                    for line in filter(None, lines):
                        y += size * LEADING
                        page.text(left, y - size * 0.3, line, size=size, bold=bold, colour=colour)
                cards[i].draw(page, left, top + head, width)
            top += height + GAP

    total = across * width + (across - 1) * GAP + 2 * style.MARGIN
    texts = tuple(text for card in cards for text in (card.title, card.about))
    return Section(total, sum(heights) + GAP * (len(rows) - 1), draw, texts)


def legend(swatches: Sequence[Swatch], width: float) -> Section:
    """Return the signs with their meanings, in as many lines as the width of the page asks for."""
    room = width - 2 * style.MARGIN
    lines: list[list[Swatch]] = [[]]
    used = 0.0
    for swatch in swatches:
        wide = SWATCH + 5.0 + width_of(swatch.label, style.SMALL) + 14.0
        if lines[-1] and used + wide > room:
            lines.append([])
            used = 0.0
        lines[-1].append(swatch)
        used += wide
    step = style.SMALL * LEADING + 3.0

    def draw(page: Page, top: float) -> None:
        for i, line in enumerate(lines):
            x, y = style.MARGIN, top + (i + 0.5) * step
            for swatch in line:
                _sign(page, swatch, x, y)
                page.text(x + SWATCH + 5.0, baseline(y, style.SMALL), swatch.label, size=style.SMALL)
                x += SWATCH + 5.0 + width_of(swatch.label, style.SMALL) + 14.0

    return Section(width, len(lines) * step, draw, tuple(swatch.label for swatch in swatches))


def _sign(page: Page, swatch: Swatch, x: float, y: float) -> None:
    middle = x + SWATCH / 2.0
    match swatch.sign:
        case "dot":
            page.circle(middle, y, 2.7, fill=swatch.colour, edge=swatch.edge)
        case "open-dot":
            page.circle(middle, y, 2.7, fill=style.PAPER, edge=swatch.colour)
        case "speck":
            page.circle(middle, y, 1.1, fill=swatch.colour)
        case "line":
            page.line([(x, y), (x + SWATCH, y)], width=1.2, colour=swatch.colour, dashes=swatch.dashes)
        case "area":
            box = [(x, y - 3), (x + SWATCH, y - 3), (x + SWATCH, y + 3), (x, y + 3)]
            page.area(box, fill=swatch.colour, edge=swatch.edge, width=0.5)
