"""Forest strips, their axis and icon arrays as inline SVG: shares of a width, in the colours of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from ketcli.render.icons import PEOPLE, ROW, people
from ketcli.render.ruler import Ruler

HEIGHT = 16
SQUARE, LEAST_SQUARE = 9.0, 4.0
BAR = 5
SMALL_DIAMOND = '<path d="M-4.5 0L0-4.5L4.5 0L0 4.5Z"/>'
# a label of the axis needs this share of a strip's width per letter, in the small type of the heading
LETTER = 0.042
CELL, RADIUS, HALF_GAP = 10, 3.6, 4
Shape = Literal["study", "pooled", "other", "estimate"]


@dataclass(frozen=True)
class Mark:
    """What a strip shows: estimate and limits, its shape, the size of a square 0-1.

    `other` is a hollow diamond, `estimate` a small one on its interval: made of several, but one of many.
    """

    estimate: float | None
    low: float | None
    high: float | None
    shape: Shape = "study"
    size: float = 1.0


def strip(mark: Mark, ruler: Ruler) -> Markup:
    """Return the strip of one row: interval and square, a diamond for a pooled line, a bar for limits alone."""
    ends = None if mark.low is None or mark.high is None else (mark.low, mark.high)
    if mark.estimate is None and ends is None:
        return Markup("")
    parts: list[str] = []
    wide = mark.shape in ("pooled", "other")
    if ends is not None and mark.estimate is not None and wide:
        parts.append(_diamond(mark.estimate, ends, ruler))
    elif ends is not None:
        low, high = (ruler.clipped(end) for end in ends)
        if mark.estimate is None:
            box = f'x="{_percent(low)}" width="{_percent(high - low)}" y="{(HEIGHT - BAR) / 2:g}" height="{BAR}"'
            parts.append(f'<rect class="bar" {box}/>')
        else:
            parts.append(
                f'<line x1="{_percent(low)}" x2="{_percent(high)}" y1="{HEIGHT // 2}" y2="{HEIGHT // 2}"/>'
            )
    if ends is not None:
        parts += _arrows(ends, ruler)
    if mark.estimate is not None and (not wide or ends is None) and 0.0 <= ruler.share(mark.estimate) <= 1.0:
        side = max(SQUARE * math.sqrt(mark.size), LEAST_SQUARE)
        square = f'<rect x="{-side / 2:.1f}" y="{-side / 2:.1f}" width="{side:.1f}" height="{side:.1f}"/>'
        sign = SMALL_DIAMOND if mark.shape == "estimate" else square
        parts.append(_at(ruler.share(mark.estimate), sign))
    kind = "" if mark.shape == "study" else f' class="{mark.shape}"'
    return Markup(f'<svg{kind} height="{HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>')


def _diamond(estimate: float, ends: tuple[float, float], ruler: Ruler) -> str:
    low, middle, high = (ruler.clipped(value) for value in (ends[0], estimate, ends[1]))
    width = max(high - low, 1e-9)
    tip = 100.0 * (middle - low) / width
    box = f'x="{_percent(low)}" width="{_percent(width)}" y="2" height="{HEIGHT - 4}"'
    shape = f'<path d="M0 6L{tip:.1f} 0L100 6L{tip:.1f} 12Z"/>'
    return f'<svg {box} viewBox="0 0 100 12" preserveAspectRatio="none">{shape}</svg>'


def _arrows(ends: tuple[float, float], ruler: Ruler) -> list[str]:
    """Return the heads at the sides where the interval goes on beyond the axis."""
    heads = []
    if ruler.share(ends[0]) < 0.0:
        heads.append(_at(0.0, '<path class="head" d="M0 0L6-4V4Z"/>'))
    if ruler.share(ends[1]) > 1.0:
        heads.append(_at(1.0, '<path class="head" d="M0 0L-6-4V4Z"/>'))
    return heads


def _at(share: float, shape: str) -> str:
    return f'<svg x="{_percent(share)}" y="{HEIGHT // 2}" overflow="visible">{shape}</svg>'


def axis(ruler: Ruler, null: float | None) -> Markup:
    """Return the labels of the axis, none touching another; the null line's is placed first."""
    taken: list[tuple[float, float]] = []
    texts = []
    pairs = sorted(zip(ruler.ticks, ruler.labels, strict=True), key=lambda pair: (pair[0] != null, pair[0]))
    for tick, label in pairs:
        half = LETTER * (len(label) + 1) / 2
        share = ruler.share(tick)
        middle = min(max(share, half - LETTER / 2), 1.0 - half + LETTER / 2)
        if all(middle + half <= low or middle - half >= high for low, high in taken):
            taken.append((middle - half, middle + half))
            anchor = "start" if middle > share else "end" if middle < share else "middle"
            texts.append(f'<text x="{_percent(share)}" y="11" text-anchor="{anchor}">{escape(label)}</text>')
    return Markup(f'<svg class="axis" height="14" aria-hidden="true">{"".join(texts)}</svg>')


def icon_array(rate: float) -> Markup:
    """Return 100 people as ten rows of ten with a gap after five, those with the outcome filled."""
    filled = people(rate)
    circles = (
        f'<path class="with" d="{_circles(range(filled))}"/>' if filled else "",
        f'<path class="without" d="{_circles(range(filled, PEOPLE))}"/>' if filled < PEOPLE else "",
    )
    side = ROW * CELL
    return Markup(
        f'<svg class="people" viewBox="0 0 {side + HALF_GAP} {side}" aria-hidden="true">{"".join(circles)}</svg>'
    )


def _circles(numbers: Sequence[int]) -> str:
    r = RADIUS
    shapes = []
    for number in numbers:
        row, column = divmod(number, ROW)
        x = column * CELL + CELL / 2 + (HALF_GAP if column >= ROW // 2 else 0)
        shapes.append(f"M{x - r:g} {row * CELL + CELL / 2:g}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0")
    return "".join(shapes)


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g}%"
