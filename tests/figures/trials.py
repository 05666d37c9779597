"""Trials of every awkward kind as CSV text, the reports made of them, and where the texts of a page stand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ketcli.figures.draw import page_of
from ketcli.figures.drawing.canvas import Page, settled
from ketcli.owndata.table import Request
from ketcli.report import Report
from ketcli.summaries.pool import pool
from ketcli.summaries.pool.plan import Wanted
from ketcli.summaries.pool.request import Extras

LONG = "The Very Long Named Collaborative Multicentre Study Group on Ketamine and Other Treatments (Smith) 2019"
UNBROKEN = "Pneumonoultramicroscopicsilicovolcanoconiosis-and-so-on-without-a-blank-for-a-hundred-characters-2020"
HOSTILE = ("$x^2$ [b]bold[/b] \\alpha", "<script>alert(1)</script> & co", "a\u202eb \x1b[31m", "研究 2021")
HEAD = "study,events,total,control_events,control_total\n"


def trials(k: int) -> str:
    """Return k trials of two arms, sizes and effects of all kinds, by a rule rather than by chance."""
    rows = []
    for i in range(k):
        n1, n2 = 12 + 37 * i % 211, 15 + 53 * i % 187
        a, c = n1 * (3 + i * 7 % 11) // 18, n2 * (2 + i * 5 % 7) // 21
        rows.append(f"Study {chr(65 + i % 26)} {1990 + i},{a},{n1},{c},{n2}")
    return HEAD + "\n".join(rows) + "\n"


def lopsided(k: int) -> str:
    """Return k trials in which the effect is the larger the smaller the trial."""
    rows = []
    for i in range(k):
        n = 400 // (i + 1) + 12
        rows.append(f"Study {i},{min(n - 1, n * (24 + 4 * i) // 100)},{n},{n * 20 // 100},{n}")
    return HEAD + "\n".join(rows) + "\n"


def awkward() -> str:
    """Return trials with long and hostile names, without events, with all events, of very different size."""
    names = (LONG, UNBROKEN, *HOSTILE)
    counts = ((0, 20, 4, 21), (9, 9, 3, 10), (0, 15, 0, 16), (400, 3000, 200, 3100), (1, 5, 1, 6), (7, 30, 2, 31))
    rows = ['"' + name + '",' + ",".join(map(str, numbers)) for name, numbers in zip(names, counts, strict=True)]
    return HEAD + "\n".join(rows) + "\n"


def own(text: str, extras: Extras | None = None, **wanted: object) -> Report:
    """Return what `ket pool` makes of a CSV text."""
    request = Request(columns={}, controls=(), keep_arms=False)
    return pool(text.encode(), "trials.csv", request, Wanted(**wanted), extras or Extras())  # type: ignore[arg-type]


@dataclass(frozen=True)
class Box:
    """Where one line of text stands on a page, in points from the upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, slack: float = 0.25) -> bool:
        """Return True when two boxes overlap by more than `slack` points either way."""
        across = min(self.right, other.right) - max(self.left, other.left)
        along = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > slack and along > slack


def boxes(page: Page) -> list[Box]:
    """Return the box of ink of every text of a page, by matplotlib's own measure."""
    from matplotlib.text import Text

    page.figure.set_dpi(72.0)
    with settled():
        renderer = page.figure.canvas.get_renderer()  # type: ignore[attr-defined]
        found = []
        for text in page.figure.findobj(Text):
            if text.get_text():
                extent = text.get_window_extent(renderer)
                found.append(
                    Box(text.get_text(), extent.x0, page.height - extent.y1, extent.x1, page.height - extent.y0)
                )
    return found


def drawn(report: Report) -> Page:
    """Return the page of a report's picture."""
    with settled():
        return page_of(report)


def overlaps(page: Page) -> list[tuple[str, str]]:
    """Return the pairs of texts that overlap; sorted by height, so that long pages stay quick."""
    found = sorted(boxes(page), key=lambda box: box.top)
    tallest = max((box.bottom - box.top for box in found), default=0.0)
    pairs = []
    for i, box in enumerate(found):
        for other in found[i + 1 :]:
            if other.top > box.top + tallest:
                break
            if box.meets(other):
                pairs.append((box.text, other.text))
    return pairs


def outside(page: Page) -> list[str]:
    """Return the texts that leave the page."""
    return [
        box.text
        for box in boxes(page)
        if box.left < 0.0 or box.top < 0.0 or box.right > page.width or box.bottom > page.height
    ]


def rising(values: list[float]) -> bool:
    """Return True when each value is larger than the one before."""
    return all(a < b for a, b in pairwise(values))
